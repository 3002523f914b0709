"""What becomes of a commit, decided without I/O: the same lines for a batch of many and for one alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug import events, ledger, promotions
from vokrug.kernel import format_minor
from vokrug.pos import document as documents
from vokrug.pos.answers import QUOTE_GRACE, promised_until
from vokrug.pos.baskets import amount
from vokrug.pos.document import Document, moment
from vokrug.pos.errors import DocumentOfAnotherTill, HoldLost, PriceChanged, QuoteExpired, RevisionStale
from vokrug.pos.facts import LineSold, SaleCommitted
from vokrug.pos.schemas import Commit, Fiscal
from vokrug.pos.store import SaleRow
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Row

NO_CARDS = ledger.CardMoney()


class Unplain(Exception):
    """Not for the hot path: this document's story has to be told on its own."""


@dataclass
class Promise:
    """What was promised for a check, with the wallet and the hold as they are now."""

    check_id: UUID
    rev: int
    shop_id: int
    till_id: int
    customer_number: int | None
    priced_at: datetime
    document: Document
    sale_status: str | None
    spent_minor: int
    hold: ledger.Hold | None
    wallet: ledger.Wallet | None
    done: promotions.Done
    tier: str | None  # held whatever the customer has done

    @classmethod
    def of(cls, row: Row, remembered: Document | None = None) -> "Promise":
        """From a row of pos_read_promises, column by column in its order."""
        (check_id, rev, _, shop_id, till_id, customer, priced_at, document, sale_status, spent, _) = row[:11]
        hold = wallet = None
        if document is not None:
            remembered = documents.decode(document)
        assert remembered is not None, "a document is read or remembered"
        if row[11] is not None:
            (id, home, debit, credit, asked, held, captured, state, opened, deadline, lots, parts, funders) = row[11:24]
            hold = ledger.Hold(
                id, home, debit, credit, asked, held, captured, state, opened, deadline, lots, parts, funders
            )
        if row[24] is not None:
            wallet = ledger.to_wallet(row[24:42])
        return cls(
            check_id,
            rev,
            shop_id,
            till_id,
            customer,
            priced_at,
            remembered,
            sale_status,
            spent or 0,
            hold,
            wallet,
            promotions.done_of(row[42]),
            row[43],
        )


@dataclass
class Settlement:
    """A commit on its way: who sends it, and where its money goes."""

    body: Commit
    body_hash: bytes
    shop: Shop
    till: Till
    accounts: ledger.Accounts
    funders: dict[str, int] | None = None


@dataclass
class Deviation:
    """How a printed receipt differs from what was promised."""

    expected_minor: int
    printed_minor: int
    points_short_minor: int = 0
    cards_short_minor: int = 0
    is_of_a_stranger: bool = False  # the receipt names somebody the centre does not know
    is_unproved: bool = False  # points burned that the shopper never let go: somebody should ask the till
    is_beyond_allowance: bool = False  # a till without a line took more points than it was allowed to

    @property
    def kind(self) -> str:
        if self.is_unproved:
            return "unproved_burn"
        if self.is_of_a_stranger:
            return "customer"
        if self.cards_short_minor and self.expected_minor == self.printed_minor:
            return "gift_card"
        if self.expected_minor != self.printed_minor:
            return "price"
        if self.is_beyond_allowance:
            return "allowance"
        return "points" if self.points_short_minor else "price"


def fiscal_key(fiscal: Fiscal | None) -> str | None:
    """One text for a printed receipt's sign."""
    return None if fiscal is None else f"{fiscal.fn}/{fiscal.fd}/{fiscal.fp}"


def require_own(settlement: Settlement, promise: Promise) -> None:
    if (promise.shop_id, promise.till_id) != (settlement.shop.id, settlement.till.id):
        raise DocumentOfAnotherTill()


def printed_otherwise(settlement: Settlement, promise: Promise) -> Deviation | None:
    """Do the till's sums differ by more than the shop tolerates? Before the receipt is printed that is refused."""
    claimed, document, shop = settlement.body.claimed, promise.document, settlement.shop
    if claimed is None:
        return None
    printed = amount(claimed.to_pay, "claimed/to_pay") + document.cards_minor
    differs = abs(printed - document.to_pay_minor) > shop.tolerance_check_minor
    nets = {line.n: line.net_minor for line in document.lines}
    for line in claimed.lines:
        expected = nets.get(line.n)
        if expected is None or abs(amount(line.sum, "claimed/lines") - expected) > shop.tolerance_line_minor:
            differs = True
    if claimed.points is not None and amount(claimed.points, "claimed/points") != document.burn_minor:
        differs = True
    if not differs:
        return None
    if settlement.body.fiscal is None:
        expected_minor = document.to_pay_minor - document.cards_minor
        raise PriceChanged(expected=format_minor(expected_minor), claimed=claimed.to_pay)
    return Deviation(document.to_pay_minor, printed)


def require_in_time(settlement: Settlement, promise: Promise, now: datetime) -> None:
    """Before the fiscal receipt we may still say no; after it we only record."""
    if settlement.body.fiscal is not None:
        return
    if settlement.body.rev < promise.rev:
        raise RevisionStale(known=promise.rev)
    if is_beyond(promise, now):
        raise QuoteExpired()


