"""Bodies of the till's requests and answers. Money, points and quantities are strings: "149.90", "0.350"."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Sku = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]  # 1C's goods#characteristic takes 73
Words = Annotated[str, msgspec.Meta(max_length=200)]
Money = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,13}(\.[0-9]{1,2})?$", description="decimal, two digits")]
Quantity = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$", description="decimal, three digits")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Channel = Annotated[
    str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,31}$", description="pos, web, app, kiosk, call, …")
]
Rev = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
LineNumber = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A request: an unknown field is a slip worth hearing of."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: fields are only ever added."""


# Identify


class Identifier(Body, frozen=True, kw_only=True):
    """`type` is phone, card, email, telegram, `ext:<system>` for a number of another system, or `token`: the QR that
    the app shows, which may bring the shopper's word to burn with it.
    """

    type: Code
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


Columns = Annotated[Literal[32, 42, 48], msgspec.Meta(description="how wide the till prints")]


class Identify(Body, frozen=True, kw_only=True):
    """Balance and tier are always told; `offers` and `ask` to who needs them."""

    shop: Code
    till: Code
    cashier: Code | None = None
    at: Moment | None = None
    identifier: Identifier
    columns: Columns = 32
    need: Annotated[list[Literal["balance", "tier", "offers", "ask"]], msgspec.Meta(max_length=4)] = []


class Expiring(Reply, frozen=True, kw_only=True):
    points: str
    on: datetime


class Balance(Reply, frozen=True, kw_only=True):
    """`active` may be spent now; `currency_value` is what it pays."""

    active: str
    pending: str
    held: str
    debt: str
    currency_value: str
    expiring: list[Expiring]


class TierPath(Reply, frozen=True, kw_only=True):
    """What is still missing to the next tier, in words too."""

    to_next: str | None
    next: str | None
    unit: str  # of to_next: spend, points, visits or categories
    text: str
    keep: str  # what is missing to keep this tier, where tiers are reviewed


class Standing(Reply, frozen=True, kw_only=True):
    code: str | None
    name: str | None
    path: TierPath


class BurnAuth(Reply, frozen=True, kw_only=True):
    """From how many points in one check on the shopper gives their word, and how they may."""

    needed_from: str
    methods: list[str]


class OfflinePass(Reply, frozen=True, kw_only=True):
    """How many points a till may take without asking, should it lose its line: goes with the sale."""

    token: str
    points: str
    until: datetime


class OwnOffer(Reply, frozen=True, kw_only=True):
    """An offer for this customer alone. One that `must_be_activated` works once they have said yes."""

    offer: str
    name: str
    until: datetime | None
    must_be_activated: bool


class Identified(Reply, frozen=True, kw_only=True):
    """`offers` and `ask` (what to ask the customer for, as it is not known) are answered to who `need`s them."""

    customer_token: str
    display_name: str
    balance: Balance
    tier: Standing
    card_state: Literal["active", "not_activated"]  # a card that is not activated earns, and does not burn
    visits: int
    burn_auth: BurnAuth | None  # None: nothing is asked
    messages: list[str]
    offline_pass: OfflinePass | None = None
    offers: list[OwnOffer] = []
    ask: list[Literal["consent", "birthday", "email"]] = []
    receipt: list["ReceiptBlock"] = []


class Enrol(Body, frozen=True, kw_only=True):
    """Registration at the till in one call: a phone and how to call the customer, never a full name."""

    shop: Code
    till: Code
    request_id: UUID
    phone: Annotated[str, msgspec.Meta(min_length=5, max_length=32)]
    called: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    language: Literal["ru", "en"] = "ru"
    consents: Annotated[list["ConsentGiven"], msgspec.Meta(max_length=20)] = []
    card: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ConsentGiven(Body, frozen=True, kw_only=True):
    purpose: Code
    document_version: Code
    given: bool = True


# Calculate


