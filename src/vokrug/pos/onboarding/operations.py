"""From an invitation to a till that sells, and back."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec

from vokrug.pos.errors import TillUnknown
from vokrug.pos.onboarding import rules, store
from vokrug.pos.onboarding.errors import (
    IntegrationConflict,
    IntegrationUnknown,
    InvitationUnknown,
    InvitationUsed,
    KitNotPassed,
    ReasonNeeded,
)
from vokrug.pos.onboarding.schemas import Invite, KeysTaken, KitKey, TillKey
from vokrug.pos.onboarding.types import Integration
from vokrug.pos.types import Shop
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Caller, Role
from vokrug.runtime.keys import issue_key, put_to_sleep, revoke_key
from vokrug.runtime.signing import Vault

KIT_SHOP = "KIT"  # a shop of this code is where tills are tried
CLAIMED_AGAIN_FOR = timedelta(minutes=10)


def sealed_under(id: UUID) -> str:
    return f"invitation {id}"


async def invite(
    tx: Tx, vault: Vault, body: Invite, shop: Shop, by: Caller, now: datetime
) -> tuple[Integration, str, bool]:
    """The integration, its code, and whether it was asked for before."""
    tills = await store.tills_of(tx, shop.id)
    wanted = body.tills or list(tills)
    for till in wanted or ["?"]:
        if till not in tills:
            raise TillUnknown(till=till)
    code, body_hash = rules.new_code(), hashlib.sha256(msgspec.json.encode(body)).digest()
    is_new = await store.insert(
        tx,
        body.id,
        shop.id,
        [tills[till] for till in dict.fromkeys(wanted)],
        body.vendor,
        body.contact_email,
        body.software,
        body.language,
        by.is_sandbox,
        body_hash,
        body.id,
        rules.code_hash(code),
        vault.seal(sealed_under(body.id), code),
        now + timedelta(hours=body.valid_hours),
        now,
    )
    integration = await reached(tx, body.id, by)
    if not is_new and integration.body_hash != body_hash:
        raise IntegrationConflict()
    if is_new:
        await store.tell(tx, body.id, now, by.key_id, "invited", f"{body.vendor}, {body.software}")
    return integration, shown(vault, integration), not is_new


def shown(vault: Vault, integration: Integration) -> str:
    """The code, while it opens something."""
    if integration.claim_id is not None:
        return ""
    return vault.open(sealed_under(integration.id), integration.code_sealed)


async def reached(tx: Tx, id: UUID, by: Caller, *, locked: bool = True) -> Integration:
    """The only way to an integration for staff: a shop's own stay in their shop, the sandbox in the sandbox."""
    found = await store.find(tx, id, locked=locked)
    is_theirs = found is not None and by.shop_id in (None, found.shop_id)
    if found is None or not is_theirs or (by.is_sandbox and not found.is_sandbox):
        raise IntegrationUnknown()
    return found


async def invite_again(
    tx: Tx, vault: Vault, id: UUID, invitation_id: UUID, valid_hours: int, by: Caller, now: datetime
) -> tuple[Integration, str]:
    """Another code. Whatever was taken with the former ends."""
    integration = await reached(tx, id, by)
    if integration.invitation_id == invitation_id:
        return integration, shown(vault, integration)
    rules.require(integration, "invite_again")
    for key_id in integration.key_ids:
        await revoke_key(tx, key_id, now)
    code = rules.new_code()
    until = now + timedelta(hours=valid_hours)
    sealed = vault.seal(sealed_under(id), code)
    await store.invite_again(tx, id, invitation_id, rules.code_hash(code), sealed, until, now)
    await store.tell(tx, id, now, by.key_id, "invited", "again")
    return await reached(tx, id, by), code


async def claim(
    tx: Tx, vault: Vault, code: str, claim_id: UUID, kit: tuple[Shop, str, int] | None, now: datetime
) -> KeysTaken:
    """Take the keys, once. They sleep; the kit's key, where there is a kit, works."""
    integration = await store.lock_by_code(tx, rules.code_hash(code))
    if integration is None or (integration.claim_id is None and integration.code_until <= now):
        raise InvitationUnknown()
    if integration.claim_id is not None:
        is_repeat = integration.claim_id == claim_id and integration.claimed_at is not None
        if not is_repeat or now - (integration.claimed_at or now) > CLAIMED_AGAIN_FOR:
            raise InvitationUsed()
    codes = {id: code for code, id in (await store.tills_of(tx, integration.shop_id)).items()}
    keys = []
    for till_id in integration.till_ids:
        issued = await issue_key(
            tx,
            vault,
            uid=uuid5(integration.id, f"{claim_id} {till_id}"),
            role=Role.TILL,
            shop_id=integration.shop_id,
            till_id=till_id,
            label=f"{integration.vendor}: {integration.shop} {codes[till_id]}"[:200],
            sandbox=integration.is_sandbox,
            now=now,
            is_asleep=True,
        )
        keys.append(TillKey(shop=integration.shop, till=codes[till_id], key_id=issued.key_id, secret=issued.secret))
    kit_key = None if kit is None else await kit_key_of(tx, vault, integration, claim_id, kit, now)
    if integration.claim_id is None:
        key_ids = [key.key_id for key in keys] + ([kit_key.key_id] if kit_key else [])
        await store.claimed(tx, integration.id, claim_id, now, key_ids)
        await store.tell(tx, integration.id, now, integration.vendor, "keys_taken")
    return KeysTaken(integration=integration.id, keys=keys, kit=kit_key)


