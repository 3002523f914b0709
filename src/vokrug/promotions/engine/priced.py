"""What the engine answers: every kopeck and every point, down to the unit that may come back one day."""

from typing import Literal

from msgspec import Struct

from vokrug.promotions.engine.offers.benefits import GiftChoice
from vokrug.promotions.engine.offers.parts import Missing
from vokrug.promotions.engine.offers.points import Activation, Expiry

Status = Literal["applied", "beaten", "not_met", "limit", "excluded", "unknown", "expired", "used"]
Shares = tuple[tuple[str, int], ...]  # who pays how much of it; together they make the whole


class Discount(Struct, frozen=True, gc=False):
    """What one offer took off one line. The cashier's own discount has offer 0, version 0."""

    offer_id: int
    version: int
    layer: str
    amount_minor: int
    funder: str  # who pays most of it
    shares: Shares = ()  # when several pay; else `funder` pays all


class LineEarn(Struct, frozen=True, gc=False):
    """Points that one rule gives for one line."""

    offer_id: int
    version: int
    points_minor: int


class UnitRun(Struct, frozen=True, gc=False):
    """Neighbouring units with the same sums. A weighed line is one unit, whatever it weighs.

    The sums are of ONE unit. `earn_by_rule` follows the order of the line's `earn`.
    """

    units: int
    unit_qty_milli: int
    net_minor: int  # to be paid in money, after discounts and points
    points_off_minor: int  # money that points have paid
    points_burn_minor: int  # those points
    earn_minor: int
    earn_by_rule: tuple[int, ...]


class Split(Struct, frozen=True, gc=False):
    """A row of the fiscal receipt: price × quantity, rounded half up, is the sum."""

    qty_milli: int
    price_minor: int
    sum_minor: int


class PricedLine(Struct, frozen=True, gc=False):
    """A line of the basket with its sums: net = gross − discounts − points_off."""

    n: int
    gross_minor: int
    discounts: tuple[Discount, ...]
    points_off_minor: int
    points_burn_minor: int
    net_minor: int
    earn: tuple[LineEarn, ...]
    units: tuple[UnitRun, ...]
    split: tuple[Split, ...]


class Totals(Struct, frozen=True, gc=False):
    """Sums over the lines."""

    gross_minor: int
    discount_minor: int
    points_off_minor: int
    points_burn_minor: int
    net_minor: int  # goods and delivery
    earn_minor: int
    delivery_minor: int = 0  # what delivery still costs, as a part of net_minor


class BurnAnswer(Struct, frozen=True, gc=False):
    """How many points may pay here, what bounds them, and how many do."""

    max_minor: int
    reasons: tuple[str, ...]
    applied_minor: int


class EarnByRule(Struct, frozen=True, gc=False):
    """One future grant, with the terms of its minute pinned on it."""

    offer_id: int
    version: int
    points_minor: int
    base_minor: int
    funder: str
    expires: Expiry
    active_from: Activation
    shares: Shares = ()


class Delivery(Struct, frozen=True, gc=False):
    """The charge for delivery, and what offers took off it."""

    before_minor: int
    net_minor: int
    discounts: tuple[Discount, ...] = ()


class GiftGiven(Struct, frozen=True, gc=False):
    """A gift on top: one of the choices, so many times. The till adds it at zero."""

    offer_id: int
    version: int
    choices: tuple[GiftChoice, ...]
    times: int
    funder: str


class CouponToIssue(Struct, frozen=True, gc=False):
    """Coupons for next time, to be issued when the sale is final."""

    offer_id: int
    version: int
    series: str
    count: int


class TierToGrant(Struct, frozen=True, gc=False):
    """A tier to be given when the sale is final."""

    offer_id: int
    version: int
    tier: str
    days: int


class Taking(Struct, frozen=True, gc=False):
    """What an applied offer takes of its limits, to be counted with the sale."""

    offer_id: int
    version: int
    uses: int
    units: int
    amount_minor: int
    points_minor: int = 0
    code: str | None = None


class Hint(Struct, frozen=True, gc=False):
    """What to offer the customer: with what is missing, this much more would be gained. Best first."""

    offer_id: int
    version: int
    gain_minor: int
    gain_points_minor: int
    missing: Missing


class Verdict(Struct, frozen=True, gc=False):
    """What became of an offer that touches the basket, or of a code that was shown.

    `amount_minor` is what it gives (applied), or by how much it lost (beaten, by `by`). A code that leads to
    no offer has offer 0.
    """

    offer_id: int
    version: int
    status: Status
    amount_minor: int = 0
    by: int | None = None
    missing_qty_milli: int = 0
    missing_minor: int = 0
    reason: str = ""
    code: str | None = None
    missing: Missing | None = None


class Priced(Struct, frozen=True, gc=False):
    """The whole answer."""

    lines: tuple[PricedLine, ...]
    totals: Totals
    burn: BurnAnswer
    earn: tuple[EarnByRule, ...]
    verdicts: tuple[Verdict, ...]
    rules_version: str
    optimality: Literal["proven", "bounded"]
    gap_minor: int = 0  # bounded: the customer can owe at most this much less
    delivery: Delivery | None = None
    gifts: tuple[GiftGiven, ...] = ()
    coupons_to_issue: tuple[CouponToIssue, ...] = ()
    tier_grants: tuple[TierToGrant, ...] = ()
    takings: tuple[Taking, ...] = ()
    hints: tuple[Hint, ...] = ()
