"""Connecting tills over HTTP: for staff, and for a vendor with a code."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from vokrug.pos import errors
from vokrug.pos.checkout import Checkout
from vokrug.pos.onboarding import operations, store
from vokrug.pos.onboarding.errors import (
    ClaimsTooMany,
    IntegrationConflict,
    IntegrationState,
    IntegrationUnknown,
    InvitationUnknown,
    InvitationUsed,
    KitNotPassed,
    ReasonNeeded,
)
from vokrug.pos.onboarding.guard import ClaimGuard
from vokrug.pos.onboarding.schemas import (
    ClaimSuccessor,
    Deed,
    GoLive,
    IntegrationCard,
    Integrations,
    IntegrationStory,
    Invite,
    InviteAgain,
    Invited,
    KeysTaken,
    Reason,
    Reported,
    StaffReport,
    SuccessorKey,
    TakeKeys,
    VendorReport,
)
from vokrug.pos.onboarding.types import Integration
from vokrug.pos.types import Shop
from vokrug.runtime.http import Answer, Call, Role, Routes
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.rotation import NoSuccessor, fetch_successor
from vokrug.runtime.signing import Vault

routes = Routes("integrations")

ONE = "/v1/integrations/{id:uuid}"
REPLAYED = {"Idempotent-Replay": "true"}


def vault_of(call: Call) -> Vault:
    return call.services.get(KeyRing).vault


def card(call: Call, integration: Integration) -> IntegrationCard:
    tills = {till.id: till.code for till in call.services.get(Checkout).reference.tills.values()}
    return IntegrationCard(
        id=integration.id,
        shop=integration.shop,
        tills=[tills.get(id, str(id)) for id in integration.till_ids],
        vendor=integration.vendor,
        contact_email=integration.contact_email,
        software=integration.software,
        language=integration.language,
        state=integration.state,
        is_sandbox=integration.is_sandbox,
        key_ids=integration.key_ids,
        passed=integration.report_passed,
        reported_at=integration.reported_at,
        claimed_at=integration.claimed_at,
        created_at=integration.created_at,
        changed_at=integration.changed_at,
    )


def shop_within_reach(call: Call, code: str) -> Shop:
    shop = call.services.get(Checkout).reference.shops.get(code)
    if shop is None or call.caller.shop_id not in (None, shop.id):
        raise errors.ShopUnknown(shop=code)
    return shop


@routes.post(
    "/v1/integrations",
    answers={200: Invited, 201: Invited},
    refusals=[errors.ShopUnknown, errors.TillUnknown, IntegrationConflict, IntegrationUnknown],
)
async def invite(call: Call, body: Invite) -> Answer[Invited]:
    """Invite whoever looks after a shop's tills. The code takes their keys, once; repeat freely."""
    shop = shop_within_reach(call, body.shop)
    async with call.db.transaction() as tx:
        found, code, is_repeat = await operations.invite(tx, vault_of(call), body, shop, call.caller, call.now)
    answer = Invited(integration=card(call, found), code=code, valid_until=found.code_until)
    return Answer(answer, 200, REPLAYED) if is_repeat else Answer(answer, 201)


@routes.post(f"{ONE}:invite", answers={200: Invited}, refusals=[IntegrationUnknown, IntegrationState])
async def invite_again(call: Call, body: InviteAgain) -> Answer[Invited]:
    """Another code for the same integration; the former one and the keys taken with it end."""
    async with call.db.transaction() as tx:
        found, code = await operations.invite_again(
            tx, vault_of(call), UUID(call.path["id"]), body.invitation_id, body.valid_hours, call.caller, call.now
        )
    return Answer(Invited(integration=card(call, found), code=code, valid_until=found.code_until))


@routes.get(
    "/v1/integrations",
    answers={200: Integrations},
    query={
        "state": Literal["invited", "keys", "conformance", "live", "suspended"],
        "shop": str,
        "vendor": str,
        "after": Annotated[int, msgspec.Meta(ge=0, le=2**53)],
        "limit": Annotated[int, msgspec.Meta(ge=1, le=1000)],
    },
)
async def list_integrations(call: Call) -> Answer[Integrations]:
    """Integrations with their state, page by page, and how many there are of each."""
    limit: int = call.asked.get("limit", 100)
    asked = [call.asked.get(name) for name in ("state", "shop", "vendor")]
    async with call.services.reports.transaction(readonly=True) as tx:
        found = await store.listed(tx, *asked, call.caller.shop_id, call.asked.get("after", 0), limit)
        by_state = await store.counted(tx, call.caller.shop_id)
    return Answer(
        Integrations(
            integrations=[card(call, one) for one in found],
            by_state=by_state,
            next_after=found[-1].place if len(found) == limit else None,
        )
    )


@routes.get(ONE, answers={200: IntegrationStory}, refusals=[IntegrationUnknown])
async def get_integration(call: Call) -> Answer[IntegrationStory]:
    """One integration: who did what, and what the till's last check said."""
    async with call.db.transaction(readonly=True) as tx:
        found = await operations.reached(tx, UUID(call.path["id"]), call.caller, locked=False)
        history = await store.history(tx, found.id)
    return Answer(
        IntegrationStory(
            integration=card(call, found),
            history=[Deed(at=one.at, by=one.by, what=one.what, note=one.note) for one in history],
            report=found.report,
        )
    )


