"""The till protocol as types. Written by `vokrug docs` from the OpenAPI document; change the schemas it describes instead."""

from typing import Any, Literal, NotRequired, TypedDict

# Operation: method, path.
OPERATIONS: dict[str, tuple[str, str]] = {
    "pos_post_identify": ("POST", "/pos/v1/identify"),
    "pos_post_customer": ("POST", "/pos/v1/customers"),
    "pos_post_calculate": ("POST", "/pos/v1/checks/{check_uid}:calculate"),
    "pos_post_commit": ("POST", "/pos/v1/checks/{check_uid}:commit"),
    "pos_post_extend": ("POST", "/pos/v1/checks/{check_uid}:extend"),
    "pos_post_cancel": ("POST", "/pos/v1/checks/{check_uid}:cancel"),
    "pos_post_return_calculate": ("POST", "/pos/v1/returns/{return_uid}:calculate"),
    "pos_post_return": ("POST", "/pos/v1/returns/{return_uid}:commit"),
    "pos_post_heartbeat": ("POST", "/pos/v1/heartbeat"),
    "pos_gift_cards_post_balance": ("POST", "/pos/v1/gift-cards:balance"),
    "pos_gift_cards_post_activate": ("POST", "/pos/v1/gift-cards:activate"),
    "pos_gift_cards_post_topup": ("POST", "/pos/v1/gift-cards:topup"),
    "pos_gift_cards_post_block": ("POST", "/pos/v1/gift-cards:block"),
    "pos_post_authorize": ("POST", "/pos/v1/checks/{check_uid}:authorize"),
    "pos_get_prices": ("GET", "/pos/v1/prices"),
    "pos_get_bundle": ("GET", "/pos/v1/bundle"),
    "pos_get_bundle_key": ("GET", "/pos/v1/bundle-key"),
    "pos_post_replay": ("POST", "/pos/v1/replay"),
    "integrations_claim": ("POST", "/pos/v1/onboarding:claim"),
    "integrations_vendor_report": ("POST", "/pos/v1/onboarding:report"),
    "integrations_claim_key": ("POST", "/pos/v1/keys:claim"),
}


class Authorize(TypedDict):
    shop: str
    till: str
    rev: int
    method: Literal["admin", "app_code", "call_last4", "pin", "sms"]
    code: NotRequired[str | None]
    sending: NotRequired[int]
    reason: NotRequired[str]
    cashier: NotRequired[str | None]


class Authorized(TypedDict):
    status: Literal["asked", "authorized", "not_needed", "sent"]
    method: Literal["admin", "app_code", "call_last4", "pin", "sms"]
    points: str
    to: str | None
    expires_at: str | None
    resend_at: str | None
    tries_left: int | None
    methods: list[Literal["admin", "app_code", "call_last4", "pin", "sms"]]
    cashier_text: str


class Balance(TypedDict):
    active: str
    pending: str
    held: str
    debt: str
    currency_value: str
    expiring: list["Expiring"]


class BalanceAfter(TypedDict):
    points: str
    debt: str


class BundleKey(TypedDict):
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"]


class BurnAsked(TypedDict):
    mode: NotRequired[Literal["max", "none", "points", "reward"]]
    points: NotRequired[str | None]
    reward: NotRequired[str | None]


class BurnAuth(TypedDict):
    needed_from: str
    methods: list[str]


class BurnCalculated(TypedDict):
    max: str
    max_reasons: list[str]
    applied: str
    auth_needed: bool
    methods: list[str]


class Calculate(TypedDict):
    rev: int
    shop: str
    till: str
    at: NotRequired[str | None]
    cashier: NotRequired[str | None]
    shift: NotRequired[str | None]
    channel: NotRequired[str]
    currency: NotRequired[str | None]
    customer_token: NotRequired[str | None]
    identifier: NotRequired['Identifier | None']
    lines: list["LineAsked"]
    codes: NotRequired[list[str]]
    burn: NotRequired["BurnAsked"]
    gift_cards: NotRequired[list["GiftCardAsked"]]
    tenders_planned: NotRequired[list["TenderPlanned"]]
    delivery: NotRequired[str | None]
    hold: NotRequired['bool | HoldAsked']
    client_total: NotRequired[str | None]
    columns: NotRequired[Literal[32, 42, 48]]


