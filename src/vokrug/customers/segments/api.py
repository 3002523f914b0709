"""HTTP of segments. Staff define them; partners may read who is in which."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.customers.directory import Directory
from vokrug.customers.errors import CustomerUnknown, IdentifierTypeUnknown
from vokrug.customers.jobs import count_segments
from vokrug.customers.operations.profiles import customer
from vokrug.customers.schemas import Words
from vokrug.customers.segments import operations
from vokrug.customers.segments.errors import SegmentIsAList, SegmentIsARule, SegmentMalformed, SegmentUnknown
from vokrug.customers.segments.types import Rule, Segment
from vokrug.kernel import Text
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("segments")
FILE_LIMIT_BYTES = 64 * 1024 * 1024


class PutSegment(Struct, kw_only=True):
    """Without a rule it is a list."""

    words: Words
    rule: Rule | None = None


class SegmentCard(PutSegment, kw_only=True):
    """`members` is live. `counted_at` absent: still being filled."""

    key: str
    members: int
    state: str
    made_by: str
    made_at: datetime
    counted_at: datetime | None
    last_differences: int | None

    @classmethod
    def of(cls, one: Segment) -> "SegmentCard":
        return cls(
            words=Words(en=one.words.en, ru=one.words.ru),
            rule=one.rule,
            key=one.key,
            members=one.members,
            state=one.state,
            made_by=one.made_by,
            made_at=one.made_at,
            counted_at=one.counted_at,
            last_differences=one.last_differences,
        )


class SegmentCards(Struct):
    segments: list[SegmentCard]


class TryRule(Struct, kw_only=True):
    rule: Rule


class TriedRule(Struct, kw_only=True):
    members: int
    sample: list[UUID]


class BadLine(Struct):
    line: int
    problem: str


class ListedPeople(Struct, kw_only=True):
    """How many people the file names, and the lines that name nobody."""

    taken: int
    bad: list[BadLine]
    is_dry: bool


class TakeOffSegment(Struct, kw_only=True):
    customers: Annotated[list[UUID], Meta(min_length=1, max_length=10_000)]


class TakenOffSegment(Struct):
    removed: int


class SegmentsOf(Struct):
    segments: list[str]


@routes.put(
    "/v1/segments/{key}",
    answers={200: SegmentCard},
    refusals=[SegmentMalformed, SegmentIsAList, SegmentIsARule],
)
async def put_segment(call: Call, body: PutSegment) -> Answer[SegmentCard]:
    """Define a segment by a rule, or as a list. Everybody is looked at once; from then on, whoever changes."""
    words = Text(en=body.words.en, ru=body.words.ru)

    async def story(tx: Tx) -> Segment:
        made, is_new = await operations.define(
            tx, call.path["key"], words, body.rule, by=call.caller.key_id, now=call.now
        )
        if is_new:
            await count_segments.enqueue(tx, only_once="customers count segments")
        return made

    return Answer(SegmentCard.of(await call.db.replayed(story)))


@routes.get("/v1/segments", answers={200: SegmentCards})
async def list_segments(call: Call) -> Answer[SegmentCards]:
    """All segments, with how many people are in each."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(SegmentCards([SegmentCard.of(one) for one in await operations.segments(tx)]))


@routes.post("/v1/segments/{key}:end", answers={200: SegmentCard}, refusals=[SegmentUnknown])
async def end_segment(call: Call) -> Answer[SegmentCard]:
    """Nobody is in it any more. Its key may be used again."""

    async def story(tx: Tx) -> Segment:
        ended = await operations.end(tx, call.path["key"])
        await count_segments.enqueue(tx, only_once="customers count segments")
        return ended

    return Answer(SegmentCard.of(await call.db.replayed(story)))


@routes.post("/v1/segments:try", answers={200: TriedRule}, refusals=[SegmentMalformed], answer_timeout_s=120.0)
async def try_rule(call: Call, body: TryRule) -> Answer[TriedRule]:
    """How many people a rule would find, and ten of them. Nothing is kept; this looks at everybody."""
    async with call.services.reports.transaction(readonly=True) as tx:
        tried = await operations.try_out(tx, body.rule, call.now)
    return Answer(TriedRule(members=tried.members, sample=list(tried.sample)))


@routes.post(
    "/v1/segments/{key}/import",
    answers={200: ListedPeople},
    refusals=[SegmentUnknown, SegmentIsARule, IdentifierTypeUnknown],
    query={"type": Annotated[str, Meta(min_length=1, max_length=64)], "replace": bool, "dry": bool},
    max_body_bytes=FILE_LIMIT_BYTES,
    answer_timeout_s=600.0,
)
async def import_segment(call: Call, body: bytes) -> Answer[ListedPeople]:
    """Put people on a list: a CSV of one column, identifiers of one `type` (phone, if it is not named).

    Lines that name nobody are told by their numbers, and the rest is taken.
    """
    is_dry = call.asked.get("dry", False)
    lines = body.decode("utf-8-sig", "replace").replace("\0", "").splitlines()

    async def story(tx: Tx) -> operations.Listed:
        return await operations.put_on_list(
            tx,
            call.services.get(Directory),
            call.path["key"],
            call.asked.get("type", "phone"),
            lines,
            replace=call.asked.get("replace", False),
            is_dry=is_dry,
        )

    done = await call.db.replayed(story)
    return Answer(
        ListedPeople(taken=done.taken, bad=[BadLine(one.line, one.problem) for one in done.bad], is_dry=is_dry)
    )


@routes.post("/v1/segments/{key}/remove", answers={200: TakenOffSegment}, refusals=[SegmentUnknown, SegmentIsARule])
async def take_off(call: Call, body: TakeOffSegment) -> Answer[TakenOffSegment]:
    """Take people off a list."""

    async def story(tx: Tx) -> int:
        return await operations.take_off_list(tx, call.path["key"], body.customers)

    return Answer(TakenOffSegment(await call.db.replayed(story)))


@routes.get(
    "/v1/customers/{id:uuid}/segments",
    answers={200: SegmentsOf},
    refusals=[CustomerUnknown],
    roles=[Role.PARTNER, Role.STAFF],
)
async def read_segments_of(call: Call) -> Answer[SegmentsOf]:
    """The segments a person is in."""
    async with call.db.transaction(readonly=True) as tx:
        person = await customer(tx, call.services.get(Directory), UUID(call.path["id"]))
        return Answer(SegmentsOf(await operations.segments_of(tx, person.number)))
