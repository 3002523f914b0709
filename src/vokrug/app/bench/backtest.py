"""How fast offers are tried on past receipts: receipts made straight into the tables, then read and priced twice."""

import asyncio
import random
import resource
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec

from vokrug import pos, promotions
from vokrug.app.bench import chain, seeding
from vokrug.app.bench.sale import machine
from vokrug.app.bench.stage import staged
from vokrug.pos import document as documents
from vokrug.pos.baskets import basket_of
from vokrug.pos.pricing import document_of
from vokrug.pos.schemas import Calculate
from vokrug.pos.types import Article, Shop
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate

Say = Callable[[str], None]

DAYS = 30
TEMPLATES = 2_000  # different receipts; each is repeated under many numbers
CHUNK = 10_000
NAMESPACE = UUID("5bd1cf0e-5d6e-5f0e-8f8e-0b8f3a5d7c11")
GOAL_S = 60.0
GOAL_LINES = 1_000_000

TRIED: dict[str, dict[str, Any]] = {
    "a department": {
        "kind": "item_discount",
        "goods": {"categories": [1]},
        "benefit": {"kind": "percent", "percent_bp": 1_500},
    },
    "everything": {"kind": "basket_discount", "min_minor": 1_000_00, "benefit": {"kind": "percent", "percent_bp": 500}},
}


class Measured(msgspec.Struct, frozen=True):
    """One backtest."""

    tried: str
    workers: int
    receipts: int
    lines: int
    seconds: float
    cpu_s: float  # of all our processes, the database's left out
    lines_a_second: float
    million_lines_s: float
    redeemed: int
    cost_minor: int


class Report(msgspec.Struct, frozen=True):
    """The whole run. The goal is a million lines within a minute on two cores."""

    machine: str
    live_offers: int
    measured: list[Measured]
    goal_met: bool


def measure(lines: int, shops: int, workers: int | None, say: Say) -> Report:
    """Fill a database of its own, then try two offers on all of it."""
    with staged(say) as stage:
        return asyncio.run(_measured(stage.database.url, stage.secret, lines, shops, workers, say))


async def _measured(url: str, secret: str, lines: int, shops: int, workers: int | None, say: Say) -> Report:
    await migrate(url)
    now = datetime.now(UTC).replace(microsecond=0)
    await seeding.seed_chain(url, secret, now - timedelta(days=DAYS + 2), shops=shops, say=say)
    db = await Database.connect(url)
    try:
        receipts, made = await fill(db, url, lines, shops, now)
        say(f"{receipts:,} receipts of {made:,} lines over {DAYS} days")
        found = [await _one(db, name, body, made, workers, now, say) for name, body in TRIED.items()]
    finally:
        await db.close()
    met = all(one.million_lines_s <= GOAL_S for one in found)
    return Report(machine(), len(chain.offers()), found, met)