class Calculated(TypedDict):
    calc_id: str
    rules_version: str
    optimality: str
    valid_until: str
    lines: list["LineCalculated"]
    delivery: 'DeliveryCalculated | None'
    gifts: list["GiftCalculated"]
    totals: "TotalsCalculated"
    burn: "BurnCalculated"
    earn: "EarnCalculated"
    tier: "TierCalculated"
    gift_cards: list["GiftCardTaken"]
    verdicts: list["VerdictGiven"]
    receipt: list["ReceiptBlock"]
    hold: 'HoldPlaced | None'


class Cancel(TypedDict):
    shop: str
    till: str


class Cancelled(TypedDict):
    status: Literal["cancelled"]
    released: "Released"


class ClaimSuccessor(TypedDict):
    shop: str
    till: str
    at: NotRequired[str | None]


class Claimed(TypedDict):
    to_pay: str
    points: NotRequired[str | None]
    lines: NotRequired[list["LineClaimed"]]


class Commit(TypedDict):
    rev: int
    shop: str
    till: str
    calc_id: NotRequired[str | None]
    claimed: NotRequired['Claimed | None']
    tenders: NotRequired[list["Tender"]]
    fiscal: NotRequired['Fiscal | None']
    check: NotRequired['Calculate | None']
    bundle: NotRequired[int | None]
    offline_pass: NotRequired[str | None]


class Committed(TypedDict):
    status: Literal["accepted_late", "committed"]
    paid: str
    burned: str
    earned: str
    deviation: str
    gift_cards: list["GiftCardTaken"]
    balance: 'BalanceAfter | None'
    tier: "TierCalculated"
    coupons: list["CouponGiven"]
    receipt: list["ReceiptBlock"]


class ConsentGiven(TypedDict):
    purpose: str
    document_version: str
    given: NotRequired[bool]


class CouponGiven(TypedDict):
    code: str
    name: str
    until: str | None


class DeliveryCalculated(TypedDict):
    before: str
    discounts: list["LineDiscount"]
    net: str


class EarnCalculated(TypedDict):
    points: str
    active_from: str | None
    by_rule: list["EarnByRule"]


class Enrol(TypedDict):
    shop: str
    till: str
    request_id: str
    phone: str
    called: str
    language: NotRequired[Literal["en", "ru"]]
    consents: NotRequired[list["ConsentGiven"]]
    card: NotRequired[str | None]


class Expiring(TypedDict):
    points: str
    on: str


class Extended(TypedDict):
    valid_until: str
    hold: 'HoldPlaced | None'
    most_until: str


class Fiscal(TypedDict):
    fn: str
    fd: str
    fp: str
    kkt_reg: NotRequired[str | None]
    shift_no: NotRequired[str | None]
    receipt_no: NotRequired[str | None]
    inn: NotRequired[str | None]
    at: NotRequired[str | None]


class Gap(TypedDict):
    first: int
    last: int


class GiftCalculated(TypedDict):
    promo: str
    sku: str
    qty: str
    choice_of: list[str]


class GiftCardAsked(TypedDict):
    number: str
    pin: NotRequired[str | None]
    amount: NotRequired[str | None]


class GiftCardAt(TypedDict):
    shop: str
    till: str
    number: str
    pin: NotRequired[str | None]


class GiftCardBlock(TypedDict):
    shop: str
    till: str
    number: str
    reason: str


class GiftCardLoad(TypedDict):
    shop: str
    till: str
    request_id: str
    number: str
    amount: str


class GiftCardStanding(TypedDict):
    mask: str
    state: Literal["active", "blocked", "expired", "not_activated"]
    balance: str
    held: str
    currency: str
    expires_at: str | None


class GiftCardTaken(TypedDict):
    mask: str
    status: Literal["applied", "blocked", "empty", "expired", "not_activated", "other_currency", "unknown", "wrong_pin"]
    balance_before: str
    take: str


