"""Bodies about proofs, and what a programme declares of them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from vokrug.pos.schemas import Body, Code, Money, Reply, Rev, Words

Method = Literal["sms", "call_last4", "pin", "app_code", "admin"]
Secret = Annotated[str, msgspec.Meta(min_length=4, max_length=64)]


class BurnProof(Body, frozen=True, kw_only=True):
    """When burning points takes the shopper's word, and how they may give it.

    `needed_from`: points in one check. `free_a_day`: what may burn in a day without a word, in however many checks, so
    that nobody empties a wallet by small burns; without it only the check counts. `attempts` and `lifetime_s` are a
    code's; another one is sent after `resend_after_s` at the soonest. `codes_a_day` to one customer and `till_hourly`
    from one till keep anybody from making us pay for messages.
    """

    needed_from: Money
    free_a_day: Money | None = None
    methods: Annotated[list[Method], msgspec.Meta(min_length=1, max_length=5)]
    attempts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    lifetime_s: Annotated[int, msgspec.Meta(ge=30, le=900)] = 120
    resend_after_s: Annotated[int, msgspec.Meta(ge=10, le=900)] = 30
    codes_a_day: Annotated[int, msgspec.Meta(ge=1, le=100)] = 8
    till_hourly: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 60


class WithoutReceipt(Body, frozen=True, kw_only=True):
    """Goods may come back without a receipt: at the lowest price of `days`, for no more than `most` at once."""

    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 30
    most: Money = "5000.00"


class TillPolicy(Body, frozen=True, kw_only=True):
    """What the programme asks of its tills. Without `burn_proof` points burn on the shopper's being there. A check is
    held for `hold_most_s` at the longest, however often it is extended. Without `without_receipt` nothing is taken back
    without one.
    """

    burn_proof: BurnProof | None = None
    hold_most_s: Annotated[int, msgspec.Meta(ge=900, le=604_800)] = 3_600
    without_receipt: WithoutReceipt | None = None


class TillPolicyDeclared(Reply, frozen=True, kw_only=True):
    version: int
    policy: TillPolicy


class Authorize(Body, frozen=True, kw_only=True):
    """First without `code`: it is sent, or asked for. Then the same with `code`. `rev` is the check's revision that
    is to be paid. The same `sending` is one message, however often it is asked for; the next number is another one.
    An administrator's word needs a `reason`.
    """

    shop: Code
    till: Code
    rev: Rev
    method: Method
    code: Secret | None = None
    sending: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    reason: Words = ""
    cashier: Code | None = None


class Authorized(Reply, frozen=True, kw_only=True):
    """`points`: the burn this is good for; a smaller one too. `to` ends as the number that it was sent to."""

    status: Literal["not_needed", "sent", "asked", "authorized"]
    method: Method
    points: str
    to: str | None
    expires_at: datetime | None
    resend_at: datetime | None
    tries_left: int | None
    methods: list[Method]
    cashier_text: str


class SupervisorGiven(Body, frozen=True, kw_only=True):
    """Who answers for others at a till, by a card or a code of their own. Without a shop, in every shop."""

    code: Code
    called: Words = ""
    shop: Code | None = None
    secret: Annotated[str, msgspec.Meta(min_length=6, max_length=64)] | None = None  # None: as it was
    is_active: bool = True


class SupervisorCard(Reply, frozen=True, kw_only=True):
    code: str
    called: str
    shop: str | None
    is_active: bool


class Supervisors(Reply, frozen=True, kw_only=True):
    supervisors: list[SupervisorCard]
