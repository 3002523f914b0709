"""What a check costs, what points pay of it, what it earns; and, when asked to hold, a promise."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from vokrug import ledger, promotions
from vokrug.pos import answers, store
from vokrug.pos import document as documents
from vokrug.pos.baskets import basket_of, happened
from vokrug.pos.batch import PromiseJob
from vokrug.pos.checkout import TOLD_ALONE, Ask, Checkout, hash_of
from vokrug.pos.document import Document, moment
from vokrug.pos.errors import (
    AlreadyCommitted,
    CardBlocked,
    CustomerUnknown,
    DocumentConflict,
    DocumentOfAnotherTill,
    RevisionStale,
)
from vokrug.pos.operations.gift_cards import cards_of, hold_cards, touches_cards, with_cards
from vokrug.pos.operations.identifying import known_by, known_of
from vokrug.pos.operations.setting_aside import as_if_free, let_go, set_aside, tell
from vokrug.pos.pricing import document_of
from vokrug.pos.printing import NARROW
from vokrug.pos.proofs import operations as proofs
from vokrug.pos.rules import Unplain
from vokrug.pos.schemas import Calculate, HoldAsked
from vokrug.pos.store import QuoteRow
from vokrug.pos.tokens import Known
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Json

NO_LOTS = -1  # the wallet alone: its commit will want it


async def calculate(
    checkout: Checkout, check_id: UUID, body: Calculate, shop: Shop, till: Till, language: str, now: datetime
) -> tuple[Json, bool]:
    """Price a check. With `hold`, the price and the points are promised until the deadline. The second
    answer says whether this is a repeat.
    """
    known, ask = known_by(checkout, body.customer_token, body.identifier, now)
    ask.check_id = check_id
    if body.hold:
        ask.lots = ledger.FIRST_LOTS if body.burn.mode != "none" else NO_LOTS
    if touches_cards(body):
        return await told_alone(checkout, check_id, body, shop, till, ask, language, now)
    row = await checkout.readers.submit(ask)
    if row["sale_status"] is not None or row["quote_rev"] is not None:
        return await told_alone(checkout, check_id, body, shop, till, ask, language, now)
    known = recognised(known, ask, row)
    try:
        told = person_of(checkout, body, known, row)
        trolley = await Trolley.of(checkout, check_id, body, shop, known, row, language, now, told)
        document = trolley.priced(row["available"] or 0)
    except Unplain:
        return await told_alone(checkout, check_id, body, shop, till, ask, language, now)
    if document.proof:  # it may have been given
        return await told_alone(checkout, check_id, body, shop, till, ask, language, now)
    quote = QuoteRow(
        check_id=check_id,
        rev=body.rev,
        body_hash=hash_of(body, None if known is None else known.number),
        shop_id=shop.id,
        till_id=till.id,
        customer_number=None if known is None else known.number,
        hold_id=None,
        priced_at=now,
        document=b"",
    )
    if not body.hold:
        return answers.calculated(checkout.reference, quote, document), False
    if document.own_burn_minor:
        return await told_alone(checkout, check_id, body, shop, till, ask, language, now)
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    job = PromiseJob(
        quote,
        document,
        trolley.priced,
        promotions.done_of(row["metrics"]),
        row["tier"],
        wallet_of(row),
        accounts.redeemed,
        now + ttl_of(body),
    )
    result: Any = await checkout.writers.submit(job)
    if result is None:
        return await told_alone(checkout, check_id, body, shop, till, ask, language, now)
    quote, document = result
    return answers.calculated(checkout.reference, quote, document), False


def person_of(checkout: Checkout, body: Calculate, known: Known | None, row: Any) -> promotions.Told | None:
    """Lists and personal offers of a customer, read with everything else. Unplain: codes have to be looked at."""
    around = checkout.offers.around
    if around.codes_must_be_read(body.codes):
        raise Unplain()
    if known is None or not around.has_people:
        return None
    return promotions.told_of_person(around, known.number, body.codes, row["lists"] or (), row["personal"])


def recognised(known: Known | None, ask: Ask, row: Any) -> Known | None:
    if known is None and ask.hash is not None:
        if row["number"] is None or row["state"] == "erased":
            raise CustomerUnknown()
        if row["state"] == "blocked":
            raise CardBlocked()
        return known_of(row)
    return known


def is_stranger(ask: Ask, row: Any) -> bool:
    """An identifier was given, and it leads to nobody."""
    return ask.hash is not None and (row["number"] is None or row["state"] in ("erased", "blocked"))


@dataclass(slots=True)
class Trolley:
    """A check with everything its price depends on but the points there are to spend."""

    checkout: Checkout
    basket: promotions.Basket
    shop: Shop
    known: Known | None
    row: Any  # what pos_read knows of the customer
    language: str
    at: datetime
    told: promotions.Told | None  # what limits and codes have to say, if they were asked
    rules: promotions.CompiledOffers | None = None  # those of a till without a line; else what is published
    columns: int = NARROW
    cashier: str | None = None

    @classmethod
    async def of(
        cls,
        checkout: Checkout,
        check_id: UUID,
        body: Calculate,
        shop: Shop,
        known: Known | None,
        row: Any,
        language: str,
        now: datetime,
        told: promotions.Told | None = None,
        tx: Tx | None = None,
        rules: promotions.CompiledOffers | None = None,
    ) -> "Trolley":
        # A till without a line knows the centre's codes alone: what it sold by its own is judged as it judged.
        by_own_names = rules is None
        articles, strangers = await checkout.reference.goods(
            checkout.db, shop, body.lines, tx, by_own_names=by_own_names
        )
        basket = basket_of(body, shop, articles)
        for line in strangers:
            checkout.unseen.note(check_id, shop.id, line, now)
        if known is not None:
            language = known.language
        if told is not None:
            basket = told.basket(basket)
        elif closed := promotions.closed(checkout.offers.around, None if known is None else known.number):
            basket = msgspec.structs.replace(basket, left=closed)
        at, cashier = happened(body.at, now), body.cashier
        return cls(checkout, basket, shop, known, row, language, at, told, rules, body.columns, cashier)

    def priced(self, available_minor: int) -> Document:
        """Ask the engine, as of the moment of the sale. A check that turns out to take of limits or codes
        without having asked them is Unplain.
        """
        offers, row, shopper = self.checkout.offers, self.row, None
        if self.known is not None:
            shopper = shopper_of(self.checkout, self.known, row, available_minor if self.known.may_burn else 0)
            if self.told is not None:
                shopper = self.told.shopper(shopper)
        answer = promotions.price(self.basket, shopper, offers.current if self.rules is None else self.rules, self.at)
        if not (self.told is not None and self.told.is_whole) and offers.around.takes(answer):
            raise Unplain()
        document = document_of(
            answer,
            self.basket,
            at=self.at,
            shop=self.shop,
            language=self.language,
            customer_id=None if self.known is None else self.known.id,
            rate=self.checkout.reference.rates[self.shop.currency],
            balance_minor=available_minor,
            spent_minor=row["spent"] or 0,
            metrics=[] if self.known is None else list(promotions.done_of(row["metrics"]).numbers),
            tier=row["tier"],
            wanted=promotions.wanted(self.told, answer),
            cashier=self.cashier,
        )
        if self.known is not None and not self.known.may_burn:
            document = documents.replace(document, burn_reasons=["not_activated"])
        elif document.burn_minor > max(0, available_minor):
            own = document.burn_minor - max(0, available_minor)
            document = documents.replace(document, own_burn_minor=own)
        demand = self.checkout.reference.burn_proof
        if demand is not None and (asks := demand.asks(document.burn_minor - document.own_burn_minor)):
            document = documents.replace(document, proof=asks)
        messages = self.checkout.reference.messages_version
        if messages or self.columns != NARROW:
            document = documents.replace(document, columns=self.columns, messages=messages)
        terms = self.checkout.reference.return_terms
        return document if terms is None else documents.replace(document, returns=terms)


async def priced(
    checkout: Checkout,
    check_id: UUID,
    body: Calculate,
    shop: Shop,
    known: Known | None,
    row: Any,
    language: str,
    now: datetime,
    told: promotions.Told | None = None,
    tx: Tx | None = None,
) -> Document:
    trolley = await Trolley.of(checkout, check_id, body, shop, known, row, language, now, told, tx)
    return trolley.priced(row["available"] or 0)


def shopper_of(checkout: Checkout, known: Known, row: Any, available: int) -> promotions.Shopper:
    metrics = row["metrics"]
    tier = promotions.standing(checkout.reference.programme, promotions.done_of(metrics), row["tier"])
    return promotions.Shopper(
        tier=None if tier is None else tier.code,
        available_minor=max(0, available),
        number=known.number,
        visits=row["visits"] or 0,
        last_purchase_at=None if metrics is None or metrics[5] is None else moment(metrics[5]),
        birthday=None if row["born"] is None else divmod(row["born"], 100),
        attributes={} if row["attributes"] is None else msgspec.json.decode(row["attributes"]),
    )


def ttl_of(body: Calculate) -> timedelta:
    return timedelta(seconds=body.hold.ttl_s if isinstance(body.hold, HoldAsked) else HoldAsked().ttl_s)


def wallet_of(row: Any) -> ledger.Wallet | None:
    """The wallet columns of pos_read, if the customer has one."""
    if row["id"] is None:
        return None
    return ledger.to_wallet(tuple(row)[17:35])


async def told_alone(
    checkout: Checkout,
    check_id: UUID,
    body: Calculate,
    shop: Shop,
    till: Till,
    ask: Ask,
    language: str,
    now: datetime,
) -> tuple[Json, bool]:
    """The same, one check in one transaction: a repeat, a new revision, a wallet with many small lots, or a
    check that met somebody faster.
    """
    TOLD_ALONE.labels("calculate").inc()
    # A story holds a connection: what needs another is fetched before, or many stories would wait for each other.
    await checkout.reference.goods(checkout.db, shop, body.lines)
    await checkout.reference.accounts(checkout.db, shop, now)

    async def story(tx: Tx) -> tuple[Json, bool]:
        return await quote_alone(checkout, tx, check_id, body, shop, till, ask, language, now)

    return await checkout.db.replayed(story)


def held_by_others(row: Any, standing: QuoteRow | None, body: Calculate) -> int:
    """Points set aside for other checks: what this one had comes free with a new promise only."""
    own = 0
    if standing is not None and standing.hold_id is not None and not body.hold:
        own = proofs.burn_of(documents.decode(standing.document))
    return max(0, (row["held"] or 0) - own)


async def quote_alone(
    checkout: Checkout,
    tx: Tx,
    check_id: UUID,
    body: Calculate,
    shop: Shop,
    till: Till,
    ask: Ask,
    language: str,
    now: datetime,
) -> tuple[Json, bool]:
    await store.lock_document(tx, check_id)
    standing = await store.lock_quote(tx, check_id)
    known, _ = known_by(checkout, body.customer_token, body.identifier, now)
    (row,) = await checkout.read(tx, [ask], now)
    known = recognised(known, ask, row)
    body_hash = hash_of(body, None if known is None else known.number)
    if standing is not None:
        if (standing.shop_id, standing.till_id) != (shop.id, till.id):
            raise DocumentOfAnotherTill()
        if standing.rev == body.rev:
            if standing.body_hash != body_hash:
                raise DocumentConflict()
            return answers.calculated(checkout.reference, standing, documents.decode(standing.document)), True
    sale = await store.find_sale(tx, check_id)
    if sale is not None and sale.status != "awaited":
        raise AlreadyCommitted()
    if standing is not None and standing.rev > body.rev:
        raise RevisionStale(known=standing.rev)
    if standing is not None and body.hold:
        await let_go(checkout, tx, standing, now)
    cards = await cards_of(checkout, tx, body, shop, now, locked=bool(body.hold))
    books, wallet_ids = None, cards.wallet_ids
    if known is not None and body.burn.mode != "none":
        wallet_ids = [ledger.wallet_of(known.number, checkout.reference.points_unit), *wallet_ids]
    if body.hold and wallet_ids:
        legs = len(wallet_ids)
        books = await ledger.open_books(tx, checkout.ids, wallet_ids, now, lots=ledger.ALL_LOTS, legs=legs)
        if known is not None:
            (row,) = await checkout.read(tx, [Ask(known.number)], now)
    async with as_if_free(tx, standing):
        told = await tell(checkout, tx, body, shop, known, ask, now)
    document = await priced(checkout, check_id, body, shop, known, row, language, now, told, tx)
    spendable = None if books is None else {wallet.id: wallet.spendable for wallet in books.wallets.values()}
    document = with_cards(document, cards, spendable)
    number = None if known is None else known.number
    document = await proofs.counted(checkout, tx, document, number, held_by_others(row, standing, body), now)
    if document.proof and number is not None:
        document = await proofs.standing(tx, check_id, document, number, shop, till, now, take=bool(body.hold))
    quote = QuoteRow(check_id, body.rev, body_hash, shop.id, till.id, number, None, now, b"")
    if not body.hold:
        return answers.calculated(checkout.reference, quote, document), False
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    burn = document.burn_minor - document.own_burn_minor
    if burn and books is not None and known is not None:
        wallet_id = ledger.wallet_of(known.number, checkout.reference.points_unit)
        journal = books.open_journal(ledger.Kind.HOLD, home=known.number, document=check_id)
        hold = books.place_hold(journal, wallet_id, accounts.redeemed, burn, deadline=now + ttl_of(body))
        quote = documents.replace(quote, hold_id=hold.id)
        document = documents.held(document, hold.deadline)
    if document.cards_minor and books is not None:
        until = now + ttl_of(body)
        document = hold_cards(books, document, accounts.revenue, check_id=check_id, deadline=until)
        document = documents.held(document, until)
    if books is not None:
        await ledger.write(tx, books)
    if document.wanted:
        await set_aside(tx, check_id, document, number, now + ttl_of(body), now)
        document = documents.held(document, now + ttl_of(body))
    quote = store.with_document(quote, document)
    if standing is None:
        await store.insert_quote(tx, quote)
    else:
        await store.replace_quote(tx, quote)
    return answers.calculated(checkout.reference, quote, document), False