class Heartbeat(TypedDict):
    shop: str
    till: str
    at: str
    software: str
    queue_length: NotRequired[int]
    declined: NotRequired[int]
    calls: NotRequired[int]
    unanswered: NotRequired[int]
    p95_ms: NotRequired[int | None]


class HeartbeatHeard(TypedDict):
    now: str
    skew_ms: int
    commands: list[Literal["rotate_key", "send_queue", "set_clock"]]


class HoldAsked(TypedDict):
    ttl_s: NotRequired[int]


class HoldPlaced(TypedDict):
    id: str
    until: str


class Identified(TypedDict):
    customer_token: str
    display_name: str
    balance: "Balance"
    tier: "Standing"
    card_state: Literal["active", "not_activated"]
    visits: int
    burn_auth: 'BurnAuth | None'
    messages: list[str]
    offline_pass: NotRequired['OfflinePass | None']
    offers: NotRequired[list["OwnOffer"]]
    ask: NotRequired[list[Literal["birthday", "consent", "email"]]]
    receipt: NotRequired[list["ReceiptBlock"]]


class Identifier(TypedDict):
    type: str
    value: str


class KeysTaken(TypedDict):
    integration: str
    keys: list["TillKey"]
    kit: 'KitKey | None'


class KitKey(TypedDict):
    shop: str
    till: str
    key_id: str
    secret: str
    token: str


class LineAsked(TypedDict):
    n: int
    sku: str
    qty: str
    price: str
    barcode: NotRequired[str | None]
    name: NotRequired[str | None]
    unit: NotRequired[str | None]
    shelf_price: NotRequired[str | None]
    min_price: NotRequired[str | None]
    vat: NotRequired[Literal["0", "10", "10/110", "20", "20/120", "22", "22/122", "5", "7", "none"] | None]
    mark_code_hash: NotRequired[str | None]
    manual_discount: NotRequired['ManualDiscount | None']
    flags: NotRequired[list[Literal["excise", "gift_card_sale", "no_burn", "no_discount", "no_earn"]]]
    gift_card: NotRequired[str | None]


class LineCalculated(TypedDict):
    n: int
    price_before: str
    discounts: list["LineDiscount"]
    points_burn: str
    net: str
    units: list["UnitPriced"]
    split: list["SplitRow"]
    earn: str


class LineClaimed(TypedDict):
    n: int
    sum: str


class LineDiscount(TypedDict):
    promo: str
    layer: str
    amount: str
    funded_by: str


class LineReturned(TypedDict):
    n: int
    qty: str
    refund: str
    points_restored: str
    points_taken_back: str


class ManualDiscount(TypedDict):
    amount: str
    reason: NotRequired[str]


class OfflinePass(TypedDict):
    token: str
    points: str
    until: str


class Original(TypedDict):
    check_uid: NotRequired[str | None]
    fiscal: NotRequired['OriginalFiscal | None']
    none: NotRequired[bool]


class OriginalFiscal(TypedDict):
    fn: str
    fd: str
    fp: str


class OwnOffer(TypedDict):
    offer: str
    name: str
    until: str | None
    must_be_activated: bool


class PriceTag(TypedDict):
    sku: str
    is_gone: bool
    price: str | None
    now: str | None
    member: str | None
    points: str | None
    promos: list[str]
    text_ru: str
    text_en: str


class PriceTags(TypedDict):
    shop: str
    currency: str
    version: str
    more: bool
    is_whole: bool
    tags: list["PriceTag"]


class Problem(TypedDict):
    type: str
    title: str
    status: int
    code: str
    detail: str
    ref: str
    retry: "Retry"
    cashier_text: str
    customer_text: str
    facts: NotRequired[dict[str, Any]]


class QueueReplayed(TypedDict):
    documents: list["Replayed"]
    whole_to: int
    gaps: list["Gap"]
    broken_at: list[int]


class QueuedCancel(TypedDict):
    kind: Literal["cancel"]
    seq: int
    uid: str
    prev: NotRequired[str | None]
    at: NotRequired[str | None]


