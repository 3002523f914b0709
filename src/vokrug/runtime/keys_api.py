"""Keys over HTTP, for staff."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from vokrug.runtime import keys
from vokrug.runtime.http import Answer, Call, Caller, Role, Routes
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.keys import Key, KeyIdReused, KeyNeedsATill, KeyNotFound
from vokrug.runtime.problems import RoleNotAllowed
from vokrug.runtime.rotation import KeyRotating, rotate_key

routes = Routes("keys")

Number = Annotated[int, Meta(ge=1, le=2**53)]
Label = Annotated[str, Meta(min_length=1, max_length=200)]


class IssueKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whom the key is for. `uid` is made by the asker and sent again after a broken line."""

    uid: UUID
    role: Literal["till", "partner", "staff"]
    label: Label
    shop_id: Number | None = None
    till_id: Number | None = None
    is_sandbox: bool = False
    not_before: Annotated[datetime, Meta(tz=True)] | None = None


class KeyIssued(msgspec.Struct):
    """The only time the secret is shown. A sandbox key may also be borne as a plain token."""

    key_id: str
    secret: str
    token: str | None


class KeyPage(msgspec.Struct):
    keys: list[Key]
    next_after: str | None  # send it as `after` to read on


@routes.post("/v1/keys", answers={201: KeyIssued}, refusals=[KeyIdReused, KeyNeedsATill], roles=[Role.STAFF])
async def issue(call: Call, body: IssueKey) -> Answer[KeyIssued]:
    """Issue a key. Its secret is shown now and never again."""
    if not _reaches(call.caller, body.shop_id, is_sandbox=body.is_sandbox):
        raise RoleNotAllowed()
    async with call.db.transaction() as tx:
        issued = await keys.issue_key(
            tx,
            call.services.get(KeyRing).vault,
            uid=body.uid,
            role=Role(body.role),
            shop_id=body.shop_id,
            till_id=body.till_id,
            label=body.label,
            sandbox=body.is_sandbox,
            now=call.now,
            not_before=body.not_before,
        )
    return Answer(KeyIssued(issued.key_id, issued.secret, issued.token), status=201)


@routes.get(
    "/v1/keys",
    answers={200: KeyPage},
    roles=[Role.STAFF],
    query={"shop_id": Number, "after": str, "limit": Annotated[int, Meta(ge=1, le=1000)]},
)
async def list_all(call: Call) -> Answer[KeyPage]:
    """List keys without their secrets, revoked ones too."""
    limit: int = call.asked.get("limit", 100)
    async with call.services.reports.transaction(readonly=True) as tx:
        found = await keys.list_keys(
            tx,
            shop_id=call.caller.shop_id or call.asked.get("shop_id"),
            after=call.asked.get("after"),
            limit=limit,
        )
    return Answer(KeyPage(found, next_after=found[-1].key_id if len(found) == limit else None))


@routes.post("/v1/keys/{key_id}:revoke", answers={204: None}, refusals=[KeyNotFound], roles=[Role.STAFF])
async def revoke(call: Call) -> Answer[None]:
    """End a key, stolen or done with, and a successor that was not used yet. All processes follow within a second."""
    key_id = call.path["key_id"]
    async with call.db.transaction() as tx:
        key = await keys.find_key(tx, key_id)
        if key is None or not _reaches(call.caller, key.shop_id, is_sandbox=key.is_sandbox):
            raise KeyNotFound(key_id=key_id)
        await keys.revoke_key(tx, key_id, call.now)
    return Answer(None, status=204)


class RotateKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`uid` is made by the asker. `old_ends`: when the overlap is over, or already when the new key is first used."""

    uid: UUID
    overlap_days: Annotated[int, Meta(ge=0, le=90)] = 7
    old_ends: Literal["after_overlap", "at_first_use"] = "after_overlap"


class KeyRotated(msgspec.Struct):
    """The successor, without its secret: its holder fetches that with the key it has."""

    key_id: str
    succeeds: str
    old_ends_at: datetime


@routes.post(
    "/v1/keys/{key_id}:rotate",
    answers={201: KeyRotated},
    refusals=[KeyNotFound, KeyIdReused, KeyRotating],
    roles=[Role.STAFF],
)
async def rotate(call: Call, body: RotateKey) -> Answer[KeyRotated]:
    """Make the key's successor. Both are good for the overlap, so nothing stops; repeat freely."""
    key_id = call.path["key_id"]
    async with call.db.transaction() as tx:
        key = await keys.find_key(tx, key_id)
        if key is None or not _reaches(call.caller, key.shop_id, is_sandbox=key.is_sandbox):
            raise KeyNotFound(key_id=key_id)
        new_id, ends_at = await rotate_key(
            tx,
            call.services.get(KeyRing).vault,
            key_id,
            uid=body.uid,
            overlap=timedelta(days=body.overlap_days),
            ends_at_first_use=body.old_ends == "at_first_use",
            now=call.now,
        )
    return Answer(KeyRotated(new_id, key_id, ends_at), status=201)


def _reaches(caller: Caller, shop_id: int | None, *, is_sandbox: bool) -> bool:
    """A shop's own staff stay in their shop, and a sandbox key, which signs nothing, in the sandbox."""
    return (caller.shop_id is None or caller.shop_id == shop_id) and (is_sandbox or not caller.is_sandbox)
