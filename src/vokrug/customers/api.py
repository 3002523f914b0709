"""HTTP of the customer ID. A till or partner meets a name at most; only staff read cards."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from vokrug.customers.contests import operations as contests
from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    AttributeMalformed,
    AttributeTypeMalformed,
    AttributeUnknown,
    BirthdayImpossible,
    CalledMalformed,
    ConsentMalformed,
    CustomerIdTaken,
    CustomerUnknown,
    EvidenceMalformed,
    FullNameNotWanted,
    IdentifierAside,
    IdentifierBlocked,
    IdentifierImmutable,
    IdentifierMalformed,
    IdentifierNotHeld,
    IdentifierNotYours,
    IdentifierProofNeeded,
    IdentifierTaken,
    IdentifierTypeInUse,
    IdentifierTypeMalformed,
    IdentifierTypeUnknown,
    LanguageUnknown,
    ObservedInFuture,
    PhoneMalformed,
    PhoneMissing,
    RequestIdReused,
    TooManyIdentifiers,
    TooManyNewIdentifiers,
)
from vokrug.customers.operations import claims, consents, definitions, identifiers, people, profiles, registration
from vokrug.customers.schemas import (
    Attach,
    Attached,
    AttributesPut,
    AttributeTypeCard,
    AttributeTypeCards,
    CustomerBody,
    CustomerBrief,
    CustomerCard,
    IdentifierTypeCard,
    IdentifierTypeCards,
    PutAttributes,
    PutAttributeType,
    PutConsents,
    PutIdentifierType,
    Register,
    RegisteredBody,
    Resolve,
    Resolved,
    SetIdentifierState,
)
from vokrug.customers.types import AttributesSet, AttributeType, IdentifierType, Registration, Source
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("customers")

EVERYONE = [Role.TILL, Role.PARTNER, Role.STAFF]
VALUE_REFUSALS = [IdentifierTypeUnknown, IdentifierMalformed, PhoneMalformed, IdentifierBlocked]
SOURCES = {Role.TILL: Source.TILL, Role.PARTNER: Source.PARTNER, Role.STAFF: Source.STAFF}


@routes.post(
    "/v1/customers",
    answers={201: RegisteredBody, 200: RegisteredBody},
    refusals=[
        *VALUE_REFUSALS,
        PhoneMissing,
        IdentifierNotYours,
        IdentifierAside,
        FullNameNotWanted,
        CalledMalformed,
        LanguageUnknown,
        BirthdayImpossible,
        ConsentMalformed,
        EvidenceMalformed,
        IdentifierTaken,
        RequestIdReused,
        CustomerIdTaken,
        CustomerUnknown,
    ],
    roles=EVERYONE,
)
async def register(call: Call, body: Register) -> Answer[RegisteredBody]:
    """Register a customer by a phone and how to call them. Repeat freely with the same request id.

    A till that sends a phone we know gets its customer with `created: false`; others need the very
    data the customer registered with, or the phone is taken. Staff and partners may register, without a
    phone, whom another system knows by its own number.
    """
    newcomer = Registration(
        request_id=body.request_id,
        id=body.id,
        phone=body.phone,
        external=(body.identifier.type, body.identifier.value) if body.identifier else None,
        called=body.called,
        consents=[consent.to_consent() for consent in body.consents],
        language=body.language or call.language,
        birthday=body.birthday.to_birthday() if body.birthday else None,
        card=body.card,
        shop=call.caller.shop_id or body.shop,
        source=_source(call),
    )
    result = await call.db.replayed(lambda tx: registration.register(tx, _directory(call), newcomer, call.now))
    brief = CustomerBrief.of(result.customer, is_named=_sees_names(call))
    return Answer(RegisteredBody(customer=brief, created=result.created), status=201 if result.created else 200)


def _source(call: Call) -> Source:
    return SOURCES[call.caller.role]


def _directory(call: Call) -> Directory:
    return call.services.get(Directory)


def _sees_names(call: Call) -> bool:
    """A partner works with ids: a name would only tell whose phone it guessed."""
    return call.caller.role is not Role.PARTNER


@routes.get(
    "/v1/customers/{id:uuid}",
    answers={200: CustomerBody},
    refusals=[CustomerUnknown],
    roles=EVERYONE,
)
async def read_customer(call: Call) -> Answer[CustomerBody]:
    """The customer: the whole card for staff, whose reading is recorded; a line for the others."""
    id = UUID(call.path["id"])
    async with call.db.transaction() as tx:
        if call.caller.role is Role.STAFF:
            card = await profiles.read_card(tx, _directory(call), id, reader=call.caller.key_id, now=call.now)
            brief = CustomerBrief.of(card.customer)
            return Answer(CustomerBody(customer=brief, card=CustomerCard.of(card)))
        found = await profiles.customer(tx, _directory(call), id)
    return Answer(CustomerBody(customer=CustomerBrief.of(found, is_named=_sees_names(call))))


@routes.post("/v1/customers:resolve", answers={200: Resolved}, refusals=VALUE_REFUSALS, roles=EVERYONE)
async def resolve(call: Call, body: Resolve) -> Answer[Resolved]:
    """Find customers by identifiers, in the order given; null stands for nobody."""
    wanted = [(one.type, one.value) for one in body.identifiers]
    async with call.db.one_read() as tx:
        found = await people.resolve(tx, _directory(call), wanted)
    named = _sees_names(call)
    briefs = [CustomerBrief.of(one, is_named=named) if one else None for one in found]
    return Answer(Resolved(customers=briefs))


@routes.post(
    "/v1/customers/{id:uuid}/identifiers",
    answers={200: Attached},
    refusals=[
        *VALUE_REFUSALS,
        CustomerUnknown,
        EvidenceMalformed,
        IdentifierNotYours,
        IdentifierTaken,
        IdentifierImmutable,
        IdentifierAside,
        TooManyIdentifiers,
        TooManyNewIdentifiers,
    ],
    roles=EVERYONE,
)
async def attach(call: Call, body: Attach) -> Answer[Attached]:
    """Let an identifier lead to the customer. Each type says who may add it: a till adds cards."""

    async def story(tx: Tx) -> int:
        return await identifiers.attach(
            tx,
            _directory(call),
            UUID(call.path["id"]),
            (body.type, body.value),
            source=_source(call),
            strength=body.strength,
            now=call.now,
            evidence=body.evidence,
        )

    return Answer(Attached(identifier_id=await _or_contested(call, body, story)))


async def _or_contested(call: Call, body: Attach, story: Callable[[Tx], Awaitable[int]]) -> int:
    """What another customer has stays theirs, and a steward sees who wanted it."""
    try:
        return await call.db.replayed(story)
    except (IdentifierTaken, IdentifierProofNeeded):
        directory, wanted = _directory(call), (body.type, body.value)
        said: dict[str, Any] = {"source": _source(call), "strength": body.strength, "now": call.now}
        id = UUID(call.path["id"])
        await call.db.replayed(lambda tx: contests.note(tx, directory, id, wanted, **said))
        raise


@routes.post(
    "/v1/customers/{id:uuid}/identifiers:claim",
    answers={200: Attached},
    refusals=[
        *VALUE_REFUSALS,
        CustomerUnknown,
        EvidenceMalformed,
        IdentifierNotYours,
        IdentifierProofNeeded,
        IdentifierTaken,
        IdentifierImmutable,
        IdentifierAside,
        TooManyIdentifiers,
        TooManyNewIdentifiers,
    ],
)
async def claim(call: Call, body: Attach) -> Answer[Attached]:
    """Let an identifier lead to the customer, although another may have it. It moves by a proof, and only from
    whoever has none that is less than a year old; they keep all else, and both are told of.
    """

    async def story(tx: Tx) -> int:
        return await claims.claim(
            tx,
            _directory(call),
            UUID(call.path["id"]),
            (body.type, body.value),
            source=_source(call),
            strength=body.strength,
            now=call.now,
            evidence=body.evidence,
        )

    return Answer(Attached(identifier_id=await _or_contested(call, body, story)))


@routes.delete(
    "/v1/customers/{id:uuid}/identifiers/{identifier:int}",
    answers={204: None},
    refusals=[CustomerUnknown, IdentifierNotHeld, IdentifierImmutable],
)
async def detach(call: Call) -> Answer[None]:
    """Let an identifier lead to the customer no longer. It is named by its id: addresses are logged."""

    async def story(tx: Tx) -> None:
        id, identifier_id = UUID(call.path["id"]), int(call.path["identifier"])
        await identifiers.detach(tx, _directory(call), id, identifier_id, source=_source(call), now=call.now)

    await call.db.replayed(story)
    return Answer(None, status=204)


@routes.put(
    "/v1/customers/{id:uuid}/identifiers/{identifier:int}/state",
    answers={204: None},
    refusals=[CustomerUnknown, IdentifierNotHeld],
)
async def set_identifier_state(call: Call, body: SetIdentifierState) -> Answer[None]:
    """Shut a card, or open it, while its customer goes on with everything else."""

    async def story(tx: Tx) -> None:
        id, identifier_id = UUID(call.path["id"]), int(call.path["identifier"])
        await identifiers.set_state(
            tx, _directory(call), id, identifier_id, body.state, source=_source(call), now=call.now
        )

    await call.db.replayed(story)
    return Answer(None, status=204)


@routes.put(
    "/v1/customers/{id:uuid}/attributes",
    answers={200: AttributesPut},
    refusals=[CustomerUnknown, AttributeUnknown, AttributeMalformed, EvidenceMalformed, ObservedInFuture],
    roles=[Role.PARTNER, Role.STAFF],
)
async def put_attributes(call: Call, body: PutAttributes) -> Answer[AttributesPut]:
    """Tell what was observed and when. What does not stand by the attribute's rule is answered as late."""

    async def story(tx: Tx) -> AttributesSet:
        return await profiles.set_attributes(
            tx,
            _directory(call),
            UUID(call.path["id"]),
            body.values,
            source=_source(call),
            observed_at=body.observed_at or call.now,
            now=call.now,
            provenance=body.provenance,
        )

    outcome = await call.db.replayed(story)
    return Answer(AttributesPut(taken=outcome.taken, late=outcome.late))


