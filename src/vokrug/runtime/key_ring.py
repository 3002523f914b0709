"""Keys remembered by a process, so that a hot call reads no database to know its caller."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from vokrug.runtime.database import Database
from vokrug.runtime.http import Caller, Role
from vokrug.runtime.keys import find_key, fresh_changes
from vokrug.runtime.request import Request
from vokrug.runtime.signing import (
    MAX_SKEW_S,
    Borne,
    KeyAsleep,
    KeyUnknown,
    SignatureWrong,
    Signed,
    StaleSignature,
    Vault,
    hash_token,
    sign,
)

CHANGES_READ_EVERY_S = 0.9  # whoever steals a key has a second
REMEMBERED_FOR_S = 300.0  # even when nothing was revoked, a key is read again after this long
MAX_UNKNOWN_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class LiveKey:
    caller: Caller
    secret: str
    token_sha256: bytes | None
    not_before: datetime
    forget_at_s: float
    ends_at: datetime | None = None
    is_asleep: bool = False

    def require_good(self, now: datetime) -> None:
        """A key has its time, and may sleep in it."""
        if now < self.not_before or (self.ends_at is not None and now >= self.ends_at):
            raise KeyUnknown(key_id=self.caller.key_id)
        if self.is_asleep:
            raise KeyAsleep(key_id=self.caller.key_id)


class KeyRing:
    """Who signed this? Keys are read once and remembered; every second, the next request first
    reads what was revoked or changed meanwhile. `now_s` is the wall clock that signatures are held against, and
    never a moved one: callers sign with theirs.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        *,
        now_s: Callable[[], float] = time.time,
        ticks_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.db = db
        self.vault = vault
        self._now_s = now_s
        self._ticks_s = ticks_s
        self._live: dict[str, LiveKey] = {}
        self._unknown: set[str] = set()
        self._changes_read_at_s = ticks_s()

    async def find(self, key_id: str) -> LiveKey:
        """The key of this id, from memory if it can be. Raises KeyUnknown."""
        ticks_s = self._ticks_s()
        if ticks_s - self._changes_read_at_s > CHANGES_READ_EVERY_S:
            await self._forget_changed(ticks_s)
        key = self._live.get(key_id)
        if key is None or key.forget_at_s < ticks_s:
            key = await self._read(key_id, ticks_s)
        return key

    async def _forget_changed(self, ticks_s: float) -> None:
        was_read_at_s = self._changes_read_at_s
        # Moved before the reading, so that one request reads and its neighbours go on.
        self._changes_read_at_s = ticks_s
        try:
            async with self.db.transaction(readonly=True) as tx:
                changed = await fresh_changes(tx)
        except BaseException:
            self._changes_read_at_s = was_read_at_s
            raise
        self._unknown.clear()
        if ticks_s - was_read_at_s > 50:  # slept longer than a reading looks back
            self._live.clear()
        for key_id in changed:
            self._live.pop(key_id, None)

    async def _read(self, key_id: str, ticks_s: float) -> LiveKey:
        if key_id in self._unknown:
            raise KeyUnknown(key_id=key_id)
        async with self.db.transaction(readonly=True) as tx:
            sealed = await find_key(tx, key_id)
        if sealed is None or sealed.revoked_at is not None:
            self._live.pop(key_id, None)
            if len(self._unknown) < MAX_UNKNOWN_REMEMBERED:
                self._unknown.add(key_id)
            raise KeyUnknown(key_id=key_id)
        key = LiveKey(
            caller=Caller(
                key_id=key_id,
                role=Role(sealed.role),
                shop_id=sealed.shop_id,
                till_id=sealed.till_id,
                is_sandbox=sealed.is_sandbox,
            ),
            secret=self.vault.open(key_id, sealed.secret_sealed),
            token_sha256=sealed.token_sha256,
            not_before=sealed.not_before,
            forget_at_s=ticks_s + REMEMBERED_FOR_S,
            ends_at=sealed.ends_at,
            is_asleep=sealed.is_asleep,
        )
        self._live[key_id] = key
        return key

    def check(self, key: LiveKey, claim: Signed | Borne, request: Request, body: bytes, *, now: datetime) -> int:
        """The caller's clock skew in seconds. Raises when the claim is not the key's own."""
        if isinstance(claim, Borne):
            if key.token_sha256 is None or not hmac.compare_digest(hash_token(claim.token), key.token_sha256):
                raise SignatureWrong(key_id=key.caller.key_id)
            key.require_good(now)
            return 0
        expected = sign(key.secret, method=request.method, target=request.target, at_s=claim.at_s, body=body)
        if not hmac.compare_digest(expected, claim.signature):
            raise SignatureWrong(key_id=key.caller.key_id)
        now_s = int(self._now_s())
        skew_s = claim.at_s - now_s
        if abs(skew_s) > MAX_SKEW_S:
            server_time = datetime.fromtimestamp(now_s, UTC).isoformat()
            raise StaleSignature(skew_s=skew_s, server_time=server_time, server_ts=now_s)
        key.require_good(now)
        return skew_s
