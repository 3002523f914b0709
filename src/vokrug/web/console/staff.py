"""Who is at the console, and what they may open."""

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from vokrug import accounts
from vokrug.runtime.http import Answer, Call, Role
from vokrug.runtime.key_ring import KeyRing, LiveKey
from vokrug.runtime.signing import KeyAsleep, KeyUnknown
from vokrug.web.frame import cookies_of

COOKIE = "vokrug_staff"
LIVES_S = 12 * 3600


class Duty(StrEnum):
    """What somebody is there for."""

    OWNER = "owner"
    MARKETER = "marketer"
    MANAGER = "manager"
    SUPPORT = "support"
    STEWARD = "steward"
    ANALYST = "analyst"
    FRANCHISEE = "franchisee"


@dataclass(frozen=True, slots=True)
class Staff:
    """`id` is what the audit keeps. `shops`: these only; none named is all of them. `cookie` is what their browser came
    in by, which its forms are bound to.
    """

    id: str
    name: str
    duties: frozenset[Duty]
    shops: frozenset[str] = frozenset()
    cookie: str = field(default="", repr=False)

    def may(self, *duties: Duty) -> bool:
        """An owner may everything."""
        return bool(self.duties & {Duty.OWNER, *duties})


class StaffDoor(Protocol):
    """How staff come in. An answer leads whoever has half come in to the proof that is missing."""

    async def staff_of(self, call: Call) -> Staff | Answer[bytes] | None: ...


class AccountDoor:
    """Staff who sign in as everybody does, with two proofs. Roles are duties; they are looked up at each page."""

    def __init__(self, back: str) -> None:
        self._back = back

    async def staff_of(self, call: Call) -> Staff | Answer[bytes] | None:
        member = await accounts.staff_here(call, self._back)
        if not isinstance(member, accounts.StaffMember):
            return member
        duties = frozenset(Duty(role.value) for role in member.post.roles)
        return Staff(str(member.id), member.called, duties, member.post.shops, cookie=accounts.Visit.of(call).cookie)


class KeyDoor:
    """Staff by a key of theirs: whoever shows its secret is given a cookie, which is worth nothing once the key is
    revoked. The cookie is made from the key's id and the installation's secret; nothing is kept of it.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"vokrug console 1", "sha256")

    async def enter(self, call: Call, token: str) -> str | None:
        """The cookie of whoever bears this key of staff; None: it is nobody's."""
        key_id, _, secret = token.strip().partition(".")
        key = await _key(call, key_id)
        if key is None or not hmac.compare_digest(key.secret.encode(), secret.encode()):
            return None
        until = int(time.time()) + LIVES_S
        return f"{key_id}.{until}.{self._mac(f'{key_id}.{until}')}"

    async def staff_of(self, call: Call) -> Staff | None:
        key_id, _, rest = cookie_of(call.headers).partition(".")
        until, _, mac = rest.partition(".")
        is_ours = hmac.compare_digest(mac.encode(), self._mac(f"{key_id}.{until}").encode())
        if not is_ours or int(until) < time.time() or (key := await _key(call, key_id)) is None:
            return None
        return Staff(key.caller.key_id, "", frozenset({Duty.OWNER}))

    def form_token(self, cookie: str) -> str:
        """What a form of ours carries: it fits the cookie and no other."""
        return self._mac(f"form {cookie}")

    def _mac(self, text: str) -> str:
        return hmac.digest(self._secret, text.encode(), "sha256").hex()[:40]


async def _key(call: Call, key_id: str) -> LiveKey | None:
    try:
        key = await call.services.get(KeyRing).find(key_id)
        key.require_good(call.now)
    except (KeyUnknown, KeyAsleep):
        return None
    return key if key.caller.role is Role.STAFF else None


def cookie_of(headers: Mapping[str, str]) -> str:
    return cookies_of(headers).get(COOKIE, "")
