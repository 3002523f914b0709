"""Passkeys: made on a device of somebody who has just signed in, and then a proof of two kinds by themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from vokrug.accounts import limits
from vokrug.accounts.errors import AttemptOver, PasskeyRefused
from vokrug.accounts.operations import entering, meters
from vokrug.accounts.operations.codes import Visitor
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import attempts as store
from vokrug.accounts.store import people
from vokrug.accounts.types import Account, Attempt, Outcome, Passkey, Session
from vokrug.accounts.vault import hashed
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

CEREMONY_LIFE = timedelta(minutes=5)
MOST_PASSKEYS = 10
AMR = ("hwk", "user", "mfa")


async def begin_sign_in(tx: Tx, provider: Provider, visitor: Visitor, now: datetime) -> tuple[UUID, bytes]:
    """Options for any passkey of ours that the device has: nobody says who they are beforehand."""
    await meters.count(tx, provider.keys, limits.of_passkey(visitor.network), now)
    options = generate_authentication_options(
        rp_id=provider.host, user_verification=UserVerificationRequirement.REQUIRED
    )
    id = new_id()
    await store.insert_attempt(
        tx,
        id,
        hashed(visitor.cookie),
        "passkey",
        now=now,
        expires_at=now + CEREMONY_LIFE,
        challenge=options.challenge,
    )
    return id, options_to_json(options).encode()


async def finish_sign_in(
    tx: Tx,
    provider: Provider,
    visitor: Visitor,
    attempt_id: UUID,
    credential: dict[str, Any],
    now: datetime,
    earlier: Session | None,
) -> Outcome:
    """The device has signed our challenge, and has asked its owner for a finger, a face or a PIN."""
    attempt = await _ceremony(tx, visitor, attempt_id, "passkey", now)
    passkey = await store.lock_passkey(tx, _id_of(credential))
    if passkey is None:
        raise PasskeyRefused
    try:
        done = verify_authentication_response(
            credential=credential,
            expected_challenge=attempt.challenge or b"",
            expected_rp_id=provider.host,
            expected_origin=provider.issuer,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise PasskeyRefused from None
    await store.use_passkey(tx, passkey.credential_id, done.new_sign_count, now)
    account = await people.find_account(tx, passkey.account_id)
    if account is None:
        raise PasskeyRefused
    return await entering.enter(tx, account, attempt.id, AMR, visitor.device, now, earlier)


async def begin_passkey(
    tx: Tx, provider: Provider, visitor: Visitor, account: Account, label: str, now: datetime
) -> tuple[UUID, bytes]:
    known = await store.list_passkeys(tx, account.id)
    if len(known) >= MOST_PASSKEYS:
        raise PasskeyRefused
    options = generate_registration_options(
        rp_id=provider.host,
        rp_name=provider.host,
        user_id=account.id.bytes,
        user_name=label,
        user_display_name=label,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
    )
    id = new_id()
    await store.insert_attempt(
        tx,
        id,
        hashed(visitor.cookie),
        "add_passkey",
        now=now,
        expires_at=now + CEREMONY_LIFE,
        challenge=options.challenge,
        account_id=account.id,
    )
    return id, options_to_json(options).encode()


async def finish_passkey(
    tx: Tx,
    provider: Provider,
    visitor: Visitor,
    account: Account,
    attempt_id: UUID,
    credential: dict[str, Any],
    name: str,
    now: datetime,
) -> None:
    attempt = await _ceremony(tx, visitor, attempt_id, "add_passkey", now)
    if attempt.account_id != account.id:
        raise AttemptOver
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=attempt.challenge or b"",
            expected_rp_id=provider.host,
            expected_origin=provider.issuer,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise PasskeyRefused from None
    passkey = Passkey(
        credential_id=made.credential_id,
        account_id=account.id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name[:60] or "Passkey",
        is_synced=made.credential_backed_up,
        made_at=now,
        used_at=None,
    )
    if not await store.insert_passkey(tx, passkey):
        raise PasskeyRefused
    await store.finish_attempt(tx, attempt.id, now)


async def passkeys(tx: Tx, account: Account) -> Sequence[Passkey]:
    return await store.list_passkeys(tx, account.id)


async def drop_passkey(tx: Tx, account: Account, credential_id: bytes) -> None:
    """Repeat freely."""
    await store.drop_passkey(tx, credential_id, account.id)


async def _ceremony(tx: Tx, visitor: Visitor, id: UUID, kind: str, now: datetime) -> Attempt:
    attempt = await store.lock_attempt(tx, id, hashed(visitor.cookie), now)
    if attempt is None or attempt.kind != kind or attempt.challenge is None:
        raise AttemptOver
    return attempt


def _id_of(credential: dict[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(str(credential["id"]))
    except (KeyError, ValueError):
        raise PasskeyRefused from None


def read_credential(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        raise PasskeyRefused from None
