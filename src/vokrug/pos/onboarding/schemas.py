"""Bodies of connecting tills."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from vokrug.pos.onboarding.types import State
from vokrug.pos.schemas import Body, Code, Moment, Reply, Words

Mailbox = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$", max_length=255)]
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Hours = Annotated[int, msgspec.Meta(ge=1, le=336)]
InvitationCode = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Invite(Body, frozen=True, kw_only=True):
    """`id` is the asker's. Without `tills`, all that the shop has. The vendor hears of the code from you."""

    id: UUID
    shop: Code
    tills: Annotated[tuple[Code, ...], msgspec.Meta(max_length=200)] = ()
    vendor: Short
    contact_email: Mailbox
    software: Short
    language: Literal["ru", "en"] = "ru"
    valid_hours: Hours = 72


class InviteAgain(Body, frozen=True, kw_only=True):
    """Another code, for one that ran out or went astray: the former opens nothing any more, and keys taken end."""

    invitation_id: UUID
    valid_hours: Hours = 72


class Deed(Reply, frozen=True, kw_only=True):
    at: datetime
    by: str
    what: str
    note: str


class IntegrationCard(Reply, frozen=True, kw_only=True):
    """How far a shop's tills are. `passed`: what the last report said, if there is one."""

    id: UUID
    shop: str
    tills: list[str]
    vendor: str
    contact_email: str
    software: str
    language: str
    state: State
    is_sandbox: bool
    key_ids: list[str]
    passed: bool | None
    reported_at: datetime | None
    claimed_at: datetime | None
    created_at: datetime
    changed_at: datetime


class Invited(Reply, frozen=True, kw_only=True):
    """`code` is read out or sent to the vendor once; who has it takes the keys."""

    integration: IntegrationCard
    code: str
    valid_until: datetime


class IntegrationStory(Reply, frozen=True, kw_only=True):
    """Who did what, the latest last, and what the till's last check said."""

    integration: IntegrationCard
    history: list[Deed]
    report: dict[str, Any] | None


class Integrations(Reply, frozen=True, kw_only=True):
    integrations: list[IntegrationCard]
    by_state: dict[str, int]
    next_after: int | None


class TakeKeys(Body, frozen=True, kw_only=True):
    """`claim_id` is made by the taker and kept: after a broken line the same keys come again, for ten minutes."""

    code: InvitationCode
    claim_id: UUID


class TillKey(Reply, frozen=True, kw_only=True):
    """A till's key. It sleeps until the shop goes live."""

    shop: str
    till: str
    key_id: str
    secret: str


class KitKey(Reply, frozen=True, kw_only=True):
    """A sandbox key of the shop that tills are tried with. It works at once, and may be borne as `token`."""

    shop: str
    till: str
    key_id: str
    secret: str
    token: str


class KeysTaken(Reply, frozen=True, kw_only=True):
    """The only time the secrets are shown. `kit` is there where this centre has a shop for trials."""

    integration: UUID
    keys: list[TillKey]
    kit: KitKey | None


class VendorReport(Body, frozen=True, kw_only=True):
    """What `vokrug till-check serve --report` wrote, from whoever took the keys."""

    code: InvitationCode
    claim_id: UUID
    report: dict[str, Any]


class StaffReport(Body, frozen=True, kw_only=True):
    report: dict[str, Any]


class Reported(Reply, frozen=True, kw_only=True):
    integration: UUID
    state: State
    passed: bool


class GoLive(Body, frozen=True, kw_only=True):
    """`force` sends a till live that has not passed; then `reason` says why."""

    force: bool = False
    reason: Words = ""


class Reason(Body, frozen=True, kw_only=True):
    reason: Words = ""


class ClaimSuccessor(Body, frozen=True, kw_only=True):
    shop: Code
    till: Code
    at: Moment | None = None


class SuccessorKey(Reply, frozen=True, kw_only=True):
    """The till's new key. Work with it from the next call on; the old one is good until `old_ends_at`."""

    key_id: str
    secret: str
    old_ends_at: datetime | None