class ManualDiscount(Body, frozen=True, kw_only=True):
    amount: Money
    reason: Words = ""


class GiftCardAsked(Body, frozen=True, kw_only=True):
    """A gift card to pay with, after all discounts and points, in the order given."""

    number: Annotated[str, msgspec.Meta(min_length=4, max_length=32)]
    pin: Annotated[str, msgspec.Meta(pattern="^[0-9]{4,8}$")] | None = None
    amount: Money | None = None  # no more than this, whatever the card has


class LineAsked(Body, frozen=True, kw_only=True):
    n: LineNumber
    sku: Sku
    qty: Quantity
    price: Money
    barcode: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    name: Words | None = None
    unit: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    shelf_price: Money | None = None
    min_price: Money | None = None
    vat: Literal["22", "20", "10", "7", "5", "0", "none", "22/122", "20/120", "10/110"] | None = None
    mark_code_hash: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    manual_discount: ManualDiscount | None = None
    flags: Annotated[
        list[Literal["no_discount", "no_burn", "no_earn", "excise", "gift_card_sale"]], msgspec.Meta(max_length=8)
    ] = []
    gift_card: Annotated[str, msgspec.Meta(max_length=32)] | None = None  # the card this line sells or tops up


class BurnAsked(Body, frozen=True, kw_only=True):
    """`reward` buys a reward of the programme: the one named by its key, or the best of those that fit."""

    mode: Literal["none", "max", "points", "reward"] = "none"
    points: Money | None = None
    reward: Code | None = None


class TenderPlanned(Body, frozen=True, kw_only=True):
    """How a part of the check is going to be paid: an offer may ask for it. Without an amount, all of it."""

    type: Literal["cash", "card", "sbp", "gift_card", "credit", "prepaid"]
    amount: Money | None = None


class HoldAsked(Body, frozen=True, kw_only=True):
    ttl_s: Annotated[int, msgspec.Meta(ge=10, le=86_400)] = 900


class Calculate(Body, frozen=True, kw_only=True):
    rev: Rev
    shop: Code
    till: Code
    at: Moment | None = None
    cashier: Code | None = None
    shift: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    channel: Channel = "pos"
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)] | None = None
    customer_token: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    identifier: Identifier | None = None
    lines: Annotated[list[LineAsked], msgspec.Meta(min_length=1, max_length=1000)]
    codes: Annotated[list[Code], msgspec.Meta(max_length=30)] = []
    burn: BurnAsked = BurnAsked()
    gift_cards: Annotated[list[GiftCardAsked], msgspec.Meta(max_length=10)] = []
    tenders_planned: Annotated[list[TenderPlanned], msgspec.Meta(max_length=20)] = []
    delivery: Money | None = None  # the charge for bringing it, before offers
    hold: HoldAsked | bool = False
    client_total: Money | None = None
    columns: Columns = 32


class LineDiscount(Reply, frozen=True, kw_only=True):
    promo: str
    layer: str
    amount: str
    funded_by: str


class UnitPriced(Reply, frozen=True, kw_only=True):
    """`count` neighbouring units that cost `net` each."""

    count: int
    net: str


class SplitRow(Reply, frozen=True, kw_only=True):
    """A row of the fiscal receipt: price × quantity is the sum."""

    qty: str
    price: str
    sum: str


class LineCalculated(Reply, frozen=True, kw_only=True):
    n: int
    price_before: str
    discounts: list[LineDiscount]
    points_burn: str
    net: str
    units: list[UnitPriced]
    split: list[SplitRow]
    earn: str


class GiftCardTaken(Reply, frozen=True, kw_only=True):
    """What a gift card pays of the check. One that cannot pay fails nothing: its status says why."""

    mask: str
    status: Literal["applied", "unknown", "not_activated", "blocked", "expired", "wrong_pin", "empty", "other_currency"]
    balance_before: str
    take: str


class DeliveryCalculated(Reply, frozen=True, kw_only=True):
    before: str
    discounts: list[LineDiscount]
    net: str


