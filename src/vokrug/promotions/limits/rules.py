"""Which counters a check touches, and what they leave to each offer: no I/O."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from vokrug.promotions.engine import Left
from vokrug.promotions.engine.offers.parts import Limit
from vokrug.promotions.errors import OfferNonsense
from vokrug.promotions.limits.types import Counter, LiveLimit, Place, Taken

EPOCH_DAY = date(1970, 1, 1).toordinal()


def number_of(*words: object) -> int:
    """A number for something that has none, such as a cashier's code: 63 bits of a digest."""
    digest = hashlib.blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def day_of(at: datetime, zone: str) -> int:
    """The shop's own day, counted from 1970-01-01."""
    return at.astimezone(ZoneInfo(zone)).toordinal() - EPOCH_DAY


def bucket_of(limit: LiveLimit, day: int) -> int:
    """Days of one period share a bucket."""
    if limit.period in ("day", "rolling"):
        return day
    if limit.period == "ever":
        return 0
    on = date.fromordinal(day + EPOCH_DAY)
    match limit.period:
        case "week":
            return day - on.weekday()
        case "month":
            return on.year * 12 + on.month
        case _:
            return on.year


def subjects_of(limit: LiveLimit, place: Place, codes: Sequence[int]) -> Sequence[int]:
    """For whom a limit counts here. Nobody known: nothing to count by, and nothing to be had."""
    match limit.subject:
        case "offer":
            return (0,)
        case "shop":
            return (place.shop,)
        case "shop_group":
            return place.groups
        case "code":
            return codes
        case "customer":
            known = place.customer
        case "household":
            known = place.household if place.household is not None else place.customer
        case "card":
            known = place.card if place.card is not None else place.customer
        case _:
            known = place.cashier
    return () if known is None else (known,)


def counters(limits: Iterable[LiveLimit], place: Place, day: int, codes: Mapping[int, Sequence[int]]) -> list[Counter]:
    """Every counter that this check may touch. `codes` are numbers of codes brought, by offer."""
    found = []
    for limit in limits:
        brought = [code for offer in limit.offers for code in codes.get(offer, ())]
        bucket = bucket_of(limit, day)
        first = bucket - limit.days + 1 if limit.period == "rolling" else bucket
        found += [Counter(limit, subject, first, bucket) for subject in subjects_of(limit, place, brought)]
    return found


def left(limits: Iterable[LiveLimit], counted: Sequence[tuple[Counter, int]], place: Place) -> dict[int, Left]:
    """What each limited offer may still give, from what its counters hold. Offers without limits are not in it."""
    tightest: dict[int, dict[str, int]] = {}
    for counter, taken in counted:
        for offer in counter.limit.offers:
            has = tightest.setdefault(offer, {})
            rest = max(0, counter.limit.most - taken)
            has[counter.limit.measure] = min(has.get(counter.limit.measure, rest), rest)
    for limit in limits:
        if not subjects_of(limit, place, (0,)) and limit.subject != "shop_group":
            for offer in limit.offers:
                tightest.setdefault(offer, {})["uses"] = 0
    return {
        offer: Left(has.get("uses"), has.get("units"), has.get("amount"), has.get("points"))
        for offer, has in tightest.items()
    }


def wants(
    takings: Iterable[Taken], found: Iterable[Counter], codes: Mapping[str, int]
) -> list[tuple[int, Counter, int]]:
    """What a check's offers take from which counters: offer, counter, amount."""
    by_offer: dict[int, list[Counter]] = {}
    for counter in found:
        for offer in counter.limit.offers:
            by_offer.setdefault(offer, []).append(counter)
    wanted = []
    for taken in takings:
        for counter in by_offer.get(taken.offer, ()):
            if counter.limit.subject == "code" and codes.get(taken.code or "") != counter.subject:
                continue
            if amount := taken.by(counter.limit.measure):
                wanted.append((taken.offer, counter, amount))
    return wanted


def require_limits(limits: Sequence[Limit]) -> None:
    """Limits that contradict themselves are refused by their place."""
    seen = set()
    for i, limit in enumerate(limits):
        if (limit.period == "rolling") != bool(limit.days):
            raise OfferNonsense(
                field=f"limits/{i}/days", why="goes with rolling", why_ru="только для скользящего срока"
            )
        if limit.subject == "check" and limit.period != "ever":
            raise OfferNonsense(field=f"limits/{i}/period", why="a check has no period", why_ru="у чека нет срока")
        key = (limit.subject, limit.period, limit.days, limit.measure)
        if key in seen:
            raise OfferNonsense(field=f"limits/{i}", why="the same limit twice", why_ru="такой предел уже есть")
        seen.add(key)
