"""Attaching and detaching: limits, strength, immutability, and edges that end instead of vanishing."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from vokrug.customers import (
    Directory,
    IdentifierType,
    attach,
    define_identifier_type,
    detach,
    profile,
    resolve,
)
from vokrug.customers.errors import (
    CustomerUnknown,
    EvidenceMalformed,
    IdentifierBlocked,
    IdentifierImmutable,
    IdentifierMalformed,
    IdentifierNotHeld,
    IdentifierNotYours,
    IdentifierTaken,
    IdentifierTypeInUse,
    IdentifierTypeMalformed,
    IdentifierTypeUnknown,
    TooManyIdentifiers,
)
from vokrug.customers.facts import IdentifierAttached, IdentifierDetached
from vokrug.customers.types import Source, Strength
from vokrug.kernel import Refusal, new_id
from vokrug.runtime.database import Database

from .till import NOON, Picture, Shop

PHONE_2 = ("phone", "+79161234568")


class Clerk:
    """A member of staff at the counter."""

    def __init__(self, db: Database, directory: Directory) -> None:
        self.db, self.directory = db, directory

    async def attaches(self, id: UUID, identifier: tuple[str, str], **more: Any) -> int:
        said: dict[str, Any] = {"source": Source.STAFF, "strength": Strength.CLAIMED, "now": NOON, **more}
        async with self.db.transaction() as tx:
            return await attach(tx, self.directory, id, identifier, **said)

    async def detaches(self, id: UUID, identifier_id: int) -> None:
        async with self.db.transaction() as tx:
            await detach(tx, self.directory, id, identifier_id, source=Source.STAFF, now=NOON + timedelta(days=1))

    async def defines(self, code: str, **rules: Any) -> IdentifierType:
        async with self.db.transaction() as tx:
            kind = IdentifierType(**{"id": 0, "code": code, "normaliser": "opaque", **rules})
            return await define_identifier_type(tx, kind)

    async def finds(self, identifier: tuple[str, str]) -> UUID | None:
        async with self.db.transaction() as tx:
            (found,) = await resolve(tx, self.directory, [identifier])
        return found.id if found else None


@pytest.fixture
def clerk(db: Database, directory: Directory) -> Clerk:
    return Clerk(db, directory)


@pytest.fixture
async def anna(shop: Shop) -> UUID:
    return (await shop.registers("+79161234567", "Анна")).customer.id


@pytest.fixture
async def boris(shop: Shop) -> UUID:
    return (await shop.registers("+79161234569", "Борис")).customer.id


async def test_an_identifier_leads_to_the_customer_until_it_is_taken_away(
    db: Database, clerk: Clerk, anna: UUID, boris: UUID, facts: list[Any]
) -> None:
    phone = await clerk.attaches(anna, PHONE_2)
    assert await clerk.finds(PHONE_2) == anna
    await clerk.detaches(anna, phone)
    assert await clerk.finds(PHONE_2) is None
    async with db.transaction() as tx:
        edge = await tx.rows("select valid_from, valid_to from customers_assertion where identifier_id = $1", phone)
        assert [tuple(one) for one in edge] == [(NOON, NOON + timedelta(days=1))], "what was true stays on record"
    assert await clerk.attaches(boris, PHONE_2) == phone, "the same identifier, now another's"
    assert await clerk.finds(PHONE_2) == boris
    assert [type(fact) for fact in facts] == [IdentifierAttached, IdentifierDetached, IdentifierAttached]


async def test_a_repeat_changes_nothing(clerk: Clerk, anna: UUID, picture: Picture, facts: list[Any]) -> None:
    phone = await clerk.attaches(anna, PHONE_2)
    before = await picture()
    assert await clerk.attaches(anna, ("phone", "8 916 123 45 68")) == phone
    assert await clerk.attaches(anna, PHONE_2, strength=Strength.OBSERVED) == phone
    assert (await picture(), len(facts)) == (before, 1)
    await clerk.detaches(anna, phone)
    before = await picture()
    await clerk.detaches(anna, phone)
    assert (await picture(), len(facts)) == (before, 2)


async def test_a_better_proof_is_a_new_edge(db: Database, clerk: Clerk, directory: Directory, anna: UUID) -> None:
    phone = await clerk.attaches(anna, PHONE_2)
    assert await clerk.attaches(anna, PHONE_2, strength=Strength.VERIFIED, evidence={"sms": "42"}) == phone
    await clerk.attaches(anna, PHONE_2, source=Source.SITE)
    async with db.transaction() as tx:
        edges = await tx.value("select count(*) from customers_assertion where identifier_id = $1", phone)
        card = await profile(tx, directory, anna)
    shown = {one.id: one for one in card.identifiers}[phone]
    assert (edges, shown.strength, shown.sources) == (3, Strength.VERIFIED, (Source.SITE, Source.STAFF))


@pytest.mark.parametrize(
    ("identifier", "said", "refusal"),
    [
        (("phone", "+79161234569"), {}, IdentifierTaken),
        (("phone", "12"), {}, IdentifierMalformed),
        (("phone", "+70000000000"), {}, IdentifierBlocked),
        (PHONE_2, {"source": Source.TILL}, IdentifierNotYours),
        (("card", "770011"), {"source": Source.TILL, "strength": Strength.VERIFIED}, IdentifierNotYours),
        (("pigeon", "1"), {}, IdentifierTypeUnknown),
        (PHONE_2, {"evidence": {"note": "a\0b"}}, EvidenceMalformed),
    ],
)
async def test_a_refusal_changes_nothing(
    identifier: tuple[str, str],
    said: dict[str, Any],
    refusal: type[Refusal],
    clerk: Clerk,
    anna: UUID,
    boris: UUID,
    picture: Picture,
    facts: list[Any],
) -> None:
    before, told = await picture(), len(facts)
    with pytest.raises(refusal):
        await clerk.attaches(anna, identifier, **said)
    assert (await picture(), len(facts)) == (before, told)


async def test_a_person_has_so_many_phones_and_no_more(clerk: Clerk, anna: UUID, picture: Picture) -> None:
    phones = [await clerk.attaches(anna, ("phone", f"+7916000000{n}")) for n in (1, 2)]
    before = await picture()
    with pytest.raises(TooManyIdentifiers):
        await clerk.attaches(anna, PHONE_2)
    assert await picture() == before
    await clerk.detaches(anna, phones[0])
    await clerk.attaches(anna, PHONE_2)


async def test_a_limit_holds_for_two_at_once(clerk: Clerk, anna: UUID) -> None:
    await clerk.attaches(anna, ("phone", "+79160000001"))
    both = (clerk.attaches(anna, ("phone", f"+7916000000{n}")) for n in (2, 3))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["TooManyIdentifiers", "int"]


async def test_an_external_system_is_defined_while_we_run(clerk: Clerk, anna: UUID, boris: UUID) -> None:
    """The directory was loaded before; it looks once more when it meets the code."""
    await clerk.defines("ext:crm", is_immutable=True)
    crm_id = await clerk.attaches(anna, ("ext:crm", "A-1"), source=Source.PARTNER)
    assert await clerk.finds(("ext:crm", "A-1")) == anna
    assert await clerk.finds(("ext:crm", "a-1")) is None, "letters and their case are the system's business"
    with pytest.raises(IdentifierImmutable):
        await clerk.attaches(anna, ("ext:crm", "A-2"))
    with pytest.raises(IdentifierImmutable):
        await clerk.detaches(anna, crm_id)
    with pytest.raises(IdentifierTaken):
        await clerk.attaches(boris, ("ext:crm", "A-1"))
    assert await clerk.attaches(anna, ("ext:crm", "A-1")) == crm_id, "the same value is no change"


async def test_a_shared_identifier_leads_to_nobody_in_particular(clerk: Clerk, anna: UUID, boris: UUID) -> None:
    await clerk.defines("ext:tablet", is_unique=False)
    tablet = await clerk.attaches(anna, ("ext:tablet", "T1"))
    assert await clerk.finds(("ext:tablet", "T1")) == anna
    await clerk.attaches(boris, ("ext:tablet", "T1"))
    assert await clerk.finds(("ext:tablet", "T1")) is None
    await clerk.detaches(anna, tablet)
    assert await clerk.finds(("ext:tablet", "T1")) == boris


async def test_only_what_is_held_is_taken_away(clerk: Clerk, anna: UUID, boris: UUID, picture: Picture) -> None:
    phone = await clerk.attaches(anna, PHONE_2)
    before = await picture()
    for id, identifier_id, refusal in (
        (boris, phone, IdentifierNotHeld),
        (anna, 10**9, IdentifierNotHeld),
        (new_id(), phone, CustomerUnknown),
    ):
        with pytest.raises(refusal):
            await clerk.detaches(id, identifier_id)
    assert await picture() == before


async def test_rules_change_but_a_stored_value_keeps_its_meaning(clerk: Clerk, anna: UUID, picture: Picture) -> None:
    first = await clerk.defines("ext:crm")
    assert (await clerk.defines("ext:crm", normaliser="digits:1-9")).id == first.id, "not used yet"
    await clerk.attaches(anna, ("ext:crm", "12"))
    assert (await clerk.defines("ext:crm", normaliser="digits:1-9", max_per_customer=5)).id == first.id
    before = await picture()
    for other in ({"normaliser": "opaque"}, {"normaliser": "digits:1-9", "is_unique": False}):
        with pytest.raises(IdentifierTypeInUse):
            await clerk.defines("ext:crm", **other)
    assert await picture() == before


@pytest.mark.parametrize(
    ("code", "rules", "problem"),
    [
        ("EXT:CRM", {}, "code"),
        ("ext:", {}, "code"),
        ("ext:crm", {"normaliser": "magic"}, "normaliser"),
        ("ext:crm", {"max_per_customer": 0}, "max_per_customer"),
        ("ext:crm", {"is_immutable": True, "max_per_customer": 2}, "max_per_customer"),
        ("ext:crm", {"priority": -1}, "priority"),
        ("ext:crm", {"blocked": frozenset({"a\0"})}, "blocked"),
    ],
)
async def test_a_type_that_makes_no_sense_is_refused(
    code: str, rules: dict[str, Any], problem: str, clerk: Clerk, picture: Picture
) -> None:
    before = await picture()
    with pytest.raises(IdentifierTypeMalformed) as refusal:
        await clerk.defines(code, **rules)
    assert refusal.value.facts == {"problem": problem}
    assert await picture() == before