class GiftCalculated(Reply, frozen=True, kw_only=True):
    """Units on top, at no price: the till adds them. Where there is a choice, one of these."""

    promo: str
    sku: str
    qty: str
    choice_of: list[str]


class TotalsCalculated(Reply, frozen=True, kw_only=True):
    """`to_pay` is what the till charges: after discounts, points and gift cards."""

    before: str
    discount: str
    points: str
    gift_cards: str
    to_pay: str


class BurnCalculated(Reply, frozen=True, kw_only=True):
    """`auth_needed`: the commit will want the shopper's word, given in one of these ways (`authorize`)."""

    max: str
    max_reasons: list[str]
    applied: str
    auth_needed: bool
    methods: list[str]


class EarnByRule(Reply, frozen=True, kw_only=True):
    promo: str
    points: str


class EarnCalculated(Reply, frozen=True, kw_only=True):
    points: str
    active_from: datetime | None
    by_rule: list[EarnByRule]


class TierCalculated(Reply, frozen=True, kw_only=True):
    """The path before this sale and after it."""

    before: str | None
    after: str | None
    path_before: str
    path_after: str
    keep: str


class VerdictGiven(Reply, frozen=True, kw_only=True):
    ref: str
    code: str | None
    status: Literal["applied", "beaten", "not_met", "limit", "excluded", "unknown", "expired", "used"]
    reason: str
    amount: str
    by: str | None
    missing: str | None
    text: str


class ReceiptBlock(Reply, frozen=True, kw_only=True):
    """Lines to print or show, no wider than the till said it prints; a cashier's line at most 30. On none of them is a
    phone, a full name, or a card's whole number.
    """

    place: Literal["header", "after_items", "footer", "slip", "cashier", "customer_display"]
    lines: list[str]


class HoldPlaced(Reply, frozen=True, kw_only=True):
    id: str
    until: datetime


class Calculated(Reply, frozen=True, kw_only=True):
    calc_id: str
    rules_version: str
    optimality: str
    valid_until: datetime
    lines: list[LineCalculated]
    delivery: DeliveryCalculated | None
    gifts: list[GiftCalculated]
    totals: TotalsCalculated
    burn: BurnCalculated
    earn: EarnCalculated
    tier: TierCalculated
    gift_cards: list[GiftCardTaken]
    verdicts: list[VerdictGiven]
    receipt: list[ReceiptBlock]
    hold: HoldPlaced | None


# Commit, cancel


class LineClaimed(Body, frozen=True, kw_only=True):
    n: LineNumber
    sum: Money


class Claimed(Body, frozen=True, kw_only=True):
    """What the till charged: gift cards' part is not in it."""

    to_pay: Money
    points: Money | None = None
    lines: Annotated[list[LineClaimed], msgspec.Meta(max_length=1000)] = []


class Tender(Body, frozen=True, kw_only=True):
    type: Literal["cash", "card", "sbp", "gift_card", "credit", "prepaid"]
    amount: Money
    rrn: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Fiscal(Body, frozen=True, kw_only=True):
    """The printed receipt. With it the sale is a fact: it is recorded, never refused."""

    fn: Code
    fd: Code
    fp: Code
    kkt_reg: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    shift_no: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    receipt_no: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    inn: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    at: Moment | None = None


class Commit(Body, frozen=True, kw_only=True):
    """`check` carries the whole check for a sale that was never calculated: one call, one sale. `bundle` is the version
    by which a till without a line priced it, `offline_pass` the word of the last identification for points it took.
    """

    rev: Rev
    shop: Code
    till: Code
    calc_id: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    claimed: Claimed | None = None
    tenders: Annotated[list[Tender], msgspec.Meta(max_length=20)] = []
    fiscal: Fiscal | None = None
    check: Calculate | None = None
    bundle: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    offline_pass: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class BalanceAfter(Reply, frozen=True, kw_only=True):
    points: str
    debt: str


