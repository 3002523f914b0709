"""Personal data in facts follow their person: found by what they bring, sealed under their key, gone with it."""

from typing import Annotated, Any
from uuid import UUID

import pytest

from vokrug import events
from vokrug.customers import (
    Consent,
    CustomerUnknown,
    Directory,
    IdentifierType,
    People,
    Source,
    define_identifier_type,
    destroy_keys,
    resolve,
    state_consents,
)
from vokrug.events import Catalogue, Envelope, Event, Found, Personal
from vokrug.kernel import new_id
from vokrug.runtime.database import Database

from .till import NOON, Picture, Shop

COURIER = Catalogue()
PHONE = "+7 916 123-45-67"


@COURIER.event("courier.came.v1", owner="courier", key="customer")
class Came(Event, frozen=True):
    """A courier came."""

    address: Annotated[str, Personal("delivery")] = ""


@pytest.fixture
async def people(db: Database, directory: Directory) -> People:
    async with db.transaction() as tx:
        await events.synchronise(tx, NOON, COURIER)
    return People(directory)


async def come(db: Database, people: People, number: int, id: UUID) -> Envelope:
    events.provide_personal_keys(db, people)
    async with db.transaction() as tx:
        await events.publish(tx, Came("Арбат, 1"), key=number, subject=str(id), at=NOON)
    async with db.transaction() as tx:
        page = await events.read_page(tx, dict.fromkeys(range(8), 0), 8_000, ["courier.came.v1"])
    return page.envelopes[-1]


async def address(db: Database, told: Envelope) -> str:
    async with db.transaction() as tx:
        (revealed,) = await events.reveal(tx, [told], frozenset({"delivery"}))
    return revealed.read(Came).address


async def test_an_erased_persons_facts_cannot_be_read_again(
    db: Database, directory: Directory, people: People, shop: Shop
) -> None:
    anna, boris = (await shop.registers()).customer, (await shop.registers("+7 916 765-43-21", "Борис")).customer
    told = await come(db, people, anna.number, anna.id)
    other = await come(db, people, boris.number, boris.id)
    assert (await address(db, told), await address(db, other)) == ("Арбат, 1", "Арбат, 1")
    async with db.transaction() as tx:
        await destroy_keys(tx, anna.id, Source.STAFF, NOON)
    assert (await address(db, told), await address(db, other)) == ("", "Арбат, 1")
    async with db.transaction() as tx:
        page = await events.read_page(tx, dict.fromkeys(range(8), 0), 8_000, ["customers.erased.v1"])
        assert await resolve(tx, directory, [("phone", PHONE)]) == [None]
        assert await people.find(tx, [("phone", PHONE), ("id", str(anna.id))]) == [None, None]
    assert [(one.subject, one.key) for one in page.envelopes] == [(str(anna.id), anna.number)]
    again = await shop.registers()
    assert again.created, "the same phone later is somebody new"
    assert again.customer.id != anna.id
    async with db.transaction() as tx:
        assert [found and found.id for found in await resolve(tx, directory, [("phone", PHONE)])] == [again.customer.id]


async def test_nobody_is_erased_twice_or_by_mistake(db: Database, people: People, shop: Shop, picture: Picture) -> None:
    anna = (await shop.registers()).customer
    async with db.transaction() as tx:
        await destroy_keys(tx, anna.id, Source.STAFF, NOON)
    before = await picture()
    for id in (anna.id, new_id()):
        with pytest.raises(CustomerUnknown):
            async with db.transaction() as tx:
                await destroy_keys(tx, id, Source.STAFF, NOON)
    assert await picture() == before


async def test_whom_a_merge_joined_is_erased_as_one(db: Database, people: People, shop: Shop) -> None:
    anna, twin = (await shop.registers()).customer, (await shop.registers("+7 916 765-43-21", "Аня")).customer
    told = await come(db, people, twin.number, twin.id)
    async with db.transaction() as tx:
        await tx.run(
            "update customers_customer set state = 'merged', redirect_to = $1 where number = $2",
            anna.number,
            twin.number,
        )
        assert await people.find(tx, [("id", str(twin.id))]) == [Found(anna.number, anna.id)]
    assert await address(db, told) == "Арбат, 1", "a fact stays sealed under the id it was told under"
    async with db.transaction() as tx:
        await destroy_keys(tx, anna.id, Source.STAFF, NOON)
    assert await address(db, told) == ""


async def test_a_no_to_a_purpose_hides_its_fields(db: Database, people: People, shop: Shop) -> None:
    anna = (await shop.registers()).customer
    told = await come(db, people, anna.number, anna.id)
    for given, seen in ((False, ""), (True, "Арбат, 1")):
        async with db.transaction() as tx:
            said = Consent("delivery", "2026-01", given)
            await state_consents(tx, anna.id, [said], source=Source.STAFF, now=NOON)
        assert await address(db, told) == seen


async def test_people_are_found_by_whatever_they_bring(
    db: Database, directory: Directory, people: People, shop: Shop
) -> None:
    async with db.transaction() as tx:
        crm = IdentifierType(id=0, code="ext:crm", normaliser="digits:1-10")
        await define_identifier_type(tx, crm)
    anna = (await shop.registers(card="4000123412341234")).customer
    boris = (
        await shop.registers("+7 916 765-43-21", "Борис", source=Source.STAFF, external=("ext:crm", "17"))
    ).customer
    wanted: list[tuple[str, str]] = [
        ("phone", "8 (916) 123-45-67"), ("card", "4000123412341234"), ("ext:crm", "17"), ("id", str(boris.id)),
        ("phone", "nonsense"), ("phone", "+79990000000"), ("ext:no", "1"), ("id", "nonsense"), ("id", str(new_id())),
    ]  # fmt: skip
    async with db.transaction() as tx:
        found: Any = await people.find(tx, wanted)
    assert [one and one.id for one in found] == [anna.id, anna.id, boris.id, boris.id, *[None] * 5]
