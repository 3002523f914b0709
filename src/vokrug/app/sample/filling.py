"""The plan goes through the doors that tills and marketers use: registered, priced, held, committed, returned.

A clock of its own walks through the past, so that points become usable, are spent and lapse when they would have.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import msgspec

from vokrug import ledger, promotions
from vokrug.app.sample import chain
from vokrug.app.sample.goods import categories
from vokrug.app.sample.history import Day, History, PlannedReturn, PlannedSale, Size
from vokrug.app.wiring import living
from vokrug.kernel import Clock, Refusal, new_id
from vokrug.pos.checkout import Checkout
from vokrug.pos.operations.chain import save_catalogue, save_shop, save_tiers
from vokrug.pos.operations.committing import commit
from vokrug.pos.operations.identifying import enrol
from vokrug.pos.operations.quoting import calculate
from vokrug.pos.operations.returning import take_back
from vokrug.pos.schemas import (
    ArticleGiven,
    BurnAsked,
    Calculate,
    CatalogueGiven,
    CategoryGiven,
    Commit,
    Enrol,
    Fiscal,
    Identifier,
    LineAsked,
    Original,
    Return,
    ReturnLine,
    ShopGiven,
    TierGiven,
)
from vokrug.pos.store import category_paths
from vokrug.pos.types import Shop, Till
from vokrug.promotions.rules import read_body
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import ANYONE, Services
from vokrug.runtime.settings import Settings

TOGETHER = 160  # documents on their way at once
BY = "sample"

READ_MADE = "select began_on, days, shoppers, sales_a_day, made_until, is_ready from app_sample"
HAS_A_CHAIN = "select exists (select from pos_shop) or exists (select from customers_customer)"
BEGIN = """
    insert into app_sample (began_on, days, shoppers, sales_a_day, made_until) values ($1, $2, $3, $4, '-infinity')
    on conflict do nothing