class CouponGiven(Reply, frozen=True, kw_only=True):
    """A coupon for next time, to be printed."""

    code: str
    name: str
    until: datetime | None


class Committed(Reply, frozen=True, kw_only=True):
    """`accepted_late`: the receipt was printed before we could agree; `deviation` is the difference."""

    status: Literal["committed", "accepted_late"]
    paid: str
    burned: str
    earned: str
    deviation: str
    gift_cards: list[GiftCardTaken]
    balance: BalanceAfter | None
    tier: TierCalculated
    coupons: list[CouponGiven]
    receipt: list[ReceiptBlock]


class Extend(Body, frozen=True, kw_only=True):
    """More time for a check that was promised: `ttl_s` from now on, as far as the programme lets it."""

    shop: Code
    till: Code
    rev: Rev
    ttl_s: Annotated[int, msgspec.Meta(ge=10, le=86_400)] = 900


class Extended(Reply, frozen=True, kw_only=True):
    """`most_until`: no call makes it later."""

    valid_until: datetime
    hold: HoldPlaced | None
    most_until: datetime


class Cancel(Body, frozen=True, kw_only=True):
    shop: Code
    till: Code


class Released(Reply, frozen=True, kw_only=True):
    """What a check had set aside: codes, points, money of gift cards by their masks."""

    codes: list[str]
    points: str
    gift_cards: list[GiftCardTaken]


class Cancelled(Reply, frozen=True, kw_only=True):
    status: Literal["cancelled"]
    released: Released


# Returns


class ReturnLine(Body, frozen=True, kw_only=True):
    """A line of the sale by number, or goods by `sku` wherever they stand in it, the cheapest first; and how much comes
    back: without a quantity, all that is left.
    """

    n: LineNumber | None = None
    sku: Sku | None = None
    qty: Quantity | None = None


class OriginalFiscal(Body, frozen=True, kw_only=True):
    fn: Code
    fd: Code
    fp: Code


class Original(Body, frozen=True, kw_only=True):
    """The sale: by the check's id, or by its fiscal sign. `none`: there is no receipt, and a supervisor answers."""

    check_uid: UUID | None = None
    fiscal: OriginalFiscal | None = None
    none: bool = False


class Return(Body, frozen=True, kw_only=True):
    """Goods by lines and quantities; or, with `amount` and no lines, money alone: a reduction after the sale. Without a
    receipt: goods by sku and quantity, a `supervisor` and a `reason`; they come back at the lowest price of late.
    """

    shop: Code
    till: Code
    original: Original
    at: Moment | None = None
    lines: Annotated[list[ReturnLine], msgspec.Meta(max_length=1000)] = []
    amount: Money | None = None
    reason: Words = ""
    supervisor: Annotated[str, msgspec.Meta(min_length=4, max_length=64)] | None = None  # a card or code
    columns: Columns = 32


class RefundTender(Reply, frozen=True, kw_only=True):
    """Where the refund goes: back to the gift card that paid, or as money at the till."""

    type: Literal["gift_card", "money"]
    mask: str | None
    amount: str


class LineReturned(Reply, frozen=True, kw_only=True):
    n: int
    qty: str
    refund: str
    points_restored: str
    points_taken_back: str


class Returned(Reply, frozen=True, kw_only=True):
    """`parked`: the sale is not known yet; the return is posted together with it when it comes."""

    status: Literal["posted", "parked", "calculated"]
    refund: str
    points_restored: str
    points_taken_back: str
    points_written_off: str
    debt: str
    refund_tenders: list[RefundTender]
    lines: list[LineReturned]
    balance: BalanceAfter | None
    receipt: list[ReceiptBlock]


# Points without a sale