async def kit_key_of(
    tx: Tx, vault: Vault, integration: Integration, claim_id: UUID, kit: tuple[Shop, str, int], now: datetime
) -> KitKey:
    shop, till, till_id = kit
    issued = await issue_key(
        tx,
        vault,
        uid=uuid5(integration.id, f"{claim_id} kit"),
        role=Role.TILL,
        shop_id=shop.id,
        till_id=till_id,
        label=f"{integration.vendor}: kit for {integration.shop}"[:200],
        sandbox=True,
        now=now,
    )
    assert issued.token is not None, "a sandbox key is borne"
    return KitKey(shop=shop.code, till=till, key_id=issued.key_id, secret=issued.secret, token=issued.token)


async def vendor_reports(
    tx: Tx, code: str, claim_id: UUID, report: dict[str, Any], now: datetime
) -> tuple[Integration, bool]:
    """The taker of the keys sends what the check said."""
    integration = await store.lock_by_code(tx, rules.code_hash(code))
    if integration is None or integration.claim_id != claim_id:
        raise InvitationUnknown()
    return await note_report(tx, integration, report, integration.vendor, now)


async def staff_reports(
    tx: Tx, id: UUID, report: dict[str, Any], by: Caller, now: datetime
) -> tuple[Integration, bool]:
    return await note_report(tx, await reached(tx, id, by), report, by.key_id, now)


async def note_report(
    tx: Tx, integration: Integration, report: dict[str, Any], by: str, now: datetime
) -> tuple[Integration, bool]:
    """The last report counts. A live shop stays live: staff see that it no longer passes."""
    rules.require(integration, "report")
    passed = rules.has_passed(report)
    if integration.report == report:
        return integration, passed
    state = integration.state if integration.state in ("live", "suspended") else "conformance"
    await store.reported(tx, integration.id, state, report, passed, now)
    await store.tell(tx, integration.id, now, by, "passed" if passed else "failed")
    found = await store.find(tx, integration.id)
    assert found is not None, "it was locked a moment ago"
    return found, passed


async def go_live(tx: Tx, id: UUID, by: Caller, now: datetime, *, force: bool, reason: str) -> Integration:
    """The keys wake up. Only staff do this, and only for a till that passed, or with a reason."""
    integration = await reached(tx, id, by)
    rules.require(integration, "go_live")
    if integration.state == "live":
        return integration
    if not integration.report_passed and not force:
        raise KitNotPassed()
    if force and not integration.report_passed and not reason.strip():
        raise ReasonNeeded()
    what = "live" if integration.report_passed else "live_by_force"
    return await move(tx, integration, "live", what, by, now, reason)


async def suspend(tx: Tx, id: UUID, by: Caller, now: datetime, reason: str) -> Integration:
    """The tills' keys sleep, in every process within a second."""
    integration = await reached(tx, id, by)
    rules.require(integration, "suspend")
    if integration.state == "suspended":
        return integration
    if not reason.strip():
        raise ReasonNeeded()
    return await move(tx, integration, "suspended", "suspended", by, now, reason)


async def resume(tx: Tx, id: UUID, by: Caller, now: datetime, reason: str) -> Integration:
    integration = await reached(tx, id, by)
    rules.require(integration, "resume")
    if integration.state == "live":
        return integration
    return await move(tx, integration, "live", "resumed", by, now, reason)


async def move(
    tx: Tx, integration: Integration, state: str, what: str, by: Caller, now: datetime, note: str
) -> Integration:
    keys: Sequence[str] = integration.key_ids
    if what in ("suspended", "resumed"):  # whatever keys these tills have by now
        keys = await store.keys_of_tills(tx, integration.shop_id, integration.till_ids)
    await put_to_sleep(tx, keys, asleep=state != "live")
    await store.moved(tx, integration.id, state, now)
    await store.tell(tx, integration.id, now, by.key_id, what, note.strip())
    found = await store.find(tx, integration.id)
    assert found is not None, "it was locked a moment ago"
    return found