@routes.post(f"{ONE}:report", answers={200: Reported}, refusals=[IntegrationUnknown, IntegrationState])
async def report(call: Call, body: StaffReport) -> Answer[Reported]:
    """Record what `vokrug till-check serve --report` wrote."""
    async with call.db.transaction() as tx:
        found, passed = await operations.staff_reports(tx, UUID(call.path["id"]), body.report, call.caller, call.now)
    return Answer(Reported(integration=found.id, state=found.state, passed=passed))


@routes.post(
    f"{ONE}:go-live",
    answers={200: IntegrationCard},
    refusals=[IntegrationUnknown, IntegrationState, KitNotPassed, ReasonNeeded],
)
async def go_live(call: Call, body: GoLive) -> Answer[IntegrationCard]:
    """Wake the shop's keys: its till passed its check, or somebody says why it should sell all the same."""
    async with call.db.transaction() as tx:
        found = await operations.go_live(
            tx, UUID(call.path["id"]), call.caller, call.now, force=body.force, reason=body.reason
        )
    return Answer(card(call, found))


@routes.post(
    f"{ONE}:suspend", answers={200: IntegrationCard}, refusals=[IntegrationUnknown, IntegrationState, ReasonNeeded]
)
async def suspend(call: Call, body: Reason) -> Answer[IntegrationCard]:
    """Put all keys of the shop's tills to sleep, within a second everywhere."""
    async with call.db.transaction() as tx:
        found = await operations.suspend(tx, UUID(call.path["id"]), call.caller, call.now, body.reason)
    return Answer(card(call, found))


@routes.post(f"{ONE}:resume", answers={200: IntegrationCard}, refusals=[IntegrationUnknown, IntegrationState])
async def resume(call: Call, body: Reason) -> Answer[IntegrationCard]:
    """Wake them again."""
    async with call.db.transaction() as tx:
        found = await operations.resume(tx, UUID(call.path["id"]), call.caller, call.now, body.reason)
    return Answer(card(call, found))


# For the vendor, who has a code and no key yet


@routes.post(
    "/pos/v1/onboarding:claim",
    answers={200: KeysTaken},
    refusals=[InvitationUnknown, InvitationUsed, ClaimsTooMany],
    is_public=True,
    roles=[Role.ANYONE],
)
async def claim(call: Call, body: TakeKeys) -> Answer[KeysTaken]:
    """Take the keys of an invitation, once. Keep `claim_id`: it brings the same keys after a broken line."""
    guard = call.services.get(ClaimGuard)
    guard.require_calm(call.peer)
    try:
        async with call.db.transaction() as tx:
            taken = await operations.claim(tx, vault_of(call), body.code, body.claim_id, kit_of(call), call.now)
    except (InvitationUnknown, InvitationUsed):
        guard.was_wrong(call.peer)
        raise
    return Answer(taken, headers={"cache-control": "no-store"})


def kit_of(call: Call) -> tuple[Shop, str, int] | None:
    """The shop that tills are tried with, and its first till."""
    reference = call.services.get(Checkout).reference
    shop = reference.shops.get(operations.KIT_SHOP)
    if shop is None:
        return None
    tills = sorted(till.code for till in reference.tills.values() if till.shop_id == shop.id)
    return (shop, tills[0], reference.tills[shop.id, tills[0]].id) if tills else None


@routes.post(
    "/pos/v1/onboarding:report",
    answers={200: Reported},
    refusals=[InvitationUnknown, IntegrationState, ClaimsTooMany],
    is_public=True,
    roles=[Role.ANYONE],
)
async def vendor_report(call: Call, body: VendorReport) -> Answer[Reported]:
    """Send what `vokrug till-check serve --report` wrote, with the code and the `claim_id` that took the keys."""
    guard = call.services.get(ClaimGuard)
    guard.require_calm(call.peer)
    try:
        async with call.db.transaction() as tx:
            found, passed = await operations.vendor_reports(tx, body.code, body.claim_id, body.report, call.now)
    except InvitationUnknown:
        guard.was_wrong(call.peer)
        raise
    return Answer(Reported(integration=found.id, state=found.state, passed=passed))


# For a till whose key is being changed


@routes.post(
    "/pos/v1/keys:claim",
    answers={200: SuccessorKey},
    refusals=[errors.ShopUnknown, errors.TillUnknown, errors.ForeignShop, NoSuccessor],
    roles=[Role.TILL],
)
async def claim_key(call: Call, body: ClaimSuccessor) -> Answer[SuccessorKey]:
    """Fetch the new key with the old one, after the command `rotate_key`. Repeat freely until the new one is used."""
    call.services.get(Checkout).reference.place(call.caller, body.shop, body.till)
    async with call.db.transaction(readonly=True) as tx:
        found = await fetch_successor(tx, vault_of(call), call.caller.key_id)
    answer: Any = SuccessorKey(key_id=found.key.key_id, secret=found.key.secret, old_ends_at=found.old_ends_at)
    return Answer(answer, headers={"cache-control": "no-store"})
