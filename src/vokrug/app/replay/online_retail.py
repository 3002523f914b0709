"""A year of a British gift wholesaler's invoices (UCI "Online Retail", or any file with the same columns).

One web shop sells to every country, so there is one shop here, in pounds; the country is the buyer's.
An invoice is a sale, one that begins with C a cancellation. What is neither is counted by its reason, not sent.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from vokrug.app.replay import chain
from vokrug.app.replay.cancelling import Purchases, Sold
from vokrug.app.replay.chain import TILL, document_id
from vokrug.app.replay.door import Door
from vokrug.app.replay.files import FileUnreadable, minor, read_rows
from vokrug.app.replay.order import each_in_order
from vokrug.app.replay.outcome import Answered, ending
from vokrug.kernel import format_minor

KIND = "online-retail"
SHOP = KIND
ZONE = ZoneInfo("Europe/London")
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
EARN_BP = 100
MOST_LINES = 1000  # of one check; a longer invoice becomes several

# Codes that stand for a charge or a correction and not for goods.
CHARGES = frozenset({"POST", "DOT", "C2", "M", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B", "PADS"})
DISCOUNT = "D"
VOUCHER = "GIFT_0001_"

# So many pieces on one line, taken back within a day, is a slip of the finger worth showing.
FREAK_UNITS = 10_000
FREAK_WITHIN = timedelta(days=1)

RULES = {
    "shop": "one web shop, in GBP; the country of an invoice is the buyer's",
    "earn": "1 % of what is paid for goods, rounded down to 0.01 point, usable at once, without expiry",
    "no_points": "charges, fees and samples earn nothing and take no discount; gift vouchers are sold as gift cards",
    "cancellations": "same customer and article: at the same price first, then at any other, the latest sale first, "
    "over as many sales as it takes; charges only at the same price; refunded is what the sale took",
}


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    name: str
    units: int
    price_minor: int


@dataclass(slots=True)
class Invoice:
    number: str
    at: datetime
    customer: str | None
    country: str
    lines: list[Line] = field(default_factory=list)

    @property
    def is_cancellation(self) -> bool:
        return self.number[:1].upper() == "C"

    @property
    def is_sale(self) -> bool:
        return self.number[:1].isdigit()


@dataclass(frozen=True, slots=True)
class Sale:
    """A check to be sent."""

    id: UUID
    invoice: Invoice
    lines: tuple[tuple[int, Line], ...]
    total_minor: int

    @property
    def customer(self) -> str | None:
        return self.invoice.customer


@dataclass(frozen=True, slots=True)
class TakeBack:
    """A return to be sent: how many units of which lines of one sale."""

    id: UUID
    invoice: Invoice
    check_id: UUID
    units: tuple[tuple[int, int], ...]

    @property
    def customer(self) -> str | None:
        return self.invoice.customer


@dataclass(frozen=True, slots=True)
class Freak:
    """An order of absurd size that was taken back at once."""

    invoice: str
    customer: str
    units: int
    minutes: int
    check_id: UUID


@dataclass(slots=True)
class Pile:
    """Lines that share a fate: how many, and their money by the file."""

    lines: int = 0
    units: int = 0
    minor: int = 0

    def add(self, units: int, price_minor: int, *, lines: int = 1) -> None:
        self.lines += lines
        self.units += units
        self.minor += units * price_minor

    def shown(self) -> dict[str, Any]:
        return {"lines": self.lines, "units": self.units, "money": format_minor(self.minor)}


@dataclass(slots=True)
class Plan:
    """What will be sent, and what a look at the file alone can tell."""

    documents: list[Sale | TakeBack] = field(default_factory=list)
    freaks: list[Freak] = field(default_factory=list)
    not_sent: dict[str, Pile] = field(default_factory=dict)
    cancelled: Pile = field(default_factory=Pile)  # everything on cancellations
    matched: Pile = field(default_factory=Pile)
    unmatched: Pile = field(default_factory=Pile)
    unmatched_why: dict[str, Pile] = field(default_factory=dict)
    matched_lines: Counter[str] = field(default_factory=Counter)
    at_another_price: int = 0
    split_invoices: int = 0
    zero_price_lines: int = 0

    def leave_out(self, why: str, line: Line) -> None:
        self.not_sent.setdefault(why, Pile()).add(abs(line.units), line.price_minor)

    def give_up(self, why: str, units: int, price_minor: int) -> None:
        self.unmatched.add(units, price_minor)
        self.unmatched_why.setdefault(why, Pile()).add(units, price_minor)


@dataclass(slots=True)
class Read:
    """The invoices of the files."""

    invoices: list[Invoice]
    lines: int
    rounded_prices: int


# Reading


def read_invoices(paths: Sequence[Path]) -> Read:
    """Every invoice, in the order of time; in one minute, sales come before cancellations."""
    found: dict[str, Invoice] = {}
    lines = rounded = 0
    for path in paths:
        for row in read_rows(path, COLUMNS):
            number = row["InvoiceNo"].strip()
            price_minor, was_rounded = minor(row["UnitPrice"], path)
            try:
                units = int(row["Quantity"])
                at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=ZONE)
            except ValueError as error:
                raise FileUnreadable(path=path, why=f"invoice {number}: {error}") from None
            customer = row["CustomerID"].strip().removesuffix(".0") or None
            invoice = found.setdefault(number, Invoice(number, at, customer, row["Country"].strip()))
            name = row["Description"].strip()[:200]
            invoice.lines.append(Line(row["StockCode"].strip(), name, units, price_minor))
            lines += 1
            rounded += was_rounded
    ordered = sorted(found.values(), key=lambda invoice: (invoice.at, invoice.is_cancellation))
    return Read(ordered, lines, rounded)


# Planning: what is sent, decided without the server


def plan(invoices: Iterable[Invoice]) -> Plan:
    """Sales and returns in the order of time, and everything that is neither, by reason."""
    made, bought = Plan(), Purchases()
    for invoice in invoices:
        if invoice.is_sale:
            _plan_sale(made, bought, invoice)
        elif invoice.is_cancellation:
            _plan_cancellation(made, bought, invoice)
        else:
            for line in invoice.lines:
                made.leave_out("adjustment_invoice", line)
    return made


def _plan_sale(made: Plan, bought: Purchases, invoice: Invoice) -> None:
    lines = []
    for line in invoice.lines:
        if line.units < 0:
            made.leave_out("stock_write_off" if line.price_minor == 0 else "negative_quantity_on_a_sale", line)
        elif line.units == 0:
            made.leave_out("zero_quantity", line)
        elif line.price_minor < 0:
            made.leave_out("negative_price", line)
        else:
            lines.append(line)
            made.zero_price_lines += line.price_minor == 0
    parts = [lines[at : at + MOST_LINES] for at in range(0, len(lines), MOST_LINES)]
    made.split_invoices += len(parts) > 1
    for part, own in enumerate(parts):
        id = document_id(KIND, invoice.number, *([part] if part else []))
        numbered = tuple(enumerate(own, start=1))
        made.documents.append(Sale(id, invoice, numbered, sum(line.units * line.price_minor for line in own)))
        if invoice.customer is not None:
            for n, line in numbered:
                sold = Sold(id, n, line.price_minor, line.units, line.units, invoice.at)
                bought.sell(invoice.customer, line.sku.upper(), sold)


def _plan_cancellation(made: Plan, bought: Purchases, invoice: Invoice) -> None:
    back: dict[UUID, Counter[int]] = {}
    for line in invoice.lines:
        code, units = line.sku.upper(), -line.units
        if units <= 0:
            made.leave_out("cancellation_without_negative_quantity", line)
            continue
        made.cancelled.add(units, line.price_minor)
        if code == DISCOUNT:
            made.leave_out("discount_given_afterwards", line)
            made.give_up("discount", units, line.price_minor)
            made.matched_lines["unmatched"] += 1
            continue
        if invoice.customer is None:
            made.give_up("no_customer", units, line.price_minor)
            made.matched_lines["unmatched"] += 1
            continue
        at_any_price = code not in CHARGES and not code.startswith(VOUCHER)
        taken = bought.take_back(invoice.customer, code, units, line.price_minor, at_any_price=at_any_price)
        for sold, part in taken:
            back.setdefault(sold.check_id, Counter())[sold.n] += part
            made.matched.add(part, line.price_minor, lines=0)
            made.at_another_price += sold.price_minor != line.price_minor
            _note_freak(made, invoice, sold)
        missing = units - sum(part for _, part in taken)
        fate = "unmatched" if not taken else "matched_partly" if missing else "matched"
        made.matched_lines[fate] += 1
        made.matched.lines += bool(taken)
        if missing:
            made.give_up("more_than_was_bought" if taken else "no_earlier_purchase", missing, line.price_minor)
    for check_id, units_by_line in back.items():
        id = document_id(KIND, invoice.number, check_id)
        made.documents.append(TakeBack(id, invoice, check_id, tuple(sorted(units_by_line.items()))))


def _note_freak(made: Plan, invoice: Invoice, sold: Sold) -> None:
    if sold.units >= FREAK_UNITS and not sold.left and invoice.at - sold.at <= FREAK_WITHIN:
        assert invoice.customer is not None, "what was matched has a customer"
        minutes = int((invoice.at - sold.at).total_seconds()) // 60
        made.freaks.append(Freak(invoice.number, invoice.customer, sold.units, minutes, sold.check_id))


# Sending


@dataclass(slots=True)
class Sender:
    """Sends documents as a web shop's till would, and adds up the answers."""

    door: Door
    watched: frozenset[UUID]  # checks of freak orders
    answered: Answered = field(default_factory=Answered)
    points: dict[UUID, dict[str, str]] = field(default_factory=dict)
    parked: list[TakeBack] = field(default_factory=list)  # their sales had not come yet
    fresh: set[UUID] = field(default_factory=set)  # those of them that were new to the server

    async def send(self, document: Sale | TakeBack) -> None:
        if isinstance(document, Sale):
            await self._sell(document)
        else:
            await self._take_back(document)

    async def _sell(self, sale: Sale) -> None:
        path = f"/pos/v1/checks/{sale.id}"
        check: dict[str, Any] = {
            "rev": 1,
            "shop": SHOP,
            "till": TILL,
            "at": sale.invoice.at.isoformat(),
            "channel": "web",
            "lines": [line_asked(n, line) for n, line in sale.lines],
            "hold": True,
        }
        if sale.customer is not None:
            check["identifier"] = {"type": f"ext:{KIND}", "value": sale.customer}
        reply = await self.door.ask("POST", f"{path}:calculate", check)
        if reply.is_good:
            # The file's own total is claimed: a server that counted otherwise would refuse.
            claimed = {"to_pay": format_minor(sale.total_minor)}
            commit = {"rev": 1, "shop": SHOP, "till": TILL, "claimed": claimed}
            reply = await self.door.ask("POST", f"{path}:commit", commit)
        if not reply.is_good:
            self.answered.decline(sale.invoice.number, reply)
            return
        said = self.answered.sale(reply)
        if sale.id in self.watched:
            self.points.setdefault(sale.id, {})["earned"] = said["earned"]

    async def _take_back(self, document: TakeBack) -> None:
        body = {
            "shop": SHOP,
            "till": TILL,
            "original": {"check_uid": document.check_id},
            "at": document.invoice.at.isoformat(),
            "lines": [{"n": n, "qty": str(units)} for n, units in document.units],
            "reason": f"cancelled by {document.invoice.number}",
        }
        reply = await self.door.ask("POST", f"/pos/v1/returns/{document.id}:commit", body)
        if not reply.is_good:
            self.answered.decline(document.invoice.number, reply)
            return
        if reply.read()["status"] == "parked":
            self.parked.append(document)
            self.fresh |= set() if reply.is_repeat else {document.id}
            return
        if document.id in self.fresh:  # asked again for what it came to: it is as new as it was
            reply = replace(reply, is_repeat=False)
        said = self.answered.goods_back(reply)
        if document.check_id in self.watched:
            self.points.setdefault(document.check_id, {})["taken_back"] = said["points_taken_back"]