async def fill(db: Database, url: str, lines: int, shops: int, now: datetime) -> tuple[int, int]:
    """So many lines of sales, evenly over the days. The documents are those a till would have been promised."""
    templates = await _templates(db, now)
    writer = await asyncpg.connect(url, server_settings={"session_replication_role": "replica", "timezone": "UTC"})
    try:
        receipts, made = 0, 0
        total = max(1, lines // chain.LINES)
        quotes: list[tuple[Any, ...]] = []
        sales: list[tuple[Any, ...]] = []
        while made < lines:
            document, size, paid = templates[receipts % len(templates)]
            id, shop = uuid5(NAMESPACE, str(receipts)), 1 + receipts % shops
            at = now - timedelta(days=DAYS) + timedelta(seconds=int(DAYS * 86_400 * receipts / total) % (DAYS * 86_400))
            customer = None if receipts % 3 == 0 else 1 + receipts % 50_000
            quotes.append((id, 1, b"", shop, shop, customer, None, at, document))
            sales.append((id, customer, shop, shop, 1, b"", "committed", 1, at, at, paid))
            receipts, made = receipts + 1, made + size
            if len(quotes) == CHUNK or made >= lines:
                await writer.copy_records_to_table("pos_quote", records=quotes)
                await writer.copy_records_to_table("pos_sale", columns=SALE_COLUMNS, records=sales)
                quotes, sales = [], []
        await writer.execute("vacuum analyze pos_quote")
        await writer.execute("vacuum analyze pos_sale")
    finally:
        await writer.close()
    return receipts, made


SALE_COLUMNS = (
    "check_id", "customer_number", "shop_id", "till_id", "rev", "body_hash", "status", "journal_id", "at",
    "recorded_at", "paid_minor",
)  # fmt: skip


async def _templates(db: Database, now: datetime) -> list[tuple[bytes, int, int]]:
    """Receipts as they are kept, with how many lines they have and what was paid."""
    reference = pos.Reference(promotions.LiveOffers())
    await reference.renew(db, now)
    shop = next(iter(reference.shops.values()))
    async with db.transaction(readonly=True) as tx:
        offers = await promotions.load_published(tx)
    found, dice = [], random.Random(7)
    for _ in range(TEMPLATES):
        asked = chain.basket(dice)
        check = msgspec.convert({"rev": 1, "shop": shop.code, "till": chain.TILL, "lines": asked}, Calculate)
        articles, _ = await reference.goods(db, shop, check.lines)
        found.append(_document(check, articles, shop, offers, now))
    return found


def _document(
    check: Calculate,
    articles: Mapping[int, Article],
    shop: Shop,
    offers: promotions.CompiledOffers,
    now: datetime,
) -> tuple[bytes, int, int]:
    basket = basket_of(check, shop, articles)
    priced = promotions.price(basket, promotions.Shopper(), offers, now)
    document = document_of(
        priced,
        basket,
        at=now,
        shop=shop,
        language="ru",
        customer_id=None,
        rate=(1, 1),
        balance_minor=0,
        spent_minor=0,
        metrics=[],
        tier=None,
        wanted=promotions.Wanted(),
    )
    return documents.encode(document), len(basket.lines), document.to_pay_minor


async def _one(
    db: Database, name: str, body: dict[str, Any], lines: int, workers: int | None, now: datetime, say: Say
) -> Measured:
    record = promotions.OfferRecord(key="tried", name=name, owner="bench", body=body)
    first = (now - timedelta(days=DAYS + 1)).date()
    last = (now + timedelta(days=1)).date()
    asked = promotions.Backtest(offers=(record,), from_date=first, until_date=last)
    outside = promotions.Outside(receipts=pos.SoldBefore())

    async def tell(done: int, total: int) -> bool:
        return True

    began_s, began_cpu_s = time.monotonic(), _cpu_s()
    report = await promotions.run_backtest(
        asked, db=db, reports=db, outside=outside, now=now, tell=tell, workers=workers
    )
    seconds, cpu_s = time.monotonic() - began_s, _cpu_s() - began_cpu_s
    assert report is not None, "nobody stopped it"
    found = Measured(
        name,
        workers if workers is not None else promotions.workers_for(report.total.receipts),
        report.total.receipts,
        lines,
        round(seconds, 2),
        round(cpu_s, 2),
        round(lines / seconds, 1),
        round(seconds * GOAL_LINES / lines, 1),
        report.total.redeemed,
        report.cost_minor,
    )
    say(f"{name}: {found.seconds} s, {found.million_lines_s} s a million lines, {found.cpu_s} s of processors")
    return found


def _cpu_s() -> float:
    """Of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def page(report: Report) -> str:
    """For a person."""
    rows = [f"{report.machine}; {report.live_offers} live offers", ""]
    rows += ["| tried | workers | receipts | lines | seconds | s per 1 000 000 lines | CPU, s |"]
    rows += ["|---|---|---|---|---|---|---|"]
    rows += [
        f"| {one.tried} | {one.workers} | {one.receipts:,} | {one.lines:,} | {one.seconds} | {one.million_lines_s} "
        f"| {one.cpu_s} |"
        for one in report.measured
    ]
    return "\n".join([*rows, "", f"Goal: {GOAL_S:.0f} s. {'Met.' if report.goal_met else 'MISSED.'}"])