class PointsGiven(Body, frozen=True, kw_only=True):
    """Goodwill, or a balance brought from an older programme. `currency` is the money their worth is owed in."""

    request_id: UUID
    points: Money
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)] = "RUB"
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    active_from: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class PointsWithdrawn(Body, frozen=True, kw_only=True):
    """A correction by hand: points given by mistake go away, the soonest to lapse first."""

    request_id: UUID
    points: Money
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)] = "RUB"


class LotMove(Reply, frozen=True, kw_only=True):
    """What a document did to a lot: `points` went away (negative: came back)."""

    kind: Literal["burned", "restored", "taken_back", "lapsed", "debt", "other"]
    points: str
    document: UUID | None
    at: datetime


class LotShown(Reply, frozen=True, kw_only=True):
    """Points of one origin. `document` is the check, the return or the request that brought them."""

    document: UUID | None
    granted: str
    remaining: str
    held: str
    earned_at: datetime
    active_from: datetime
    expires_at: datetime | None
    moves: list[LotMove]


class PointsStatement(Reply, frozen=True, kw_only=True):
    """Every point and why: the newest lots of a customer, oldest first."""

    balance: "Balance"
    lots: list[LotShown]


class PointsTaken(Reply, frozen=True, kw_only=True):
    """What the customer was given, first time and every time."""

    customer: UUID
    points: str


# The chain: shops, tills, goods, tiers


class ShopGiven(Body, frozen=True, kw_only=True):
    code: Code
    name: Words
    zone: Annotated[str, msgspec.Meta(max_length=64)] = "Europe/Moscow"
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)] = "RUB"
    legal_entity: Words = ""
    groups: Annotated[list[Code], msgspec.Meta(max_length=50)] = []
    tills: Annotated[list[Code], msgspec.Meta(max_length=200)] = []
    tolerance_line: Money = "0.01"
    tolerance_check: Money = "0.05"


class ShopCard(Reply, frozen=True, kw_only=True):
    id: int
    code: str
    name: str
    zone: str
    currency: str
    legal_entity: str
    groups: list[str]
    tills: list["TillCard"]


class TillCard(Reply, frozen=True, kw_only=True):
    id: int
    code: str


class Shops(Reply, frozen=True, kw_only=True):
    shops: list[ShopCard]


class CategoryGiven(Body, frozen=True, kw_only=True):
    code: Code
    name: Words
    parent: Code | None = None


class ArticleGiven(Body, frozen=True, kw_only=True):
    sku: Sku
    name: Words
    category: Code | None = None
    categories: Annotated[list[Code], msgspec.Meta(max_length=20)] = []  # further ones it stands in
    brand: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    barcodes: Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=50)] = []
    is_weighed: bool = False
    min_price: Money = "0"
    no_discount: bool = False
    no_burn: bool = False
    no_earn: bool = False
    cost: Money | None = None  # what it costs the chain, for margins; one not given stays as it was


class CatalogueGiven(Body, frozen=True, kw_only=True):
    categories: Annotated[list[CategoryGiven], msgspec.Meta(max_length=10_000)] = []
    articles: Annotated[list[ArticleGiven], msgspec.Meta(max_length=10_000)] = []


class CatalogueTaken(Reply, frozen=True, kw_only=True):
    """`category_ids` says by which numbers offers name the categories of this file."""

    categories: int
    articles: int
    category_ids: dict[str, int]


class TierGiven(Body, frozen=True, kw_only=True):
    code: Code
    name_ru: Words
    name_en: Words
    from_spent: Money


class TiersGiven(Body, frozen=True, kw_only=True):
    tiers: Annotated[list[TierGiven], msgspec.Meta(max_length=50)]


class TiersTaken(Reply, frozen=True, kw_only=True):
    tiers: int