def settle(books: ledger.Books, settlement: Settlement, promise: Promise, *, spent_minor: int) -> SaleRow:
    """The hot path: nothing deviates, the hold stands. Anything else is Unplain, before a line is written."""
    try:
        require_own(settlement, promise)
        require_in_time(settlement, promise, books.now)
        if settlement.body.rev != promise.rev or printed_otherwise(settlement, promise) is not None:
            raise Unplain()
    except Exception:
        raise Unplain() from None
    document, hold = promise.document, promise.hold
    if document.gift_cards or document.cards_sold or document.own_burn_minor or document.proof:
        raise Unplain()
    if document.burn_minor and (hold is None or hold.state != "o" or hold.deadline <= books.now):
        raise Unplain()
    if document.wanted or any(grant.funder != "merchant" for grant in document.grants):
        raise Unplain()
    return post(books, settlement, promise, burn=document.burn_minor, spent_minor=spent_minor, deviation=None)


def post(
    books: ledger.Books,
    settlement: Settlement,
    promise: Promise,
    *,
    burn: int,
    spent_minor: int,
    deviation: Deviation | None,
    cards: ledger.CardMoney = NO_CARDS,
) -> SaleRow:
    """Move the value of a sale and say what became of it."""
    document, accounts = promise.document, settlement.accounts
    hold = promise.hold if promise.hold is not None and promise.hold.state == "o" else None
    paid = document.to_pay_minor if deviation is None else deviation.printed_minor
    at = min(moment(document.at_us), books.now)
    settled = ledger.settle_sale(
        books,
        customer=promise.customer_number,
        document=promise.check_id,
        effective_at=at,
        accounts=accounts,
        paid=paid,
        hold=hold if burn else None,
        burn=burn,
        own_burn=document.own_burn_minor,
        grants=grants_of(document, settlement),
        cards=cards,
    )
    difference = 0
    if deviation is not None:
        difference = deviation.expected_minor - deviation.printed_minor
        post_difference(books, settlement, difference)
    is_late = deviation is not None or (settlement.body.fiscal is not None and is_beyond(promise, books.now))
    return SaleRow(
        check_id=promise.check_id,
        customer_number=promise.customer_number,
        shop_id=settlement.shop.id,
        till_id=settlement.till.id,
        rev=promise.rev,
        body_hash=settlement.body_hash,
        status="late" if is_late else "committed",
        journal_id=settled.journal_id,
        at=at,
        recorded_at=books.now,
        paid_minor=paid,
        burned_minor=settled.burned,
        earned_minor=settled.granted,
        balance_minor=settled.balance_after,
        spent_minor=spent_minor + paid - cards.loaded,
        deviation_minor=difference,
        fiscal=fiscal_key(settlement.body.fiscal),
    )


def tier_before_and_after(
    programme: promotions.Programme, done: promotions.Done, held: str | None, paid: int, points: int
) -> tuple[str | None, str | None]:
    """Where a sale finds its customer, and where it leaves them."""
    tiers = [
        promotions.standing(programme, done, held),
        promotions.standing(programme, done.plus(spend=paid, points=points, visits=1), held),
    ]
    before, after = [None if tier is None else tier.code for tier in tiers]
    return before, after


def is_beyond(promise: Promise, now: datetime) -> bool:
    return now > promised_until(promise.priced_at, promise.document) + QUOTE_GRACE


def post_difference(books: ledger.Books, settlement: Settlement, difference: int) -> None:
    """What the shop took less (or more) than was due stands on its deviation account, in the open."""
    account, revenue = settlement.accounts.deviation, settlement.accounts.revenue
    journal = books.journals[-1]
    if difference > 0:
        books.move(journal, account, revenue, difference)
    elif difference < 0:
        books.move(journal, revenue, account, -difference)


def grants_of(document: Document, settlement: Settlement) -> list[ledger.Grant]:
    funders = settlement.funders or {}
    return [
        ledger.Grant(
            grant.points_minor,
            funder=funders.get(grant.funder, settlement.accounts.liability),
            active_from=moment(grant.active_from_us),
            expires_at=moment(grant.expires_us) if grant.expires_us else ledger.FOREVER,
        )
        for grant in document.grants
    ]


def told(sale: SaleRow, document: Document, shop: Shop, till: Till) -> events.Row:
    """The fact of a sale. Without a customer the order is kept per till."""
    by_offer: dict[str, int] = {}
    for line in document.lines:
        for offer, version, _, minor, _ in line.discounts:
            name = f"{offer}.v{version}"
            by_offer[name] = by_offer.get(name, 0) + minor
    fact = SaleCommitted(
        sale.check_id,
        document.customer_id,
        shop.code,
        till.code,
        document.channel,
        document.currency,
        sale.at,
        sale.status,
        document.gross_minor,
        document.discount_minor,
        sale.paid_minor,
        sale.burned_minor,
        sale.earned_minor,
        sale.balance_minor,
        sale.spent_minor,
        document.rules_version,
        [
            LineSold(
                line.n,
                line.sku,
                line.qty_milli,
                line.net_minor,
                sum(discount[3] for discount in line.discounts),
                line.points_burn_minor,
                line.earn_minor,
            )
            for line in document.sold
        ],
        by_offer,
        document.cashier,
    )
    key = sale.customer_number if sale.customer_number is not None else -till.id
    subject = str(document.customer_id) if document.customer_id is not None else f"till:{shop.code}/{till.code}"
    return events.row_of(fact, key=key, subject=subject, at=sale.at)


def lost(available: int) -> HoldLost:
    return HoldLost(available=format_minor(available))
