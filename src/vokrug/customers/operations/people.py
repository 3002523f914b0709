"""From an id or an identifier to a customer: what every other story starts with."""

from collections.abc import Sequence
from uuid import UUID

from vokrug.customers import store
from vokrug.customers.directory import Directory
from vokrug.customers.errors import CustomerUnknown
from vokrug.customers.store import Person
from vokrug.customers.types import Customer
from vokrug.runtime.database import Tx


async def resolve(tx: Tx, directory: Directory, wanted: Sequence[tuple[str, str]]) -> list[Customer | None]:
    """Who is behind each (type, value), in the order asked, in one read. None: nobody yet."""
    await directory.meet(tx, (code for code, _ in wanted))
    identifiers = [directory.identify(code, value) for code, value in wanted]
    people = await store.resolve(tx, identifiers)
    return [introduce(directory, people[i]) if i in people else None for i in range(len(identifiers))]


async def ids_of_person(tx: Tx, customer_id: UUID) -> list[UUID]:
    """Every id that leads to this survivor, their own among them: whoever was merged into them keeps an id for good."""
    survivor = (await store.find_members(tx, [customer_id]))[customer_id]
    return [member.id for member in await store.people_of(tx, survivor.number)]


async def members_of(tx: Tx, customer_id: UUID) -> list[tuple[int, UUID]]:
    """Everybody who is this person, by number and id, the survivor first; nobody, when the person was forgotten."""
    known = (await store.find_members(tx, [customer_id])).get(customer_id)
    if known is None:
        return []
    people = await store.people_of(tx, known.redirect_to or known.number)
    return [] if people[0].state == "erased" else [(member.number, member.id) for member in people]


def introduce(directory: Directory, person: Person) -> Customer:
    """Unseal what the customer is called."""
    return Customer(
        number=person.number,
        id=person.id,
        state=person.state,
        language=person.language,
        called=directory.vault.called(person.id, person.wrapped, person.called_cipher),
    )


async def person_to_change(tx: Tx, customer_id: UUID) -> Person:
    """The only way to a customer one is going to change: locked, redirect followed."""
    if (person := await store.lock_person(tx, customer_id)) is None:
        raise CustomerUnknown
    return person