@routes.put(
    "/v1/customers/{id:uuid}/consents",
    answers={204: None},
    refusals=[CustomerUnknown, ConsentMalformed, EvidenceMalformed],
    roles=EVERYONE,
)
async def put_consents(call: Call, body: PutConsents) -> Answer[None]:
    """Tell what the customer agreed to or declined. The same word again adds nothing."""

    async def story(tx: Tx) -> None:
        said = [consent.to_consent() for consent in body.consents]
        await consents.state_consents(tx, UUID(call.path["id"]), said, source=_source(call), now=call.now)

    await call.db.replayed(story)
    return Answer(None, status=204)


@routes.get("/v1/identifier-types", answers={200: IdentifierTypeCards})
async def list_identifier_types(call: Call) -> Answer[IdentifierTypeCards]:
    """The types of identifiers, in the order they were made."""
    async with call.db.transaction() as tx:
        await _directory(call).refresh(tx)
    kinds = _directory(call).identifier_types()
    return Answer(IdentifierTypeCards(types=[IdentifierTypeCard.of(kind) for kind in kinds]))


@routes.put(
    "/v1/identifier-types/{code}",
    answers={200: IdentifierTypeCard},
    refusals=[IdentifierTypeMalformed, IdentifierTypeInUse],
)
async def put_identifier_type(call: Call, body: PutIdentifierType) -> Answer[IdentifierTypeCard]:
    """Define a type, such as `ext:` and the name of a system whose ids our customers have."""

    async def story(tx: Tx) -> IdentifierType:
        return await definitions.define_identifier_type(tx, body.to_type(call.path["code"]))

    kind = await call.db.replayed(story)
    async with call.db.transaction() as tx:
        await _directory(call).refresh(tx)
    return Answer(IdentifierTypeCard.of(kind))


@routes.get("/v1/attribute-types", answers={200: AttributeTypeCards})
async def list_attribute_types(call: Call) -> Answer[AttributeTypeCards]:
    """The attributes this installation keeps of its customers."""
    async with call.db.transaction() as tx:
        await _directory(call).refresh(tx)
    kinds = _directory(call).attribute_types()
    return Answer(AttributeTypeCards(types=[AttributeTypeCard.of(kind) for kind in kinds]))


@routes.put(
    "/v1/attribute-types/{code}",
    answers={200: AttributeTypeCard},
    refusals=[AttributeTypeMalformed],
)
async def put_attribute_type(call: Call, body: PutAttributeType) -> Answer[AttributeTypeCard]:
    """Define an attribute by a JSON Schema complete in itself."""

    async def story(tx: Tx) -> AttributeType:
        return await definitions.define_attribute(tx, body.to_type(call.path["code"]))

    kind = await call.db.replayed(story)
    async with call.db.transaction() as tx:
        await _directory(call).refresh(tx)
    return Answer(AttributeTypeCard.of(kind))
