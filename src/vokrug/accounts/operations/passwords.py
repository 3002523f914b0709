"""Passwords, for products that insist. Hashed by Argon2id; an unknown login costs as much as a known one."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vokrug import customers
from vokrug.accounts import limits
from vokrug.accounts.errors import PasswordWeak
from vokrug.accounts.operations import entering, meters
from vokrug.accounts.operations.codes import Visitor
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import attempts as store
from vokrug.accounts.store import people
from vokrug.accounts.types import Account, Outcome, Session, Wrong
from vokrug.accounts.vault import hashed
from vokrug.kernel import new_id
from vokrug.runtime.database import Database, Tx

# OWASP's second choice: 19 MiB, two passes. About 20 ms of one core.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
NOBODYS = HASHER.hash("a password of nobody")
SHORTEST, LONGEST = 10, 128
COMMON = ("password", "пароль", "qwerty", "йцукен", "123456", "111111", "abc123", "iloveyou")
PASSED_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Whose password is to be checked, and against what. For an unknown login, against nobody's."""

    account: Account | None
    hash: str


async def enter_password(
    db: Database,
    provider: Provider,
    directory: customers.Directory,
    visitor: Visitor,
    login: str,
    password: str,
    now: datetime,
    earlier: Session | None,
) -> Outcome:
    """A phone or an e-mail with a password. The hash is computed in a thread, between two transactions: other requests
    go on, and no connection is held.
    """
    kind = "email" if "@" in login else "phone"
    async with db.transaction() as tx:
        identifier = directory.identify(kind, login)
        await meters.count(tx, provider.keys, limits.of_password(identifier.value, visitor.network), now)
        account = await people.account_of_login(tx, kind, identifier.hash)
        kept = None if account is None else await store.password(tx, account.id)
    if not await verified(kept or NOBODYS, password) or account is None or kept is None:
        return Wrong(may_retry=True)
    renewed = await hashed_password(password) if HASHER.check_needs_rehash(kept) else None
    async with db.transaction() as tx:
        if renewed is not None:
            await store.put_password(tx, account.id, renewed)
        return await passed(tx, visitor, account, ("pwd",), now, earlier)


async def passed(
    tx: Tx, visitor: Visitor, account: Account, amr: tuple[str, ...], now: datetime, earlier: Session | None
) -> Outcome:
    """A first proof that needed no attempt of its own; one is made for what may come second."""
    id = new_id()
    await store.insert_attempt(
        tx,
        id,
        hashed(visitor.cookie),
        "password",
        now=now,
        expires_at=now + PASSED_LIFE,
        account_id=account.id,
        amr=amr,
    )
    await store.prove_attempt(tx, id, account.id, amr, now)
    return await entering.enter(tx, account, id, amr, visitor.device, now, earlier)


def require_strong(password: str) -> None:
    """Long, and not what anybody would try first. Nothing else helps, as NIST has it."""
    plain = password.casefold()
    is_common = any(word in plain and len(plain) - len(word) < 5 for word in COMMON)
    if not SHORTEST <= len(password) <= LONGEST or is_common or len(set(plain)) < 5:
        raise PasswordWeak(shortest=SHORTEST)


async def put_password(tx: Tx, account_id: UUID, hash: str | None) -> None:
    await store.put_password(tx, account_id, hash)


async def hashed_password(password: str) -> str:
    return await asyncio.to_thread(HASHER.hash, password)


async def verified(hash: str, password: str) -> bool:
    def check() -> bool:
        try:
            return HASHER.verify(hash, password)
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.to_thread(check)