def line_asked(n: int, line: Line) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "n": n,
        "sku": line.sku or "?",
        "qty": str(line.units),
        "price": format_minor(line.price_minor),
    }
    if line.name:
        asked["name"] = line.name
    if flags := flags_of(line.sku.upper()):
        asked["flags"] = flags
    return asked


def flags_of(code: str) -> list[str]:
    """How the programme treats a code: goods have no flags."""
    if code.startswith(VOUCHER):
        return ["gift_card_sale"]
    return ["no_discount", "no_earn"] if code in CHARGES or code == DISCOUNT else []


def with_returns_anywhere(documents: Sequence[Sale | TakeBack], seed: int) -> list[Sale | TakeBack]:
    """Sales in the order of time, every cancellation early or late by chance: long before its sale, or long after."""
    chance = Random(seed)
    places = [
        (at if isinstance(document, Sale) else chance.uniform(-1, len(documents)), document)
        for at, document in enumerate(documents)
    ]
    return [document for _, document in sorted(places, key=lambda placed: placed[0])]


# The whole of it


async def replay(
    door: Door, paths: Sequence[Path], steps: chain.Steps, *, shuffled_by: int | None = None
) -> dict[str, Any]:
    """Send the files' whole history and say what came of it."""
    read = read_invoices(paths)
    made = plan(read.invoices)
    shop_ids = await chain.ensure_shops(
        door, {SHOP: {"name": "Online Retail", "zone": ZONE.key, "currency": "GBP", "legal_entity": "Online Retail"}}
    )
    named = await chain.ensure_offers(door, KIND, offers(shop_ids[SHOP]))
    buyers = {invoice.customer for invoice in read.invoices if invoice.customer is not None}
    _, registered = await chain.ensure_customers(door, KIND, buyers)
    if buyers:
        await chain.await_offer(door, SHOP, named, KIND, min(buyers))
    before = await chain.read_books(door, [SHOP])
    sender = Sender(door, frozenset(freak.check_id for freak in made.freaks))
    documents = made.documents if shuffled_by is None else with_returns_anywhere(made.documents, shuffled_by)
    await each_in_order(steps(documents), sender.send, key=lambda document: document.customer, at_once=door.connections)
    came_early, sender.parked = sender.parked, []
    for document in came_early:  # asked once more, now that the sale is there
        await sender.send(document)
    sender.answered.parked = len(sender.parked)
    after = await chain.read_books(door, [SHOP])
    verdict = await chain.check_books(door, before, after, sender.answered.said)
    balances = await chain.read_balances(door, SHOP, KIND, buyers)
    told = summary(read, made, sender, buyers, registered, after, verdict)
    return {**told, "returns": {**told["returns"], "came_before_their_sale": len(came_early)}, "balances": balances}


