"""HTTP for systems that have their own ids of our customers. What a key may see, staff have granted it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from vokrug.customers.crosswalk import operations
from vokrug.customers.crosswalk.errors import (
    CrosswalkCursorMalformed,
    CrosswalkForOneself,
    CrosswalkNotYours,
    CrosswalkTypeSecret,
)
from vokrug.customers.crosswalk.types import Right, Walked
from vokrug.customers.directory import Directory
from vokrug.customers.errors import IdentifierTypeUnknown
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes
from vokrug.runtime.streaming import Stream

routes = Routes("crosswalk")
READERS = [Role.PARTNER, Role.STAFF]
MOST = 10_000

Code = Annotated[str, Meta(min_length=1, max_length=64)]
Value = Annotated[str, Meta(min_length=1, max_length=320)]


class PutRight(Struct, kw_only=True):
    """Keys of one sector see the same ids. Not pairwise, they see ours."""

    types: Annotated[list[Code], Meta(min_length=1, max_length=50)]
    sector: Annotated[str, Meta(min_length=1, max_length=64)]
    is_pairwise: bool = True


class RightCard(PutRight, kw_only=True):
    key: str
    granted_by: str

    @classmethod
    def of(cls, right: Right) -> "RightCard":
        return cls(
            key=right.key_id,
            types=list(right.types),
            sector=right.sector,
            is_pairwise=right.is_pairwise,
            granted_by=right.granted_by,
        )


class RightCards(Struct):
    rights: list[RightCard]


class LookUp(Struct, kw_only=True):
    """Values of one type, or of `id`; and which types to answer with."""

    by: Code
    values: Annotated[list[Value], Meta(min_length=1, max_length=MOST)]
    want: Annotated[list[Code], Meta(max_length=50)] = msgspec.field(default_factory=list)


class Line(Struct, kw_only=True, omit_defaults=True):
    """A customer's id and identifiers by type. `merged_ids` lead here too; `moved_to` says whom this id leads to."""

    id: UUID
    identifiers: Mapping[str, Sequence[str]] = {}
    merged_ids: Sequence[UUID] = ()
    moved_to: UUID | None = None
    is_erased: bool = False

    @classmethod
    def of(cls, one: Walked) -> "Line":
        return cls(
            id=one.id,
            identifiers=one.identifiers,
            merged_ids=tuple(one.merged_ids),
            moved_to=one.moved_to,
            is_erased=one.is_erased,
        )


class LookedUp(Struct):
    """In the order asked; null where nobody is known."""

    found: list[Line | None]


class Changes(Struct, kw_only=True):
    """Everybody who changed since the cursor, each once and as they are now. Ask on from `cursor`."""

    changes: list[Line]
    cursor: str
    has_more: bool


@routes.put(
    "/v1/crosswalk/rights/{key}",
    answers={200: RightCard},
    refusals=[CrosswalkForOneself, CrosswalkTypeSecret, IdentifierTypeUnknown],
)
async def put_right(call: Call, body: PutRight) -> Answer[RightCard]:
    """Say which types of identifiers a key may see, and under which ids."""
    right = Right(
        call.path["key"], body.sector, tuple(dict.fromkeys(body.types)), body.is_pairwise, call.caller.key_id, call.now
    )

    async def story(tx: Tx) -> None:
        await operations.grant(tx, call.services.get(Directory), right, call.now)

    await call.db.replayed(story)
    return Answer(RightCard.of(right))


@routes.get("/v1/crosswalk/rights", answers={200: RightCards})
async def list_rights(call: Call) -> Answer[RightCards]:
    """Which key may see what."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(RightCards([RightCard.of(one) for one in await operations.rights(tx)]))


@routes.post(
    "/v1/crosswalk:lookup",
    answers={200: LookedUp},
    refusals=[CrosswalkNotYours],
    roles=READERS,
    max_body_bytes=8 * 1024 * 1024,
)
async def look_up(call: Call, body: LookUp) -> Answer[LookedUp]:
    """Your ids for ours, or ours for yours, up to ten thousand. A merged customer is answered as who they are now."""
    directory = call.services.get(Directory)
    async with call.db.one_read() as tx:
        walker = await operations.walker_for(tx, directory, call.caller.key_id)
        found = await operations.look_up(tx, directory, walker, body.by, body.values, body.want)
    return Answer(LookedUp([Line.of(one) if one else None for one in found]))


@routes.get(
    "/v1/crosswalk/changes",
    answers={200: Changes},
    refusals=[CrosswalkNotYours, CrosswalkCursorMalformed],
    roles=READERS,
    query={"cursor": str, "limit": Annotated[int, Meta(ge=1, le=MOST)]},
)
async def read_changes(call: Call) -> Answer[Changes]:
    """Read on from a cursor: whose identifiers, merges or erasure changed. Without a cursor, everybody, ever."""
    cursor, limit = call.asked.get("cursor", ""), call.asked.get("limit", 1_000)
    async with call.db.one_read() as tx:
        walker = await operations.walker_for(tx, call.services.get(Directory), call.caller.key_id)
        found, next_cursor, has_more = await operations.changes(tx, walker, cursor, limit)
    return Answer(Changes(changes=[Line.of(one) for one in found], cursor=next_cursor, has_more=has_more))


@routes.get(
    "/v1/crosswalk/snapshot",
    answers={200: bytes},
    refusals=[CrosswalkNotYours],
    roles=READERS,
    is_stream=True,
)
async def snapshot(call: Call) -> Answer[Stream]:
    """Everybody at once, as lines of JSON; the last line is `{"cursor": …}`, to read changes on from.

    A stream without that last line was cut: ask again.
    """
    async with call.db.one_read() as tx:
        walker = await operations.walker_for(tx, call.services.get(Directory), call.caller.key_id)
    headers = {"content-type": "application/x-ndjson", "cache-control": "no-store"}
    return Answer(Stream(_lines(call, walker)), headers=headers)


async def _lines(call: Call, walker: operations.Walker) -> AsyncGenerator[bytes, None]:
    encode = msgspec.json.Encoder().encode
    async for page, cursor in operations.snapshot(call.services.db, walker):
        lines = [encode(Line.of(one)) for one in page]
        if cursor is not None:
            lines.append(encode({"cursor": cursor}))
        if lines:
            yield b"\n".join(lines) + b"\n"
