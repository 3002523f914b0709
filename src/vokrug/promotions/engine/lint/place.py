"""When, where and for whom: an offer that nobody can ever meet."""

from collections.abc import Iterator
from datetime import date, timedelta

from vokrug.promotions.engine.lint.findings import Finding, Known, refuse, warn
from vokrug.promotions.engine.offers import OfferBody, When, Where

A_WEEK = 7


def place_findings(body: OfferBody, known: Known) -> Iterator[Finding]:
    yield from _when(body.when, known)
    yield from _where(body.where, known)
    if known.tiers is not None:
        for tier in body.who.tiers:
            if tier not in known.tiers:
                yield refuse("tier_unknown", "who.tiers", f"no tier “{tier}”", f"нет уровня «{tier}»")


def _when(when: When, known: Known) -> Iterator[Finding]:
    first, last = when.from_date, when.until_date
    if first and last and last < first:
        yield refuse("window_reversed", "when.until_date", "ends before it begins", "кончается раньше, чем начинается")
        return
    for at, hours in enumerate(when.hours):
        if hours.start == hours.end or hours.start == "24:00":
            yield refuse("hours_empty", f"when.hours[{at}]", "an empty window", "пустой промежуток")
    if last and known.today and last < known.today:
        yield warn("window_past", "when.until_date", "it is over already", "срок уже прошёл")
    if first and last and when.weekdays and not any(day.isoweekday() in when.weekdays for day in _week(first, last)):
        yield refuse(
            "window_never_opens",
            "when.weekdays",
            "none of these weekdays is in the dates",
            "таких дней недели в датах нет",
        )
    yield from _calendar(when, known)


def _week(first: date, last: date) -> Iterator[date]:
    for ahead in range(min(A_WEEK, (last - first).days + 1)):
        yield first + timedelta(days=ahead)


def _calendar(when: When, known: Known) -> Iterator[Finding]:
    if when.on_calendar is not None and when.on_calendar == when.not_on_calendar:
        yield refuse(
            "window_never_opens", "when.on_calendar", "on these days and not on them", "и в эти дни, и не в эти"
        )
    if known.calendars is None:
        return
    for field, name in (("on_calendar", when.on_calendar), ("not_on_calendar", when.not_on_calendar)):
        if name is not None and name not in known.calendars:
            yield refuse("calendar_unknown", f"when.{field}", f"no calendar “{name}”", f"нет календаря «{name}»")
    if (
        when.on_calendar is not None
        and when.on_calendar in known.calendars
        and not any(
            (when.from_date is None or when.from_date <= day) and (when.until_date is None or day <= when.until_date)
            for day in known.calendars[when.on_calendar]
        )
    ):
        yield refuse(
            "window_never_opens",
            "when.on_calendar",
            "no day of the calendar is in the dates",
            "в датах нет дней календаря",
        )


def _where(where: Where, known: Known) -> Iterator[Finding]:
    groups = known.groups
    if groups is None:
        return
    for name in (*where.shop_groups, *where.except_shop_groups):
        if name not in groups:
            yield refuse(
                "shop_group_unknown", "where.shop_groups", f"no shop group “{name}”", f"нет группы магазинов «{name}»"
            )
    shops = shops_of(where, known)
    if shops is not None and not shops and all(name in groups for name in where.shop_groups):
        yield refuse("shops_empty", "where.shops", "no shop is left", "не остаётся ни одного магазина")
    for name in where.shop_groups:
        if name in groups and groups[name] and groups[name] <= set(where.except_shops):
            yield warn(
                "shop_group_excepted",
                "where.except_shops",
                f"all of “{name}” is excepted",
                f"вся группа «{name}» исключена",
            )


def shops_of(where: Where, known: Known) -> frozenset[int] | None:
    """The shops meant; None is all of them, minus exceptions."""
    if not where.shops and not where.shop_groups:
        return None
    groups = known.groups or {}
    named = frozenset(where.shops).union(*(groups.get(name, frozenset()) for name in where.shop_groups))
    excepted = frozenset(where.except_shops).union(
        *(groups.get(name, frozenset()) for name in where.except_shop_groups)
    )
    return named - excepted
