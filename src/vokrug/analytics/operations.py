"""What was sold, asked of the rollups: today against a week ago, a stretch of days, what offers gave."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from vokrug.analytics import rules, store
from vokrug.analytics.types import Grain, OfferDay, Totals
from vokrug.runtime.database import Tx

WEEK = 7
Shops = Sequence[tuple[str, str]]  # code and zone


async def today(tx: Tx, shops: Shops, now: datetime) -> tuple[Totals, Totals]:
    """Sales of today so far, and of the same day last week by this time."""
    whole, running, _ = rules.so_far(shops, now)
    current = _all(await store.totals(tx, [*whole, *running], Grain.ALL))
    whole, running, passed = rules.so_far(shops, now, days_back=WEEK)
    earlier = _all(await store.totals(tx, whole, Grain.ALL))
    return current, earlier + _all(await store.totals(tx, running, Grain.ALL)).part(passed)


async def stretch(tx: Tx, shops: Shops, first: date, last: date, grain: Grain) -> Mapping[str, Totals]:
    """From the first day to the last, both whole, by each shop's calendar."""
    return await store.totals(tx, rules.days(shops, first, last), grain)


async def last_heard(tx: Tx, shops: Sequence[str]) -> Mapping[str, datetime | None]:
    """The hour of each shop's latest sale or return."""
    return await store.last_hours(tx, shops)


async def offers_gave(tx: Tx, first: date, until: date) -> Sequence[OfferDay]:
    """What offers gave, day by day, before `until`."""
    return await store.offer_days(tx, first, until)


def _all(found: Mapping[str, Totals]) -> Totals:
    return found.get("", Totals())