def offers(shop_id: int) -> dict[str, dict[str, Any]]:
    """The programme as configuration. What is published last tells that all are live."""
    where = {"shops": [shop_id]}
    steps = [{"from_minor": 0, "rate_bp": EARN_BP}]
    return {
        "points": {"kind": "point_programme", "currency": "GBP", "where": where},
        "earn": {"kind": "earn", "reward": {"kind": "rate", "steps": steps}, "where": where},
    }


def summary(
    read: Read,
    made: Plan,
    sender: Sender,
    buyers: set[str],
    registered: int,
    books: chain.Books,
    verdict: chain.Verdict,
) -> dict[str, Any]:
    answered = sender.answered
    sales = [document for document in made.documents if isinstance(document, Sale)]
    kinds = Counter(
        "sales" if one.is_sale else "cancellations" if one.is_cancellation else "adjustments" for one in read.invoices
    )
    return {
        "kind": KIND,
        "rules": RULES,
        "read": {
            "lines": read.lines,
            "invoices": len(read.invoices),
            "of_sales": kinds["sales"],
            "of_cancellations": kinds["cancellations"],
            "of_adjustments": kinds["adjustments"],
            "customers": len(buyers),
            "anonymous_invoices": sum(invoice.customer is None for invoice in read.invoices),
            "countries": len({invoice.country for invoice in read.invoices}),
            "prices_rounded_to_pennies": read.rounded_prices,
        },
        "customers": {"known": len(buyers), "registered_now": registered},
        "sales": {
            "documents": answered.sales,
            "of_documents_planned": len(sales),
            "lines": sum(len(sale.lines) for sale in sales),
            "anonymous": sum(sale.customer is None for sale in sales),
            "free_lines": made.zero_price_lines,
            "invoices_split": made.split_invoices,
            "paid": format_minor(answered.paid_minor),
            "paid_by_the_file": format_minor(sum(sale.total_minor for sale in sales)),
        },
        "returns": {
            "documents": answered.returns,
            "of_documents_planned": len(made.documents) - len(sales),
            "parked": answered.parked,
            "refunded": format_minor(answered.refunded_minor),
        },
        "cancellations": {
            "lines": made.cancelled.lines,
            "money": format_minor(made.cancelled.minor),
            "matched": made.matched_lines["matched"],
            "matched_partly": made.matched_lines["matched_partly"],
            "unmatched": made.matched_lines["unmatched"],
            "parked": answered.parked,
            "matched_money": format_minor(made.matched.minor),
            "unmatched_money": format_minor(made.unmatched.minor),
            "unmatched_by_reason": {why: pile.shown() for why, pile in sorted(made.unmatched_why.items())},
            "parts_at_another_price": made.at_another_price,
        },
        "not_sent": {why: pile.shown() for why, pile in sorted(made.not_sent.items())},
        "points": {
            "earned": format_minor(answered.earned_minor),
            "reversed": format_minor(answered.taken_back_minor),
            "debt": format_minor(answered.debt_minor),
        },
        "freak_orders": [
            {
                "cancelled_by": freak.invoice,
                "customer": freak.customer,
                "units": freak.units,
                "minutes": freak.minutes,
                **{f"points_{what}": points for what, points in sorted(sender.points.get(freak.check_id, {}).items())},
            }
            for freak in made.freaks
        ],
        **ending(answered, books, verdict),
    }
