"""Where people are signed in: devices, opened and ended. A token is new whenever somebody proves who they are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from vokrug.accounts import rules
from vokrug.accounts.errors import SessionUnknown
from vokrug.accounts.store import people as store
from vokrug.accounts.types import Account, Acr, Session
from vokrug.accounts.vault import hashed, new_token
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

LONGEST_DEVICE = 200
SEEN_EVERY = timedelta(hours=1)  # a page must not cost a write


async def open_session(
    tx: Tx, account: Account, *, amr: Sequence[str], device: str, now: datetime, earlier: Session | None = None
) -> str:
    """Somebody has proved who they are: the token of their device. Whoever was signed in here before is not any more,
    and the same person on the same device goes on with a new token, so that one planted before is worth nothing.
    """
    token = new_token("vks_session")
    acr = acr_of(amr)
    if earlier is not None and earlier.account_id == account.id:
        await store.renew_session(tx, earlier.id, hashed(token), amr=amr, acr=acr, now=now)
        return token
    if earlier is not None:
        await store.end_session(tx, earlier.id, now, "another person signed in")
    await store.insert_session(
        tx, new_id(), hashed(token), account.id, amr=amr, acr=acr, device=device[:LONGEST_DEVICE], now=now
    )
    return token


def acr_of(amr: Sequence[str]) -> str:
    """A passkey that asked for a finger or a PIN is two proofs in one."""
    return Acr.TWO if "mfa" in amr else Acr.ONE


async def session_of(tx: Tx, token: str | None, now: datetime) -> Session | None:
    """Who holds the cookie; None for an unknown, ended or forgotten one."""
    if not token:
        return None
    found = await store.find_session(
        tx, hashed(token), made_after=now - rules.SESSION_LIFE, seen_after=now - rules.SESSION_IDLE
    )
    if found is not None and now - found.seen_at >= SEEN_EVERY:
        await store.see_session(tx, found.id, now)
    return found


async def devices(tx: Tx, account_id: UUID, now: datetime) -> Sequence[Session]:
    return await store.list_sessions(tx, account_id, made_after=now - rules.SESSION_LIFE)


async def end_device(tx: Tx, account_id: UUID, session_id: UUID, now: datetime) -> None:
    """Sign one of one's own devices out. Somebody else's looks as if it did not exist."""
    if session_id not in {session.id for session in await devices(tx, account_id, now)}:
        raise SessionUnknown
    await store.end_session(tx, session_id, now, "signed out")


async def end_all(tx: Tx, account_id: UUID, now: datetime, why: str, *, but: UUID | None = None) -> None:
    for session in await devices(tx, account_id, now):
        if session.id != but:
            await store.end_session(tx, session.id, now, why)
