"""Whether something looks wrong, decided without I/O."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from vokrug.pos.fraud.types import AfterClose, Alarm, Happened, Rule, Seen, Subject, TooMuch, TwoShops

BUCKET = timedelta(minutes=10)
Wanted = tuple[str, str, datetime]  # subject, measure, since when


def bucket_of(at: datetime) -> datetime:
    return at - timedelta(minutes=at.minute % 10, seconds=at.second, microseconds=at.microsecond)


def named(subject: Subject, happened: Happened) -> str | None:
    """What a rule counts for, as a word; None where the document does not say."""
    shop, till, cashier, customer = happened.shop, happened.till, happened.cashier, happened.customer
    match subject:
        case "shop":
            return f"shop:{shop}"
        case "till":
            return None if till is None else f"till:{shop}/{till}"
        case "cashier":
            return None if cashier is None else f"cashier:{shop}/{cashier}"
        case "customer":
            return None if customer is None else f"customer:{customer}"
        case "customer_at_till":
            return None if customer is None or till is None else f"customer:{customer} till:{shop}/{till}"
        case "customer_by_cashier":
            return None if customer is None or cashier is None else f"customer:{customer} cashier:{shop}/{cashier}"


def wanted(rules: Iterable[Rule], happened: Happened) -> dict[str, Wanted]:
    """By rule, what has to be counted and since when. A rule whose measure is not in this document asks for nothing."""
    found: dict[str, Wanted] = {}
    for rule in rules:
        terms = rule.terms
        if isinstance(terms, TooMuch) and happened.amounts.get(terms.measure):
            subject = named(terms.subject, happened)
            if subject is not None:
                since = bucket_of(happened.at - timedelta(minutes=terms.minutes) + BUCKET)
                found[rule.code] = (subject, terms.measure, since)
    return found


def alarms(
    rules: Iterable[Rule], happened: Happened, counted: Mapping[str, tuple[str, int]], seen: Seen | None
) -> list[Alarm]:
    """Which rules are met. `counted`: by rule, for whom and how much within its window, this document included."""
    found = []
    for rule in rules:
        match rule.terms:
            case TooMuch(most=most):
                subject, measured = counted.get(rule.code, ("", 0))
                if measured > most:
                    found.append(Alarm(rule=rule, subject=subject, measured=measured, most=most))
            case TwoShops(minutes=minutes):
                apart = minutes_between(happened, seen)
                if apart is not None and apart <= minutes:
                    subject = f"customer:{happened.customer}"
                    found.append(Alarm(rule=rule, subject=subject, measured=apart, most=minutes))
            case AfterClose() as hours:
                if (happened.is_return or hours.only == "all") and is_closed(hours, happened):
                    where = happened.shop if happened.till is None else f"{happened.shop}/{happened.till}"
                    found.append(Alarm(rule=rule, subject=f"till:{where}", measured=1, most=0))
    return found


def minutes_between(happened: Happened, seen: Seen | None) -> int | None:
    """Whole minutes since the customer was in another shop; None if they were not."""
    if seen is None or happened.customer is None or seen.shop == happened.shop or happened.is_return:
        return None
    return abs(happened.at - seen.at) // timedelta(minutes=1)


def is_closed(hours: AfterClose, happened: Happened) -> bool:
    clock = happened.at.astimezone(ZoneInfo(happened.zone)).strftime("%H:%M")
    if hours.since <= hours.until:
        return hours.since <= clock < hours.until
    return clock >= hours.since or clock < hours.until
