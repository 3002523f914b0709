"""What was promised for a check: everything the till's answer and any later return are made from.

Kept as MessagePack arrays, about 150 bytes a line, written once. Fields are only ever added at the end.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from vokrug.promotions import Programme, Wanted

VERSION = 1


class Unit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Neighbouring units with the same sums; the sums are of one unit."""

    units: int
    unit_qty_milli: int
    net_minor: int
    points_off_minor: int
    points_burn_minor: int
    earn_by_grant: list[int]


class PricedLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    n: int
    sku: str
    article_id: int | None
    qty_milli: int
    price_minor: int
    gross_minor: int
    net_minor: int  # to be paid in money, after discounts and points
    points_off_minor: int
    points_burn_minor: int
    earn_minor: int
    discounts: list[tuple[int, int, str, int, str]]  # offer, version, layer, amount, funder
    units: list[Unit]
    split: list[tuple[int, int, int]]  # quantity in thousandths, price, sum


class Granted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A lot the sale will grant, its terms pinned."""

    offer_id: int
    version: int
    points_minor: int
    base_minor: int
    funder: str
    active_from_us: int  # microseconds since 1970
    expires_us: int  # 0: never


class Judged(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What became of an offer."""

    offer_id: int
    version: int
    status: str
    amount_minor: int
    by: int | None
    missing_qty_milli: int
    missing_minor: int
    code: str | None = None
    reason: str = ""


class Delivered(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The charge for delivery, and what offers took off it."""

    before_minor: int
    net_minor: int
    discounts: list[tuple[int, int, str, int, str]]


class Handed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A gift on top: one of the choices, each so many units."""

    offer_id: int
    version: int
    choices: list[tuple[str, int]]


class CardTaken(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A gift card that the check wants to pay with, and what becomes of it."""

    number: int  # ours; 0: we know no such card
    wallet_id: int
    mask: str
    status: str
    balance_minor: int
    take_minor: int
    hold_id: int
    most_minor: int | None = None  # the till wants no more of it than this


class CardSold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line that sells a gift card. Number 0: the till did not say which."""

    n: int
    number: int
    wallet_id: int
    mask: str


class ReturnTerms(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What happens when these goods come back, pinned at the sale (pos/reversal.py)."""

    earned: str = "reverse"
    shortfall: str = "debt"
    burned: str = "restore_to_lot"
    grace_days: int = 14
    refund_to: str = "cards_first"


class Document(msgspec.Struct, frozen=True, array_like=True, gc=False):
    version: int
    at_us: int  # when the till says it happened
    channel: str
    currency: str
    language: str
    customer_id: UUID | None
    gross_minor: int
    discount_minor: int
    points_off_minor: int
    burn_minor: int
    to_pay_minor: int
    earn_minor: int
    burn_max_minor: int
    burn_reasons: list[str]
    value_num: int
    value_den: int
    rules_version: str
    optimality: str
    lines: list[PricedLine]
    grants: list[Granted]
    verdicts: list[Judged]
    balance_minor: int  # spendable when priced
    spent_minor: int  # standing when priced
    hold_until_us: int  # 0: nothing was held
    printed: list[PricedLine] = []  # the lines as a receipt bore them that was printed otherwise
    gift_cards: list[CardTaken] = []
    cards_sold: list[CardSold] = []
    returns: ReturnTerms | None = None  # None: the usual terms
    delivery: Delivered | None = None
    gifts: list[Handed] = []
    own_burn_minor: int = 0  # points of this very sale that pay for its reward
    metrics: list[int] = []  # what the customer had done when priced: spend, points, visits, categories
    tier: str | None = None  # held whatever those say
    wanted: Wanted = Wanted()  # of limits and codes, and what the sale gives beside points
    proof: str = ""  # of the shopper's wish to burn: none is needed, "needed", or "given" when this was priced
    promised_until_us: int = 0  # by when the price holds, if the till asked for longer than is usual
    columns: int = 32  # of the till's printer
    messages: int = 0  # the version of what the programme wants said; 0: nothing
    cashier: str | None = None

    @property
    def sold(self) -> list[PricedLine]:
        """What the sale came to, and what returns give back."""
        return self.printed or self.lines

    @property
    def cards_minor(self) -> int:
        """What gift cards pay: the till charges the rest."""
        return sum(card.take_minor for card in self.gift_cards)

    @property
    def loaded_minor(self) -> int:
        """What buys gift cards: money that changes its form, spent on nothing yet."""
        if not self.cards_sold:
            return 0
        sold = {card.n for card in self.cards_sold}
        return sum(line.net_minor for line in self.sold if line.n in sold)

    @property
    def terms(self) -> ReturnTerms:
        return self.returns or USUAL_TERMS

    @property
    def delivery_minor(self) -> int:
        return 0 if self.delivery is None else self.delivery.net_minor


def base_points(document: Document, programme: Programme, multipliers: frozenset[int]) -> int:
    """Points of a sale that count towards tiers."""
    return sum(
        grant.points_minor
        for grant in document.grants
        if programme.points_of == "all" or grant.offer_id not in multipliers
    )


USUAL_TERMS = ReturnTerms()
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Document)


def encode(document: Document) -> bytes:
    return _encoder.encode(document)


def decode(data: bytes) -> Document:
    return _decoder.decode(data)


replace = msgspec.structs.replace


def held(document: Document, until: datetime) -> Document:
    """The document with points set aside for it."""
    return replace(document, hold_until_us=micros(until))


# Moments are kept as microseconds since 1970, exactly.

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def moment(micros_since: int) -> datetime:
    return EPOCH + timedelta(0, 0, micros_since)
