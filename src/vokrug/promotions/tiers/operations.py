"""Tiers: the ladder, what moves a customer on it, the night's review."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from vokrug import customers, events
from vokrug.promotions import store as offers
from vokrug.promotions.errors import TierUnknown
from vokrug.promotions.facts import TierChanged
from vokrug.promotions.tiers import rules, store, texts
from vokrug.promotions.tiers.types import Cause, Done, Programme, TierCard
from vokrug.runtime.database import Database, Tx

SLICE = 2_000  # customers of one transaction of a review


async def save_programme(tx: Tx, programme: Programme) -> None:
    """Replace the ladder and its rules. What customers have done stays; where they stand follows."""
    rules.require_sense(programme)
    await store.save_programme(tx, programme)
    if not programme.counts_days:
        await store.fold_days(tx)
    await offers.raise_counter(tx)


def today_of(programme: Programme, now: datetime) -> date:
    return now.astimezone(ZoneInfo(programme.zone)).date()


async def count_categories(
    tx: Tx, programme: Programme, customer: int, categories: Iterable[int], times: int, at: datetime
) -> None:
    """Distinct categories bought, while some tier asks for them."""
    if categories := sorted(categories):
        await store.count_categories(tx, customer, rules.day_number(programme, at), categories, times)


async def count_return(
    tx: Tx,
    programme: Programme,
    customer: int,
    *,
    sold_at: datetime,
    spend: int,
    points: int,
    categories: Sequence[int] = (),
    document: UUID,
    now: datetime,
) -> int:
    """What came back no longer counts, on the day it was bought. Answers with what is left of the spend that
    counts now.
    """
    before = await standing(tx, programme, customer, now)
    day = rules.day_number(programme, sold_at)
    await store.count(tx, customer, day, spend=-spend, points=-points, visits=0, at=sold_at)
    await count_categories(tx, programme, customer, categories, -1, sold_at)
    after = await standing(tx, programme, customer, now)
    if programme.on_return == "recount" and programme.down != "at_once":
        after = await _recounted(tx, programme, customer, before, after, now)
    await note(tx, programme, customer, before, after, "return", document=document, now=now)
    return after[1].spend


async def _recounted(
    tx: Tx,
    programme: Programme,
    customer: int,
    before: tuple[str | None, Done],
    after: tuple[str | None, Done],
    now: datetime,
) -> tuple[str | None, Done]:
    """A tier that only this sale had reached goes with it, unless it is protected."""
    state = await store.lock_state(tx, customer)
    today = today_of(programme, now)
    if state is None or (state["protected_until"] is not None and state["protected_until"] >= today):
        return after
    held = rules.rank_of(programme, state["tier"])
    had, has = (rules.reached(programme, done, held) for done in (before[1], after[1]))
    if had < held or has >= held:
        return after  # it had it by an earlier window's grace, or reaches it still
    code = programme.tiers[has].code if has >= 0 else None
    if code is None:
        await store.forget_state(tx, customer)
    else:
        await store.save_state(tx, customer, code, today)
    return code, after[1]


async def standing(tx: Tx, programme: Programme, customer: int, now: datetime) -> tuple[str | None, Done]:
    """The tier somebody has, and what they have done in the window that counts."""
    row = await store.standing_of(tx, customer, now)
    done = done_of(row["metrics"])
    tier = rules.standing(programme, done, row["tier"])
    return (None if tier is None else tier.code), done


def done_of(metrics: Sequence[int | None] | None) -> Done:
    """From the numbers that promotions_standing_of answers with."""
    return Done() if metrics is None else Done(*[number or 0 for number in metrics[:4]])


async def note(
    tx: Tx,
    programme: Programme,
    customer: int,
    before: tuple[str | None, Done],
    after: tuple[str | None, Done],
    cause: Cause,
    *,
    document: UUID | None,
    now: datetime,
    by: str = "",
) -> None:
    """Write a step down, with its cause, and tell it. Where tiers wait for reviews it is also what is held now."""
    if before[0] == after[0]:
        return
    if programme.down != "at_once" and after[0] is not None:
        await store.save_state(tx, customer, after[0], today_of(programme, now))
    await store.add_change(tx, customer, before[0], after[0], cause, document=document, by=by, now=now)
    await tell(tx, customer, before[0], after[0], cause, document, now)


async def tell(
    tx: Tx, customer: int, before: str | None, after: str | None, cause: Cause, document: UUID | None, now: datetime
) -> None:
    ids = await customers.ids_of(tx, [customer])
    fact = TierChanged(customer, before, after, cause, document)
    await events.publish(tx, fact, key=customer, subject=str(ids.get(customer, customer)), at=now)


async def grant(
    tx: Tx,
    programme: Programme,
    customer: int,
    tier: str,
    *,
    until: date | None,
    cause: Cause,
    by: str,
    document: UUID | None = None,
    now: datetime,
) -> None:
    """Give a tier. Nothing takes it away before `until` is over; a higher one that is reached is had all the same."""
    if rules.rank_of(programme, tier) < 0:
        raise TierUnknown(tier=tier)
    before = await standing(tx, programme, customer, now)
    since = today_of(programme, now)
    held = await store.lock_state(tx, customer)
    is_lower = held is not None and rules.rank_of(programme, held["tier"]) > rules.rank_of(programme, tier)
    if is_lower and cause == "offer":
        return  # an offer never takes away what somebody has
    await store.save_state(tx, customer, tier, since, protected_until=until or date(9999, 12, 31), protects=True)
    after = await standing(tx, programme, customer, now)
    if before[0] != after[0]:
        await store.add_change(tx, customer, before[0], after[0], cause, document=document, by=by, now=now)
        await tell(tx, customer, before[0], after[0], cause, document, now)


async def grant_days(
    tx: Tx, programme: Programme, customer: int, tier: str, days: int, *, document: UUID, now: datetime
) -> None:
    """What an offer gives with a sale: a tier for so many days, the day of the sale among them."""
    until = today_of(programme, now) + timedelta(days=days - 1)
    await grant(tx, programme, customer, tier, until=until, cause="offer", by="", document=document, now=now)


async def revoke(tx: Tx, programme: Programme, customer: int, *, by: str, now: datetime) -> None:
    """Take a given tier back: what has been reached remains."""
    before = await standing(tx, programme, customer, now)
    await store.forget_state(tx, customer)
    after = await standing(tx, programme, customer, now)
    if before[0] != after[0]:
        await store.add_change(tx, customer, before[0], after[0], "revoke", document=None, by=by, now=now)
        await tell(tx, customer, before[0], after[0], "revoke", None, now)


async def grant_by_hand(
    tx: Tx, customer_id: UUID, tier: str | None, until: date | None, *, by: str, language: str, now: datetime
) -> TierCard:
    """What staff decide of one customer; None takes back what was given."""
    programme = await store.read_programme(tx)
    customer = await _number(tx, customer_id)
    if tier is None:
        await revoke(tx, programme, customer, by=by, now=now)
    else:
        await grant(tx, programme, customer, tier, until=until, cause="grant", by=by, now=now)
    return await tier_card(tx, customer_id, language, now)


async def _number(tx: Tx, customer_id: UUID) -> int:
    numbers = await customers.numbers_of(tx, [customer_id])
    if customer_id not in numbers:
        raise customers.CustomerUnknown(customer_id=str(customer_id))
    return numbers[customer_id]


async def tier_card(tx: Tx, customer_id: UUID, language: str, now: datetime) -> TierCard:
    """Where a customer stands, how they came there, and the way on."""
    programme = await store.read_programme(tx)
    customer = await _number(tx, customer_id)
    code, done = await standing(tx, programme, customer, now)
    state = await store.lock_state(tx, customer)
    tier = next((tier for tier in programme.tiers if tier.code == code), None)
    today = today_of(programme, now)
    return TierCard(
        tier=code,
        done=done,
        since=None if state is None else state["since"],
        protected_until=None if state is None else state["protected_until"],
        grace_until=None if state is None else state["grace_until"],
        path=texts.path(programme, done, tier, language, today),
        keep=texts.keep(programme, done, tier, language, today),
        history=await store.history(tx, customer),
    )


async def review_all(db: Database, now: datetime, *, slice: int = SLICE) -> int:
    """The night's review: slice by slice, each in a transaction of its own. Broken off and begun again it goes on
    with those it has not looked at; said twice on a day it does nothing.
    """
    after, changed = 0, 0
    while True:
        async with db.transaction() as tx:
            rows = await store.review(tx, after, slice, now)
            moved = [row for row in rows if row["to_tier"] is not None]
            for row in moved:
                await tell(tx, row["customer_number"], row["from_tier"], row["to_tier"], "review", None, now)
        changed += len(moved)
        last = [row["customer_number"] for row in rows if row["to_tier"] is None and row["from_tier"] is None]
        if not last:
            return changed
        after = last[0]
