"""HTTP of households: partners tell who is in one; staff merge, split and take back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from vokrug.customers.errors import CustomerUnknown
from vokrug.customers.households import operations
from vokrug.customers.households.errors import (
    HouseholdChangeOver,
    HouseholdChangeReused,
    HouseholdChangeUnknown,
    HouseholdKindsDiffer,
    HouseholdMalformed,
    HouseholdNotOfThem,
    HouseholdOfItself,
    HouseholdTaken,
    HouseholdUnknown,
)
from vokrug.customers.households.types import NewMember, Sheet
from vokrug.customers.types import Source, Strength
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("households")
TELLERS = [Role.PARTNER, Role.STAFF]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
Moment = Annotated[datetime, Meta(tz=True)]


class MemberBody(Struct, kw_only=True):
    customer: UUID
    role: Word = "member"
    strength: Strength = Strength.CLAIMED
    since: Moment | None = None

    def to_member(self, call: Call) -> NewMember:
        source = Source.STAFF if call.caller.role is Role.STAFF else Source.PARTNER
        return NewMember(self.customer, self.role, source, self.strength, self.since or call.now)


class CreateHousehold(Struct, kw_only=True):
    """The id is the caller's: send it again freely."""

    id: UUID
    kind: Word
    members: Annotated[list[MemberBody], Meta(max_length=100)] = field(default_factory=list)


class JoinHousehold(MemberBody, kw_only=True):
    """The change's id is the caller's."""

    id: UUID


class LeaveHousehold(Struct, kw_only=True):
    id: UUID
    customer: UUID


class MergeHouseholds(Struct, kw_only=True):
    id: UUID
    one: UUID
    other: UUID


class SplitHousehold(Struct, kw_only=True):
    """These people become the household `new`."""

    id: UUID
    new: UUID
    customers: Annotated[list[UUID], Meta(min_length=1, max_length=100)]


class MemberCard(Struct, kw_only=True):
    customer: UUID
    role: str
    source: Source
    strength: Strength
    since: datetime


class HouseholdCard(Struct, kw_only=True):
    id: UUID
    kind: str
    members: list[MemberCard]
    merged_ids: list[UUID]

    @classmethod
    def of(cls, sheet: Sheet) -> "HouseholdCard":
        return cls(
            id=sheet.household.id,
            kind=sheet.household.kind,
            members=[
                MemberCard(
                    customer=one.customer_id, role=one.role, source=one.source, strength=one.strength, since=one.since
                )
                for one in sheet.members
            ],
            merged_ids=list(sheet.merged_ids),
        )


class HouseholdCards(Struct):
    households: list[HouseholdCard]


ENTERING = [CustomerUnknown, HouseholdMalformed, HouseholdChangeReused, HouseholdTaken]


@routes.post("/v1/households", answers={200: HouseholdCard}, refusals=ENTERING, roles=TELLERS)
async def create_household(call: Call, body: CreateHousehold) -> Answer[HouseholdCard]:
    """People who live, pay or shop together. A person is in one household of a kind; nobody is merged by it."""
    members = [one.to_member(call) for one in body.members]

    async def story(tx: Tx) -> Sheet:
        return await operations.create(tx, body.id, body.kind, members, by=call.caller.key_id, now=call.now)

    return Answer(HouseholdCard.of(await call.db.replayed(story)))


@routes.get(
    "/v1/households/{id:uuid}",
    answers={200: HouseholdCard},
    refusals=[HouseholdUnknown],
    roles=TELLERS,
    query={"at": Moment},
)
async def read_household(call: Call) -> Answer[HouseholdCard]:
    """Who is in it, or was at a moment. An id that was merged away leads to the household that stayed."""
    async with call.db.transaction(readonly=True) as tx:
        sheet = await operations.shown(tx, UUID(call.path["id"]), call.asked.get("at", call.now))
    return Answer(HouseholdCard.of(sheet))


@routes.get("/v1/customers/{id:uuid}/households", answers={200: HouseholdCards}, roles=TELLERS, query={"at": Moment})
async def read_households_of(call: Call) -> Answer[HouseholdCards]:
    """The households a person is in, or was at a moment, whoever they were merged with."""
    async with call.db.transaction(readonly=True) as tx:
        found = await operations.households_of(tx, UUID(call.path["id"]), call.asked.get("at", call.now))
    return Answer(HouseholdCards([HouseholdCard.of(one) for one in found]))


@routes.post(
    "/v1/households/{id:uuid}/members",
    answers={200: HouseholdCard},
    refusals=[*ENTERING, HouseholdUnknown],
    roles=TELLERS,
)
async def join_household(call: Call, body: JoinHousehold) -> Answer[HouseholdCard]:
    """Somebody is in it, or is there in another role."""
    member, by = body.to_member(call), call.caller.key_id

    async def story(tx: Tx) -> Sheet:
        return await operations.join(tx, body.id, UUID(call.path["id"]), member, by=by, now=call.now)

    return Answer(HouseholdCard.of(await call.db.replayed(story)))


@routes.post(
    "/v1/households/{id:uuid}/members:leave",
    answers={200: HouseholdCard},
    refusals=[CustomerUnknown, HouseholdUnknown, HouseholdChangeReused, HouseholdNotOfThem],
    roles=TELLERS,
)
async def leave_household(call: Call, body: LeaveHousehold) -> Answer[HouseholdCard]:
    """Somebody is in it no longer; that they were stays on record."""
    by = call.caller.key_id

    async def story(tx: Tx) -> Sheet:
        return await operations.leave(tx, body.id, UUID(call.path["id"]), body.customer, by=by, now=call.now)

    return Answer(HouseholdCard.of(await call.db.replayed(story)))


@routes.post(
    "/v1/households:merge",
    answers={200: HouseholdCard},
    refusals=[HouseholdUnknown, HouseholdChangeReused, HouseholdKindsDiffer, HouseholdOfItself],
)
async def merge_households(call: Call, body: MergeHouseholds) -> Answer[HouseholdCard]:
    """Make one household of two, under the id of the older. People and their points stay theirs."""

    async def story(tx: Tx) -> Sheet:
        return await operations.merge(tx, body.id, body.one, body.other, by=call.caller.key_id, now=call.now)

    return Answer(HouseholdCard.of(await call.db.replayed(story)))


@routes.post(
    "/v1/households/{id:uuid}:split",
    answers={200: HouseholdCard},
    refusals=[CustomerUnknown, HouseholdUnknown, HouseholdChangeReused, HouseholdNotOfThem],
)
async def split_household(call: Call, body: SplitHousehold) -> Answer[HouseholdCard]:
    """Some of its people are a household of their own from now on. Answers with that one."""
    by, people = call.caller.key_id, list(dict.fromkeys(body.customers))

    async def story(tx: Tx) -> Sheet:
        return await operations.split(tx, body.id, UUID(call.path["id"]), body.new, people, by=by, now=call.now)

    return Answer(HouseholdCard.of(await call.db.replayed(story)))


@routes.post(
    "/v1/household-changes/{id:uuid}:undo",
    answers={204: None},
    refusals=[HouseholdChangeUnknown, HouseholdChangeOver],
)
async def undo_change(call: Call) -> Answer[None]:
    """Take a change of a household back exactly, whatever it was. Repeat freely."""

    async def story(tx: Tx) -> None:
        await operations.undo(tx, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)

    await call.db.replayed(story)
    return Answer(None, status=204)
