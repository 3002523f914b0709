"""The catalogue over HTTP: types, consumers, acknowledgements, AsyncAPI."""

import msgspec

from vokrug.events.errors import (
    ConsumerNameMalformed,
    ConsumerNotYours,
    ConsumerUnknown,
    ConsumerWouldBreak,
    EventFieldUnknown,
    EventTypeNotYours,
    EventTypeUnknown,
    ExampleMalformed,
    LimitMalformed,
    NothingToAcknowledge,
    SchemaIncompatible,
    SchemaMalformed,
    TypeNameMalformed,
    UpcastMalformed,
    UpcastMissing,
)
from vokrug.events.registry import consumers, declaring, search, store
from vokrug.events.registry.asyncapi import document
from vokrug.events.registry.schemas import (
    Acknowledge,
    Acknowledged,
    ConsumerList,
    ConsumerView,
    EventTypeDeclared,
    EventTypeFull,
    EventTypeList,
    EventTypeView,
    OwedPage,
    OwedView,
    PutConsumer,
    PutEventType,
    RevisionView,
)
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("event-catalogue")

READERS = [Role.PARTNER, Role.STAFF]
MOST_OWED = 1_000


@routes.get("/v1/events/types", answers={200: EventTypeList}, roles=READERS, query={"q": str, "owner": str})
async def list_types(call: Call) -> Answer[EventTypeList]:
    """Every type of event this installation knows. `q` looks in names, words and fields."""
    async with call.db.transaction(readonly=True) as tx:
        cards = await store.list_types(tx)
        readings = await store.readings(tx)
    found = search.find(cards, call.query.get("q", ""), call.query.get("owner"))
    return Answer(EventTypeList([EventTypeView.of(card, search.readers(card, readings)) for card in found]))


@routes.get("/v1/events/types/{name}", answers={200: EventTypeFull}, refusals=[EventTypeUnknown], roles=READERS)
async def show_type(call: Call) -> Answer[EventTypeFull]:
    """One type of event, with its JSON Schema, its consumers and its history."""
    name = call.path["name"]
    async with call.db.transaction(readonly=True) as tx:
        found = await store.list_types(tx, [name])
        if not found:
            raise EventTypeUnknown(name=name)
        readings = await store.readings(tx, types=[name])
        revisions = await store.revisions(tx, [name])
    view = msgspec.convert(
        EventTypeView.of(found[0], search.readers(found[0], readings)), EventTypeFull, from_attributes=True
    )
    view.revisions = [RevisionView.of(one, call.language) for one in revisions]
    return Answer(view)


@routes.put(
    "/v1/events/types/{name}",
    answers={200: EventTypeDeclared},
    refusals=[
        TypeNameMalformed,
        SchemaMalformed,
        ExampleMalformed,
        EventTypeNotYours,
        UpcastMissing,
        UpcastMalformed,
        SchemaIncompatible,
        ConsumerWouldBreak,
    ],
    roles=READERS,
    max_body_bytes=256 * 1024,
)
async def declare_type(call: Call, body: PutEventType) -> Answer[EventTypeDeclared]:
    """Declare a type that your system tells, or change it within its promise. Repeat freely.

    A change that would break a registered consumer is refused with the consumer's name: agree with them, or
    declare the next version with an `upcast` from this one.
    """
    card = body.to_card(call.path["name"], call.now)
    by, is_staff = _caller(call)
    async with call.db.transaction() as tx:
        written, affected = await declaring.declare_type(tx, card, by=by, is_staff=is_staff, now=call.now)
        readings = await store.readings(tx, types=[written.name])
    return Answer(EventTypeDeclared(EventTypeView.of(written, search.readers(written, readings)), affected))


def _caller(call: Call) -> tuple[str, bool]:
    return call.caller.key_id, call.caller.role is Role.STAFF


@routes.get("/v1/events/consumers", answers={200: ConsumerList}, roles=READERS)
async def list_consumers(call: Call) -> Answer[ConsumerList]:
    """Who reads which facts, and whom to ask before a change."""
    async with call.db.transaction(readonly=True) as tx:
        found, readings = await store.consumers(tx), await store.readings(tx)
    return Answer(ConsumerList([ConsumerView.of(one, readings) for one in found]))


