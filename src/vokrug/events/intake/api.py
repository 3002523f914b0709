"""Other systems tell facts here, and deal with what could not be taken."""

from uuid import UUID

import msgspec

from vokrug.events.errors import (
    BatchTooLong,
    DeadLetterEnded,
    DeadLetterUnknown,
    EventCustomerUnknown,
    EventIdReused,
    EventMalformed,
    EventNotCloud,
    EventTypeNotYours,
    EventTypeUnknown,
    LimitMalformed,
)
from vokrug.events.intake import dead_letters, store
from vokrug.events.intake.arrivals import arrivals
from vokrug.events.intake.publishing import Outcome, Publisher, publish_arrivals
from vokrug.events.intake.schemas import (
    DeadLetterFull,
    DeadLetterPage,
    DeadLetterView,
    Discard,
    Published,
)
from vokrug.kernel import Refusal
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("event-intake")

PUBLISHERS = [Role.PARTNER, Role.STAFF]
LONGEST_BATCH = 1_000
MOST_LETTERS = 200
REFUSALS = [
    EventNotCloud,
    EventTypeUnknown,
    EventTypeNotYours,
    EventMalformed,
    EventCustomerUnknown,
    EventIdReused,
    BatchTooLong,
]


@routes.post("/v1/events", answers={200: Published}, refusals=REFUSALS, roles=PUBLISHERS)
async def publish(call: Call, body: bytes) -> Answer[Published]:
    """Tell facts, one or up to a thousand. Repeat freely: a source and id count once.

    CloudEvents 1.0: structured (`application/cloudevents+json`), batched (`application/cloudevents-batch+json`) or
    binary (`ce-…` headers). A type has to be declared first, and be yours. What does not fit its schema or names
    nobody we know is kept as a dead letter: look at it, mend it, send it again. A batch is answered for each event.
    A key's signature covers the body, not `ce-…` headers: where others handle your requests, prefer structured.
    """
    given, is_batch = arrivals(call.headers.get("content-type", ""), call.headers, body)
    if len(given) > LONGEST_BATCH:
        raise BatchTooLong(most=LONGEST_BATCH, given=len(given))
    outcomes = await call.db.replayed(lambda tx: publish_arrivals(tx, given, _publisher(call), call.now))
    return Answer(_said(outcomes, call.language, is_batch=is_batch))


def _publisher(call: Call) -> Publisher:
    return Publisher(call.caller.key_id, call.caller.role, is_staff=call.caller.role is Role.STAFF)


def _said(outcomes: list[Outcome], language: str, *, is_batch: bool = False) -> Published:
    """Said only after the commit: a single event is declined as a whole, and its dead letter stays all the same."""
    if not is_batch and (refusal := outcomes[0].refusal) is not None:
        raise _with_letter(refusal, outcomes[0].letter)
    return Published.of(outcomes, language)


def _with_letter(refusal: Refusal, letter: UUID | None) -> Refusal:
    return type(refusal)(**refusal.facts, **({"dead_letter": str(letter)} if letter else {}))


@routes.get(
    "/v1/events/dead-letters",
    answers={200: DeadLetterPage},
    refusals=[LimitMalformed],
    roles=PUBLISHERS,
    query={"state": str, "type": str, "reason": str, "q": str, "before": UUID, "limit": int},
)
async def list_dead_letters(call: Call) -> Answer[DeadLetterPage]:
    """What could not be taken: a partner's own, or all of them for staff. `q` looks in the body too."""
    limit = call.asked.get("limit", 50)
    if not 1 <= limit <= MOST_LETTERS:
        raise LimitMalformed(most=MOST_LETTERS, given=limit)
    asker = _publisher(call)
    async with call.db.transaction(readonly=True) as tx:
        found = await store.list_letters(
            tx,
            publisher=None if asker.is_staff else asker.key,
            state=call.query.get("state"),
            type=call.query.get("type"),
            reason=call.query.get("reason"),
            words=call.query.get("q"),
            before=call.asked.get("before"),
            limit=limit,
        )
    return Answer(
        DeadLetterPage([DeadLetterView.of(each) for each in found], found[-1].id if len(found) == limit else None)
    )


@routes.get(
    "/v1/events/dead-letters/{id:uuid}", answers={200: DeadLetterFull}, refusals=[DeadLetterUnknown], roles=PUBLISHERS
)
async def show_dead_letter(call: Call) -> Answer[DeadLetterFull]:
    """One of them, with its body as it came."""
    async with call.db.transaction(readonly=True) as tx:
        letter = await dead_letters.letter_for(tx, UUID(call.path["id"]), _publisher(call))
    shown = msgspec.structs.asdict(DeadLetterView.of(letter))
    return Answer(DeadLetterFull(**shown, raw=letter.raw.decode(errors="replace")))


@routes.post(
    "/v1/events/dead-letters/{id:uuid}:resubmit",
    answers={200: Published},
    refusals=[DeadLetterUnknown, DeadLetterEnded, *REFUSALS],
    roles=PUBLISHERS,
)
async def resubmit(call: Call, body: bytes) -> Answer[Published]:
    """Try again: as it came, or as the body has it (a CloudEvent in structured mode). What fails again stays."""
    id, asker = UUID(call.path["id"]), _publisher(call)
    outcome = await call.db.replayed(lambda tx: dead_letters.resubmit(tx, id, body or None, asker, call.now))
    return Answer(_said([outcome], call.language))


@routes.post(
    "/v1/events/dead-letters/{id:uuid}:discard",
    answers={204: None},
    refusals=[DeadLetterUnknown, DeadLetterEnded],
    roles=PUBLISHERS,
)
async def discard(call: Call, body: Discard) -> Answer[None]:
    """Let it go, with a reason that is kept."""
    async with call.db.transaction() as tx:
        await dead_letters.discard(tx, UUID(call.path["id"]), body.reason, _publisher(call), call.now)
    return Answer(None, status=204)