class ReturnPolicy(Body, frozen=True, kw_only=True):
    """What happens to points and money when goods come back.

    `earned`: exactly what the units earned; by the share of the money refunded; or what the rule gives for the
    refund, whole steps only. `shortfall`, when earned points are no longer there: take only what is still pending;
    take what the wallet has and write the rest off; let the wallet go below zero; or keep it as a debt. `burned`:
    back to their lots by units, on a full return only, or never. Lots that lapsed meanwhile live `grace_days` more
    (0: they stay lost). `refund_to`: gift cards that paid come first, or money does, or both by their shares.
    """

    earned: Literal["reverse", "by_refund_amount", "floor_of_refund"] = "reverse"
    shortfall: Literal["only_pending", "within_balance", "unlimited", "debt"] = "debt"
    burned: Literal["restore_to_lot", "restore_on_full_return", "never"] = "restore_to_lot"
    grace_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 14
    refund_to: Literal["cards_first", "money_first", "in_proportion"] = "cards_first"


class ReturnPolicyDeclared(Reply, frozen=True, kw_only=True):
    version: int
    policy: ReturnPolicy


class ReturnWaiting(Reply, frozen=True, kw_only=True):
    """A return whose sale has not come: `at` by the till's clock, `waits_since` by ours."""

    return_uid: UUID
    check_uid: UUID | None  # None: the sale is known by the sign of its receipt, `fiscal`
    fiscal: str | None
    shop: str
    till: str
    at: datetime
    waits_since: datetime


class ReturnsWaiting(Reply, frozen=True, kw_only=True):
    """The longest waiting first. `more`: there are others beyond these."""

    returns: list[ReturnWaiting]
    more: bool


# How tills fare


class Heartbeat(Body, frozen=True, kw_only=True):
    """What a till says of itself: `at` by its own clock, `queue_length` documents not yet sent, `declined` ones that
    wait for a person. Since its last heartbeat: `calls`, those `unanswered`, and how long 95 of 100 took (`p95_ms`).
    """

    shop: Code
    till: Code
    at: Moment
    software: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    queue_length: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    declined: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    calls: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    unanswered: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    p95_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] | None = None


class HeartbeatHeard(Reply, frozen=True, kw_only=True):
    """`skew_ms`: the till's clock minus ours. `commands`: what the till should do next."""

    now: datetime
    skew_ms: int
    commands: list[Literal["set_clock", "send_queue", "rotate_key"]]


class TillHealth(Reply, frozen=True, kw_only=True):
    shop: str
    till: str
    seen_at: datetime | None
    skew_ms: int | None
    queue_length: int | None
    software: str | None
    declined: int
    calls: int  # of the last quarter of an hour, as the centre answered: errors are 5xx, refusals 4xx
    errors: int
    refusals: int
    centre_p95_ms: int | None
    till_p95_ms: int | None  # as the till waited
    alarms: list[
        Literal[
            "never_seen", "silent", "clock_wrong", "queue_long", "documents_declined", "errors_many", "slow", "line_bad"
        ]
    ]


class TillsHealth(Reply, frozen=True, kw_only=True):
    tills: list[TillHealth]


# Gift cards outside a check


class GiftCardAt(Body, frozen=True, kw_only=True):
    """A card in a cashier's hands."""

    shop: Code
    till: Code
    number: Annotated[str, msgspec.Meta(min_length=4, max_length=32)]
    pin: Annotated[str, msgspec.Meta(pattern="^[0-9]{4,8}$")] | None = None


class GiftCardLoad(Body, frozen=True, kw_only=True):
    """Money for a card, taken at this till outside a check."""

    shop: Code
    till: Code
    request_id: UUID
    number: Annotated[str, msgspec.Meta(min_length=4, max_length=32)]
    amount: Money


class GiftCardBlock(Body, frozen=True, kw_only=True):
    shop: Code
    till: Code
    number: Annotated[str, msgspec.Meta(min_length=4, max_length=32)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class GiftCardStanding(Reply, frozen=True, kw_only=True):
    """`balance` may be spent; `held` waits for checks that are being paid."""

    mask: str
    state: Literal["active", "not_activated", "blocked", "expired"]
    balance: str
    held: str
    currency: str
    expires_at: datetime | None