@routes.get("/v1/events/consumers/{name}", answers={200: ConsumerView}, refusals=[ConsumerUnknown], roles=READERS)
async def show_consumer(call: Call) -> Answer[ConsumerView]:
    """One consumer, with what it reads."""
    name = call.path["name"]
    async with call.db.transaction(readonly=True) as tx:
        found, readings = await store.consumers(tx, name), await store.readings(tx, consumer=name)
    if not found:
        raise ConsumerUnknown(name=name)
    return Answer(ConsumerView.of(found[0], readings))


@routes.put(
    "/v1/events/consumers/{name}",
    answers={200: ConsumerView},
    refusals=[ConsumerNameMalformed, ConsumerNotYours, EventTypeUnknown, EventFieldUnknown],
    roles=READERS,
)
async def register_consumer(call: Call, body: PutConsumer) -> Answer[ConsumerView]:
    """Say what your system reads: from then on nobody changes it under your feet. Repeat freely."""
    name = call.path["name"]
    by, is_staff = _caller(call)
    async with call.db.transaction() as tx:
        written = await consumers.register_consumer(
            tx, body.to_consumer(name, call.now), body.to_readings(name), by=by, is_staff=is_staff
        )
        readings = await store.readings(tx, consumer=name)
    return Answer(ConsumerView.of(written, readings))


@routes.delete(
    "/v1/events/consumers/{name}", answers={204: None}, refusals=[ConsumerUnknown, ConsumerNotYours], roles=READERS
)
async def forget_consumer(call: Call) -> Answer[None]:
    """Your system reads no more."""
    by, is_staff = _caller(call)
    async with call.db.transaction() as tx:
        await consumers.forget_consumer(tx, call.path["name"], by=by, is_staff=is_staff)
    return Answer(None, status=204)


@routes.post(
    "/v1/events/consumers/{name}/acknowledgements",
    answers={200: Acknowledged},
    refusals=[ConsumerUnknown, ConsumerNotYours, NothingToAcknowledge],
    roles=READERS,
)
async def acknowledge(call: Call, body: Acknowledge) -> Answer[Acknowledged]:
    """Say that your system acted on these facts, such as an erasure. All or nothing; repeat freely."""
    by, is_staff = _caller(call)
    async with call.db.transaction() as tx:
        await consumers.acknowledge(tx, call.path["name"], body.events, by=by, is_staff=is_staff, now=call.now)
    return Answer(Acknowledged())


@routes.get(
    "/v1/events/acknowledgements",
    answers={200: OwedPage},
    refusals=[LimitMalformed],
    query={"consumer": str, "within_days": int, "limit": int},
)
async def missing_acknowledgements(call: Call) -> Answer[OwedPage]:
    """Who has not acted on what it had to, the longest overdue first; with `within_days` also what is due soon."""
    limit, days = call.asked.get("limit", 100), call.asked.get("within_days", 0)
    if not 1 <= limit <= MOST_OWED or not 0 <= days <= 3650:
        raise LimitMalformed(most=MOST_OWED, given=f"{limit}, {days}")
    async with call.db.transaction(readonly=True) as tx:
        found = await consumers.missing_acknowledgements(
            tx, call.now, consumer=call.query.get("consumer"), within_days=days, limit=limit + 1
        )
    return Answer(OwedPage([OwedView.of(one) for one in found[:limit]], has_more=len(found) > limit))


@routes.get("/v1/events/asyncapi.json", answers={200: bytes}, is_public=True)
async def asyncapi(call: Call) -> Answer[bytes]:
    """The catalogue as an AsyncAPI 3.0 document."""
    async with call.db.transaction(readonly=True) as tx:
        cards, readings = await store.list_types(tx), await store.readings(tx)
    written = msgspec.json.encode(document(cards, readings))
    return Answer(written, headers={"content-type": "application/vnd.aai.asyncapi+json;version=3.0.0"})