"""
ADVANCE = "update app_sample set made_until = $1"
COUNT_SALES = "select count(*) from pos_sale"
FINISH = "update app_sample set is_ready = true"


class Made(msgspec.Struct, frozen=True):
    """How far the sample has been made, and what all of it follows from."""

    began_on: date
    days: int
    shoppers: int
    sales_a_day: int
    made_until: datetime
    is_ready: bool

    @classmethod
    def nothing(cls, began_on: date, size: Size) -> "Made":
        """A sample about to begin."""
        return cls(began_on, size.days, size.shoppers, size.sales_a_day, datetime.min.replace(tzinfo=UTC), False)

    @property
    def size(self) -> Size:
        return Size(self.days, self.shoppers, self.sales_a_day)


class PastClock(Clock):
    """Stands in the past and ticks on from there."""

    def __init__(self, at: datetime) -> None:
        self.shift = at - datetime.now(UTC)

    def go_to(self, at: datetime) -> None:
        """Forward only: what is written never precedes what was written before it."""
        self.shift = max(self.shift, at - datetime.now(UTC))


async def made_so_far(db: Database) -> Made | None:
    """None: no sample has been begun here."""
    async with db.transaction(readonly=True) as tx:
        return await tx.maybe(Made, READ_MADE)


async def has_a_chain(db: Database) -> bool:
    """Does somebody live here already? Their data is not mixed with ours."""
    async with db.transaction(readonly=True) as tx:
        return bool(await tx.value(HAS_A_CHAIN))


async def fill(settings: Settings, plan: Made, tell: Callable[[int, str], None]) -> int:
    """Make the chain and its past; what an earlier start has made is kept. Answers how many sales there are."""
    history = History(plan.began_on, plan.size)
    clock = PastClock(datetime.combine(plan.began_on, time(), tzinfo=UTC) - timedelta(days=2))
    async with living(settings, with_jobs=False, clock=clock) as services:
        filling = Filling(services, clock, history)
        async with services.db.transaction() as tx:
            await tx.run(BEGIN, plan.began_on, plan.days, plan.shoppers, plan.sales_a_day)
        await filling.open_the_chain()
        for number, day in enumerate(history.days(), start=1):
            end = datetime.combine(day.date + timedelta(days=1), time(), tzinfo=UTC)
            if end > plan.made_until:
                await filling.live_through(day)
                async with services.db.transaction() as tx:
                    await tx.run(ADVANCE, end)
            tell(number, f"{day.date:%d.%m.%Y}")
        await ledger.fold_deltas(services.db)
        async with services.db.transaction() as tx:
            await tx.run("analyze")
            await tx.run(FINISH)
            return int(await tx.value(COUNT_SALES))


class Filling:
    def __init__(self, services: Services, clock: PastClock, history: History) -> None:
        self.services, self.clock, self.history = services, clock, history
        self.db = services.db
        self.checkout = services.get(Checkout)
        self.joined: set[int] = set()

    # The chain

    async def open_the_chain(self) -> None:
        now = self.clock.now()
        async with self.db.transaction() as tx:
            cards = [await save_shop(tx, shop_given(shop), now) for shop in chain.SHOPS]
            await save_tiers(
                tx, [TierGiven(code=c, name_ru=ru, name_en=en, from_spent=f) for c, ru, en, f in chain.TIERS]
            )
            await save_catalogue(tx, self._catalogue(), now)
            shops = {card.code: card.id for card in cards}
            for group in sorted({group for card in cards for group in card.groups}):
                members = [card.id for card in cards if group in card.groups]
                await promotions.save_shop_group(tx, group, name=group, shop_ids=members, by=BY, now=now)
            paths = await category_paths(tx)
            await publish(tx, chain.offers_of({code: path[-1] for code, path in paths.items()}, shops), now)
            await self.checkout.offers.refresh(tx)
        await self.checkout.reference.renew(self.db, now)

    def _catalogue(self) -> CatalogueGiven:
        return CatalogueGiven(
            categories=[CategoryGiven(code=code, name=name, parent=parent) for code, name, parent in categories()],
            articles=[
                ArticleGiven(
                    sku=article.sku,
                    name=article.name,
                    category=article.category,
                    brand=article.maker,
                    barcodes=[article.barcode],
                    is_weighed=article.is_weighed,
                    no_discount=article.is_excise,
                    no_burn=article.is_excise,
                )
                for shelf in self.history.goods.values()
                for article in shelf
            ],
        )

    # Its days

    async def live_through(self, day: Day) -> None:
        self.clock.go_to(datetime.combine(day.date, time(), tzinfo=UTC))
        await ledger.expire_lots(self.db, self.checkout.ids, self.clock.now())
        for documents in together(day.documents):
            newcomers = [d for d in documents if isinstance(d, PlannedSale) and self._is_newcomer(d)]
            self.clock.go_to(documents[-1].at)
            await gather(self._welcome(sale) for sale in newcomers)
            await gather(self._sell(one) if isinstance(one, PlannedSale) else self._take_back(one) for one in documents)

    def _is_newcomer(self, sale: PlannedSale) -> bool:
        return sale.shopper is not None and sale.shopper not in self.joined

    def _place(self, sale: PlannedSale) -> tuple[Shop, Till]:
        return self.checkout.reference.place(ANYONE, chain.SHOPS[sale.shop].code, str(sale.till + 1))

    async def _welcome(self, sale: PlannedSale) -> None:
        assert sale.shopper is not None, "newcomers have come"
        person = self.history.people[sale.shopper]
        # At the shop of their own even when first seen elsewhere, so that a repeat asks the same.
        shop = self.checkout.reference.shops[chain.SHOPS[person.home].code]
        self.joined.add(sale.shopper)
        asked = Enrol(
            shop=shop.code,
            till="1",
            request_id=person.request_id,
            phone=person.phone,
            called=person.called,
            language="en" if person.language == "en" else "ru",
        )
        await enrol(self.checkout, asked, shop, self.clock.now())

    async def _sell(self, sale: PlannedSale) -> None:
        """What a till does: ask for a price with a hold, print, commit."""
        shop, till = self._place(sale)
        check = self._check(sale, shop, till)
        await calculate(self.checkout, sale.check_id, check, shop, till, "ru", self.clock.now())
        drive = f"99{till.id:014}"
        printed = Fiscal(fn=drive, fd=str(sale.check_id.int >> 68 & 0xFFFFFF), fp=str(sale.check_id.int & 0xFFFFFFFF))
        final = Commit(rev=1, shop=shop.code, till=till.code, calc_id=f"{sale.check_id}:1", fiscal=printed)
        await commit(self.checkout, sale.check_id, final, shop, till, "ru", self.clock.now())

    def _check(self, sale: PlannedSale, shop: Shop, till: Till) -> Calculate:
        person = None if sale.shopper is None else self.history.people[sale.shopper]
        return Calculate(
            rev=1,
            shop=shop.code,
            till=till.code,
            at=sale.at,
            cashier=sale.cashier,
            channel="app" if sale.channel == "app" else "pos",
            identifier=None if person is None else Identifier(type="phone", value=person.phone),
            lines=[
                LineAsked(n=n, sku=line.article.sku, qty=line.qty, price=line.price)
                for n, line in enumerate(sale.lines, start=1)
            ],
            codes=[sale.code] if sale.code else [],
            burn=BurnAsked(mode="max" if sale.burns else "none"),
            hold=True,
        )

    async def _take_back(self, back: PlannedReturn) -> None:
        shop, till = self._place(back.sale)
        body = Return(
            shop=shop.code,
            till=till.code,
            original=Original(check_uid=back.sale.check_id),
            at=back.at,
            lines=[ReturnLine(n=n, qty=qty) for n, qty in back.lines],
        )
        await take_back(self.checkout, back.return_id, body, shop, till, "ru", self.clock.now())


def shop_given(shop: chain.SampleShop) -> ShopGiven:
    return ShopGiven(
        code=shop.code,
        name=shop.name,
        zone=shop.zone,
        legal_entity=shop.legal_entity,
        groups=list(shop.groups),
        tills=[str(number + 1) for number in range(shop.tills)],
    )


async def publish(tx: Tx, offers: Iterable[chain.SampleOffer], now: datetime) -> None:
    """Each offer is written, checked and let run, as a marketer would. Those that are known stay."""
    known = {row.key for row in await promotions.list_offers(tx, limit=1000)}
    for offer in offers:
        if offer.key in known:
            continue
        id, body = new_id(), read_body(offer.body)
        await promotions.create_offer(
            tx, id, key=offer.key, name=offer.name, owner=offer.owner, body=body, by=BY, now=now
        )
        await promotions.check_offer(tx, id, 1, by=BY, now=now)
        await promotions.publish_offer(tx, id, 1, by=BY, now=now)


def together(documents: list[PlannedSale | PlannedReturn]) -> Iterator[list[PlannedSale | PlannedReturn]]:
    """Runs of documents that do not wait on each other: no shopper twice, no return beside its sale."""
    run: list[PlannedSale | PlannedReturn] = []
    seen: set[int | UUID] = set()
    for document in documents:
        sale = document.sale if isinstance(document, PlannedReturn) else document
        keys: set[int | UUID] = {sale.check_id} | (set() if sale.shopper is None else {sale.shopper})
        if len(run) == TOGETHER or keys & seen:
            yield run
            run, seen = [], set()
        run.append(document)
        seen |= keys
    if run:
        yield run


async def gather(work: "Iterable[object]") -> None:
    """All at once; the first failure is told, after the others have ended."""
    results = await asyncio.gather(*work, return_exceptions=True)  # type: ignore[call-overload]
    for result in results:
        if isinstance(result, BaseException):
            if isinstance(result, Refusal):
                result.add_note("The sample asked for something that was declined.")
            raise result
