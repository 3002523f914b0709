"""A backtest from its question to its answer."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from datetime import time as clocktime
from uuid import UUID

from vokrug.kernel import Rounding, round_ratio
from vokrug.promotions.backtest import pool, store
from vokrug.promotions.backtest.reckoning import Tally, bars, needs_visits
from vokrug.promotions.backtest.types import Backtest, Liability, Plan, Report, Run, State
from vokrug.promotions.errors import BacktestIdReused, BacktestNonsense, BacktestUnknown
from vokrug.promotions.launch import store as launch_store
from vokrug.promotions.launch.trying import require_sound, resolve, setting_at
from vokrug.promotions.outside import Chain, Outside, PointsBooks, Span
from vokrug.runtime.database import Database, Tx

LONGEST_DAYS = 1_100
TELL_EVERY_S = 0.5
FIRST_DAYS_BEGIN = timedelta(hours=14)  # before UTC's, in the easternmost shop there can be

Tell = Callable[[int, int], Awaitable[bool]]  # receipts done, of how many; False stops


async def ask_backtest(tx: Tx, id: UUID, asked: Backtest, chain: Chain, *, by: str, now: datetime) -> Run:
    """Write the question down; a job answers it. Safe to repeat with the same id and the same words."""
    require_sense(asked)
    require_sound(await resolve(tx, asked, chain), await setting_at(tx, now))
    if not await store.insert_run(tx, id, asked, by=by, now=now) and await store.find_asked(tx, id) != asked:
        raise BacktestIdReused()
    return await backtest(tx, id)


def require_sense(asked: Backtest) -> None:
    if asked.until_date < asked.from_date:
        raise BacktestNonsense(field="until_date", why="before from_date", why_ru="раньше from_date")
    if (asked.until_date - asked.from_date).days > LONGEST_DAYS:
        raise BacktestNonsense(
            field="from_date", why=f"more than {LONGEST_DAYS} days", why_ru=f"больше {LONGEST_DAYS} дней"
        )
    if not (asked.drafts or asked.offers or asked.off or asked.policy):
        raise BacktestNonsense(field="drafts", why="nothing is tried", why_ru="нечего проверять")


async def backtest(tx: Tx, id: UUID) -> Run:
    run = await store.find_run(tx, id)
    if run is None:
        raise BacktestUnknown()
    return run


async def cancel_backtest(tx: Tx, id: UUID, now: datetime) -> Run:
    """Stop it, unless it has ended. Its worker notices within a second."""
    await backtest(tx, id)
    await store.cancel_run(tx, id, now)
    return await backtest(tx, id)


async def answer_backtest(db: Database, reports: Database, outside: Outside, id: UUID, now: datetime) -> None:
    """Reckon a question that was written down, and write down the answer."""
    async with db.transaction(readonly=True) as tx:
        run, asked = await backtest(tx, id), await store.find_asked(tx, id)
    if run.state not in (State.WAITING, State.RUNNING):
        return

    async def tell(done: int, total: int) -> bool:
        async with db.transaction() as tx:
            if done == 0:
                return await store.begin_run(tx, id, total, now)
            return await store.note_progress(tx, id, done)

    # The question is read where it was written: a replica may not have the drafts yet.
    found = await run_backtest(asked, db=db, reports=reports, outside=outside, now=now, tell=tell)
    if found is not None:
        async with db.transaction() as tx:
            await store.end_run(tx, id, State.DONE, now, report=found, receipts=found.total.receipts)


async def fail_backtest(tx: Tx, id: UUID, reason: str, now: datetime) -> None:
    await store.end_run(tx, id, State.FAILED, now, reason=reason)


async def run_backtest(
    asked: Backtest,
    *,
    db: Database,
    reports: Database,
    outside: Outside,
    now: datetime,
    tell: Tell,
    workers: int | None = None,
) -> Report | None:
    """The whole of it. Receipts are read from `reports`, and nothing is written. None when `tell` stopped it."""
    require_sense(asked)
    async with db.transaction(readonly=True) as tx:
        books = await outside.chain.points(tx, now)
        plan = await plan_of(tx, asked, books, outside.chain, now)
    keys = {offer.offer_id: offer.key for offer in plan.put}
    offers = [*plan.live, *plan.put, *(offer for _, _, offer in plan.moves if offer is not None)]
    span = Span(
        asked.from_date,
        asked.until_date,
        asked.shops,
        with_visits=needs_visits(offers),
        with_segments=any(offer.body.who.segments for offer in offers),
    )
    total = await outside.receipts.count(reports, span)
    if not await tell(0, total):
        return None
    told_at_s = time.monotonic()

    async def progress(done: int) -> bool:
        nonlocal told_at_s
        if time.monotonic() - told_at_s < TELL_EVERY_S:
            return True
        told_at_s = time.monotonic()
        return await tell(done, total)

    reader = await outside.receipts.reader(reports)
    slices = outside.receipts.slices(reports, span)
    tally = await pool.reckon(
        plan, reader, slices, progress, workers=pool.workers_for(total) if workers is None else workers
    )
    return None if tally is None else report_of(tally, plan, keys, books, asked.breakage_bp)


async def plan_of(tx: Tx, asked: Backtest, books: PointsBooks, chain: Chain, now: datetime) -> Plan:
    """The published set at the beginning, how it moved, and what is tried."""
    begin = datetime.combine(asked.from_date, clocktime.min, UTC) - FIRST_DAYS_BEGIN if asked.beside == "then" else now
    live, setting = await launch_store.live_at(tx, begin), await setting_at(tx, begin)
    tried = await resolve(tx, asked, chain)
    require_sound(tried, await setting_at(tx, now))
    moves, policies = [], [(begin, setting.policy)]
    if asked.beside == "then":
        moves = await launch_store.moves_between(tx, begin, now)
        policies += await launch_store.policies_between(tx, begin, now)
    return Plan(
        live=tuple(live),
        moves=tuple(moves),
        put=tried.put,
        off=tried.off,
        groups=setting.groups,
        calendars=setting.calendars,
        policies=tuple(policies),
        tried_policy=tried.policy,
        value_num=books.value_num,
        value_den=books.value_den,
    )


def report_of(
    tally: Tally, plan: Plan, keys: dict[int, str], books: PointsBooks, breakage_bp: int | None = None
) -> Report:
    total = tally.total
    points_value = round_ratio(total.extra_points_minor * plan.value_num, plan.value_den, Rounding.HALF_EVEN)
    return Report(
        total=total,
        redemption_bp=round_ratio(total.redeemed * 10_000, total.receipts, Rounding.HALF_UP) if total.receipts else 0,
        cost_minor=total.extra_discount_minor + points_value,
        points_value_minor=points_value,
        customers=len(tally.customers),
        margin=tally.margin,
        liability=liability_of(books, total.extra_points_minor, breakage_bp),
        by_day=dict(sorted(tally.by_day.items())),
        by_shop=dict(sorted(tally.by_shop.items())),
        by_offer={keys[number]: sums for number, sums in sorted(tally.by_offer.items())},
        histogram=bars(tally.histogram),
        most_changed=tally.most_changed,
        bounded=tally.bounded,
    )


def liability_of(books: PointsBooks, added_points_minor: int, given_bp: int | None = None) -> Liability:
    """Points × value × (1 − breakage): the share of points that lapse, of all that were either spent or lapsed."""
    gone = books.redeemed_minor + books.expired_minor
    observed = round_ratio(books.expired_minor * 10_000, gone, Rounding.HALF_UP) if gone > 0 else 0
    breakage = observed if given_bp is None else given_bp

    def worth(points: int) -> int:
        return round_ratio(points * books.value_num * (10_000 - breakage), books.value_den * 10_000, Rounding.HALF_EVEN)

    today, added = worth(books.outstanding_minor), worth(added_points_minor)
    return Liability(books.outstanding_minor, breakage, given_bp is None and gone > 0, today, added, today + added)
