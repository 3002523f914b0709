"""HTTP of values set aside: a steward's work list. Released or blocked under four eyes."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.customers.directory import Directory
from vokrug.customers.errors import FourEyesNeeded, IdentifierNotHeld
from vokrug.customers.normalisers import mask
from vokrug.customers.quarantine import operations
from vokrug.customers.quarantine.errors import QuarantineDecided, QuarantineUnknown
from vokrug.customers.quarantine.types import Quarantine, QuarantineState, Wish
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("customers")
PAGE = 100


class SetAside(Struct, kw_only=True):
    """Why. The id is the caller's: send it again freely."""

    id: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class ProposeRelease(Struct, kw_only=True):
    wish: Wish


class DecideRelease(Struct, kw_only=True):
    agrees: bool


class QuarantineCard(Struct, kw_only=True):
    """`masked` is the value as a holder may see it; absent when nobody holds it any more."""

    id: UUID
    identifier_id: int
    type: str
    masked: str | None
    reason: str
    people: int
    opened_by: str
    opened_at: datetime
    state: QuarantineState
    wish: Wish | None
    wished_by: str | None
    decided_by: str | None
    decided_at: datetime | None


class QuarantineCards(Struct):
    quarantines: list[QuarantineCard]


def _card(directory: Directory, one: Quarantine) -> QuarantineCard:
    kind = directory.identifier_type_by_id(one.type_id)
    masked = None
    if one.owner_id and one.wrapped and one.cipher:
        masked = mask(kind, directory.vault.person_key(one.owner_id, one.wrapped).open(one.cipher, "identifier"))
    return QuarantineCard(
        id=one.id,
        identifier_id=one.identifier_id,
        type=kind.code,
        masked=masked,
        reason=one.reason,
        people=one.people,
        opened_by=one.opened_by,
        opened_at=one.opened_at,
        state=one.state,
        wish=one.wish,
        wished_by=one.wished_by,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
    )


@routes.get(
    "/v1/identifier-quarantines",
    answers={200: QuarantineCards},
    query={"state": QuarantineState, "after": UUID, "limit": Annotated[int, Meta(ge=1, le=1000)]},
)
async def list_quarantines(call: Call) -> Answer[QuarantineCards]:
    """Values that too many people came by, oldest first. `after` is the last id of a page."""
    state = call.asked.get("state", QuarantineState.OPEN)
    directory = call.services.get(Directory)
    async with call.db.transaction() as tx:
        found = await operations.quarantines(
            tx, state, after=call.asked.get("after"), limit=call.asked.get("limit", PAGE)
        )
        await directory.meet_ids(tx, (one.type_id for one in found))
    return Answer(QuarantineCards([_card(directory, one) for one in found]))


@routes.post("/v1/identifiers/{identifier:int}:set-aside", answers={200: QuarantineCard}, refusals=[IdentifierNotHeld])
async def set_aside(call: Call, body: SetAside) -> Answer[QuarantineCard]:
    """Let a value lead to nobody until somebody has looked: its edges stay, and releasing it is exact."""
    directory = call.services.get(Directory)

    async def story(tx: Tx) -> Quarantine:
        identifier_id, by = int(call.path["identifier"]), call.caller.key_id
        return await operations.set_aside(
            tx, directory, body.id, identifier_id, reason=body.reason, by=by, now=call.now
        )

    return Answer(_card(directory, await call.db.replayed(story)))


@routes.post(
    "/v1/identifier-quarantines/{id:uuid}:propose",
    answers={200: QuarantineCard},
    refusals=[QuarantineUnknown, QuarantineDecided],
)
async def propose(call: Call, body: ProposeRelease) -> Answer[QuarantineCard]:
    """Propose to release or to block it. Somebody else decides."""

    async def story(tx: Tx) -> Quarantine:
        return await operations.wish(tx, UUID(call.path["id"]), body.wish, by=call.caller.key_id)

    return await _changed(call, story)


@routes.post(
    "/v1/identifier-quarantines/{id:uuid}:decide",
    answers={200: QuarantineCard},
    refusals=[QuarantineUnknown, QuarantineDecided, FourEyesNeeded],
)
async def decide(call: Call, body: DecideRelease) -> Answer[QuarantineCard]:
    """Agree to what was proposed, or not. Released, it leads to whom its edges say; blocked, to nobody for good."""
    directory = call.services.get(Directory)

    async def story(tx: Tx) -> Quarantine:
        id, by = UUID(call.path["id"]), call.caller.key_id
        return await operations.decide(tx, directory, id, agrees=body.agrees, by=by, now=call.now)

    return await _changed(call, story)


async def _changed(call: Call, story: Callable[[Tx], Awaitable[Quarantine]]) -> Answer[QuarantineCard]:
    directory = call.services.get(Directory)
    changed = await call.db.replayed(story)
    async with call.db.transaction() as tx:
        await directory.meet_ids(tx, [changed.type_id])
    return Answer(_card(directory, changed))
