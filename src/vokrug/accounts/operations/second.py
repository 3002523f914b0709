"""The second proof: one-time codes of an authenticator app (RFC 6238). Each is good once."""

import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from vokrug.accounts import limits
from vokrug.accounts.errors import AttemptOver, CodeWrong
from vokrug.accounts.operations import entering, meters
from vokrug.accounts.operations.codes import Visitor
from vokrug.accounts.operations.sessions import open_session
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import attempts as store
from vokrug.accounts.store import people
from vokrug.accounts.types import Account, Outcome, Session, SignedIn, Wrong
from vokrug.accounts.vault import hashed
from vokrug.runtime.database import Tx

STEP_S = 30
SECRET_BYTES = 20
# A phone's clock may be a step behind or ahead.
STEPS_AROUND = (0, -1, 1)


@dataclass(frozen=True, slots=True)
class NewTotp:
    """What an authenticator app is given, to be typed or scanned."""

    secret: str
    address: str


async def begin_totp(tx: Tx, provider: Provider, account: Account, label: str) -> NewTotp:
    """A new secret; it counts from its first code on."""
    secret = secrets.token_bytes(SECRET_BYTES)
    await store.put_totp(tx, account.id, provider.keys.seal(f"totp {account.id}", secret))
    text = b32encode(secret).decode()
    issuer = quote(provider.host)
    return NewTotp(text, f"otpauth://totp/{issuer}:{quote(label)}?secret={text}&issuer={issuer}")


async def confirm_totp(tx: Tx, provider: Provider, account: Account, code: str, now: datetime) -> None:
    if not await check_totp(tx, provider, account.id, code, now, is_first=True):
        raise CodeWrong


async def drop_totp(tx: Tx, account: Account) -> None:
    await store.put_totp(tx, account.id, None)


async def check_totp(
    tx: Tx, provider: Provider, account_id: UUID, code: str, now: datetime, *, is_first: bool = False
) -> bool:
    """Is it a code of now, which nobody has used? Then nobody uses it again."""
    sealed, is_confirmed, last_step = await store.totp(tx, account_id)
    if sealed is None or is_confirmed == is_first:
        return False
    await meters.count(tx, provider.keys, limits.of_second(str(account_id)), now)
    totp = TOTP(provider.keys.open(f"totp {account_id}", sealed), 6, SHA1(), STEP_S)  # noqa: S303
    at = int(now.timestamp()) // STEP_S
    for step in (at + offset for offset in STEPS_AROUND):
        if hmac.compare_digest(totp.generate(step * STEP_S), code.encode()) and step > last_step:
            await store.use_totp(tx, account_id, step, now)
            return True
    return False


async def enter_second(
    tx: Tx, provider: Provider, visitor: Visitor, attempt_id: UUID, code: str, now: datetime, earlier: Session | None
) -> Outcome:
    """The first proof was good; here is the second. Commit either way: tries are counted."""
    attempt = await store.lock_attempt(tx, attempt_id, hashed(visitor.cookie), now)
    if attempt is None or attempt.proved_at is None or attempt.account_id is None:
        raise AttemptOver
    account = await people.find_account(tx, attempt.account_id)
    if account is None:
        raise AttemptOver
    if not await check_totp(tx, provider, account.id, code, now):
        return Wrong(may_retry=True)
    amr = (*attempt.amr, "otp", "mfa")
    return await entering.enter(tx, account, attempt.id, amr, visitor.device, now, earlier)


async def step_up(tx: Tx, provider: Provider, visitor: Visitor, session: Session, code: str, now: datetime) -> Outcome:
    """Somebody signed in proves more, for a product that wants it."""
    account = await people.find_account(tx, session.account_id)
    assert account is not None, "a session is of an account"
    if not await check_totp(tx, provider, account.id, code, now):
        return Wrong(may_retry=True)
    amr = (*(way for way in session.amr if way not in ("otp", "mfa")), "otp", "mfa")
    return SignedIn(await open_session(tx, account, amr=amr, device=visitor.device, now=now, earlier=session))