class QueuedReturn(TypedDict):
    kind: Literal["return"]
    seq: int
    uid: str
    prev: NotRequired[str | None]
    goods: "Return"


class QueuedSale(TypedDict):
    kind: Literal["sale"]
    seq: int
    uid: str
    prev: NotRequired[str | None]
    commit: "Commit"


class ReceiptBlock(TypedDict):
    place: Literal["after_items", "cashier", "customer_display", "footer", "header", "slip"]
    lines: list[str]


class RefundTender(TypedDict):
    type: Literal["gift_card", "money"]
    mask: str | None
    amount: str


class Released(TypedDict):
    codes: list[str]
    points: str
    gift_cards: list["GiftCardTaken"]


class Replayed(TypedDict):
    seq: int
    uid: str
    status: Literal["again", "cancelled", "late", "parked", "posted", "refused"]
    is_repeat: bool
    code: str | None
    text: str
    deviation: str
    earned: str


class Reported(TypedDict):
    integration: str
    state: Literal["conformance", "invited", "keys", "live", "suspended"]
    passed: bool


Retry = Literal["later", "never", "same"]


class Return(TypedDict):
    shop: str
    till: str
    original: "Original"
    at: NotRequired[str | None]
    lines: NotRequired[list["ReturnLine"]]
    amount: NotRequired[str | None]
    reason: NotRequired[str]
    supervisor: NotRequired[str | None]
    columns: NotRequired[Literal[32, 42, 48]]


class ReturnLine(TypedDict):
    n: NotRequired[int | None]
    sku: NotRequired[str | None]
    qty: NotRequired[str | None]


class Returned(TypedDict):
    status: Literal["calculated", "parked", "posted"]
    refund: str
    points_restored: str
    points_taken_back: str
    points_written_off: str
    debt: str
    refund_tenders: list["RefundTender"]
    lines: list["LineReturned"]
    balance: 'BalanceAfter | None'
    receipt: list["ReceiptBlock"]


class SplitRow(TypedDict):
    qty: str
    price: str
    sum: str


class Standing(TypedDict):
    code: str | None
    name: str | None
    path: "TierPath"


class SuccessorKey(TypedDict):
    key_id: str
    secret: str
    old_ends_at: str | None


class TakeKeys(TypedDict):
    code: str
    claim_id: str


class TenderPlanned(TypedDict):
    type: Literal["card", "cash", "credit", "gift_card", "prepaid", "sbp"]
    amount: NotRequired[str | None]


class TierCalculated(TypedDict):
    before: str | None
    after: str | None
    path_before: str
    path_after: str
    keep: str


class TierPath(TypedDict):
    to_next: str | None
    next: str | None
    unit: str
    text: str
    keep: str


class TillKey(TypedDict):
    shop: str
    till: str
    key_id: str
    secret: str


class TotalsCalculated(TypedDict):
    before: str
    discount: str
    points: str
    gift_cards: str
    to_pay: str


class UnitPriced(TypedDict):
    count: int
    net: str


class VendorReport(TypedDict):
    code: str
    claim_id: str
    report: dict[str, Any]


class VerdictGiven(TypedDict):
    ref: str
    code: str | None
    status: Literal["applied", "beaten", "excluded", "expired", "limit", "not_met", "unknown", "used"]
    reason: str
    amount: str
    by: str | None
    missing: str | None
    text: str


class Replay(TypedDict):
    shop: str
    till: str
    documents: list['QueuedSale | QueuedReturn | QueuedCancel']


class EarnByRule(TypedDict):
    promo: str
    points: str


class Extend(TypedDict):
    shop: str
    till: str
    rev: int
    ttl_s: NotRequired[int]


class Identify(TypedDict):
    shop: str
    till: str
    cashier: NotRequired[str | None]
    at: NotRequired[str | None]
    identifier: "Identifier"
    columns: NotRequired[Literal[32, 42, 48]]
    need: NotRequired[list[Literal["ask", "balance", "offers", "tier"]]]


class Tender(TypedDict):
    type: Literal["card", "cash", "credit", "gift_card", "prepaid", "sbp"]
    amount: str
    rrn: NotRequired[str | None]
