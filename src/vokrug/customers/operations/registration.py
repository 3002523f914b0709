"""Registration: one call at the till, a phone and "how shall we call you"."""

from datetime import datetime

import msgspec

from vokrug import events
from vokrug.customers import rules, store
from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    CustomerIdTaken,
    CustomerUnknown,
    IdentifierTaken,
    PhoneMissing,
    RequestIdReused,
)
from vokrug.customers.facts import CustomerRegistered, IdentifierAttached
from vokrug.customers.operations.consents import write_consents
from vokrug.customers.operations.people import introduce
from vokrug.customers.quarantine import operations as quarantine
from vokrug.customers.store import Person
from vokrug.customers.types import Customer, Identifier, Registered, Registration, Source, State, Strength
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx


async def register(tx: Tx, directory: Directory, registration: Registration, now: datetime) -> Registered:
    """Make a newcomer a customer, or recognise the one they are.

    Safe to repeat by request id. A till that meets a known phone is answered with its customer, and
    nothing changes; anyone else has to bring the same data, or the phone is taken. Without a phone, the
    number of another system stands in its place, from those who may attach one.
    """
    called = rules.called_as_asked(registration.called)
    rules.require_spoken(registration.language)
    rules.require_possible(registration.birthday, now.date())
    rules.require_plain(registration.consents)
    identifiers = await _identifiers(tx, directory, registration)
    digest = _digest(directory, registration, called, identifiers)

    await store.lock(tx, [registration.request_id.bytes, *(one.hash for one in identifiers)])
    if earlier := await store.find_registration(tx, registration.request_id):
        if earlier.digest != digest:
            raise RequestIdReused
        if (person := await store.find_person(tx, earlier.customer_number)) is None:
            raise CustomerUnknown
        return Registered(introduce(directory, person), created=earlier.created)

    owners = await store.resolve(tx, identifiers)
    if len(owners) < len(identifiers):
        await quarantine.require_not_aside(tx, identifiers)
    known = owners.get(0)
    for i, owner in owners.items():
        if known is None or owner.number != known.number:
            raise IdentifierTaken(type=identifiers[i].type.code)
    if known:
        return await _recognise(tx, directory, registration, known, identifiers[0], digest, now)
    return await _welcome(tx, directory, registration, called, identifiers, digest, now)


async def _identifiers(tx: Tx, directory: Directory, registration: Registration) -> list[Identifier]:
    """What the newcomer is known by from now on. The first one tells whether we have met."""
    found = []
    if registration.phone is not None:
        phone = directory.identify("phone", registration.phone)
        rules.require_may_vouch(phone.type, registration.source, registration.phone_strength)
        found.append(phone)
    if registration.external is not None:
        code, value = registration.external
        rules.require_external(code)
        await directory.meet(tx, [code])
        external = directory.identify(code, value)
        rules.require_may_attach(external.type, registration.source, Strength.CLAIMED)
        found.append(external)
    if not found:
        raise PhoneMissing
    if registration.card:
        found.append(directory.identify("card", registration.card))
    return found


def _digest(directory: Directory, registration: Registration, called: str, identifiers: list[Identifier]) -> bytes:
    """What makes two registrations the same: everything but the ids that came with them."""
    birthday = registration.birthday
    contents = [
        [[one.type.code, one.value] for one in identifiers],
        called,
        registration.language,
        [birthday.month, birthday.day, birthday.year] if birthday else None,
        sorted([one.purpose, one.document_version, one.given] for one in registration.consents),
        registration.shop,
        registration.source,
    ]
    return directory.vault.digest(msgspec.json.encode(contents))


async def _recognise(
    tx: Tx,
    directory: Directory,
    registration: Registration,
    known: Person,
    by: Identifier,
    digest: bytes,
    now: datetime,
) -> Registered:
    """The phone, or what stands in its place, is a customer's. Nobody becomes another, and no card is added on
    a stranger's word.
    """
    is_till = registration.source is Source.TILL
    if not is_till and not await store.was_registered_so(tx, known.number, digest):
        raise IdentifierTaken(type=by.type.code)
    await store.insert_registration(tx, registration.request_id, known.number, digest, created=False, now=now)
    await quarantine.watch_met_again(tx, by, known.number, now)
    return Registered(introduce(directory, known), created=False)


async def _welcome(
    tx: Tx,
    directory: Directory,
    registration: Registration,
    called: str,
    identifiers: list[Identifier],
    digest: bytes,
    now: datetime,
) -> Registered:
    source = registration.source
    id = registration.id or new_id()
    key, wrapped = directory.vault.new_person_key(id)
    number = await store.insert_customer(
        tx,
        id=id,
        called_cipher=key.seal(called, "called"),
        wrapped=wrapped,
        language=registration.language,
        birthday=registration.birthday,
        shop=registration.shop,
        now=now,
    )
    if number is None:
        raise CustomerIdTaken
    await store.insert_registration(tx, registration.request_id, number, digest, created=True, now=now)
    fact = CustomerRegistered(customer_id=id, source=source, language=registration.language, shop_id=registration.shop)
    await events.publish(tx, fact, key=number, subject=str(id), at=now)

    op = await store.insert_op(tx, "register", number, source, now)
    for identifier in identifiers:
        strength = _strength(identifier, registration)
        identifier_id = await store.insert_edge(
            tx,
            identifier,
            number,
            cipher=key.seal(identifier.value, "identifier"),
            source=source,
            strength=strength,
            evidence={},
            op=op,
            now=now,
        )
        await store.project_owner(tx, identifier_id)
        attached = IdentifierAttached(
            customer_id=id,
            identifier_id=identifier_id,
            identifier_type=identifier.type.code,
            source=source,
            strength=strength,
        )
        await events.publish(tx, attached, key=number, subject=str(id), at=now)
    await write_consents(tx, number, id, registration.consents, source, now)
    customer = Customer(number=number, id=id, state=State.ACTIVE, language=registration.language, called=called)
    return Registered(customer, created=True)


def _strength(identifier: Identifier, registration: Registration) -> Strength:
    """The card lies on the counter, we see it; of the rest we are only told."""
    if identifier.type.code == "phone":
        return registration.phone_strength
    return Strength.OBSERVED if identifier.type.code == "card" else Strength.CLAIMED
