"""A phone that two people say is theirs."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from vokrug.customers import Directory, claim, profile, resolve
from vokrug.customers.errors import IdentifierNotYours, IdentifierProofNeeded, IdentifierTaken, TooManyIdentifiers
from vokrug.customers.facts import IdentifierAttached, IdentifierDetached
from vokrug.customers.types import Source, Strength
from vokrug.kernel import Refusal
from vokrug.runtime.database import Database

from .till import NOON, Picture, Shop

ANNAS, BORISES = "+79161234567", "+79161234569"


class Site:
    """Sends codes to phones, and tells us who entered one."""

    def __init__(self, db: Database, directory: Directory) -> None:
        self.db, self.directory = db, directory

    async def claims(
        self,
        id: UUID,
        phone: str,
        strength: Strength = Strength.VERIFIED,
        now: datetime = NOON,
        source: Source = Source.SITE,
    ) -> int:
        async with self.db.transaction() as tx:
            said: dict[str, Any] = {"source": source, "strength": strength, "now": now}
            return await claim(tx, self.directory, id, ("phone", phone), **said)

    async def finds(self, phone: str) -> UUID | None:
        async with self.db.transaction() as tx:
            (found,) = await resolve(tx, self.directory, [("phone", phone)])
        return found.id if found else None

    async def phones(self, id: UUID) -> int:
        async with self.db.transaction() as tx:
            return len((await profile(tx, self.directory, id)).identifiers)


@pytest.fixture
def site(db: Database, directory: Directory) -> Site:
    return Site(db, directory)


@pytest.fixture
async def anna(shop: Shop) -> UUID:
    return (await shop.registers(ANNAS, "Анна")).customer.id


@pytest.fixture
async def boris(shop: Shop) -> UUID:
    return (await shop.registers(BORISES, "Борис")).customer.id


async def test_a_proof_moves_a_phone_that_was_only_told(
    site: Site, anna: UUID, boris: UUID, picture: Picture, facts: list[Any]
) -> None:
    """Anna said the number at a till; Boris has entered the code that was sent there."""
    phone = await site.claims(boris, ANNAS)
    assert await site.finds(ANNAS) == boris
    assert (await site.phones(anna), await site.phones(boris)) == (0, 2), "Anna stays a customer, without this phone"
    assert [(type(fact), fact.customer_id, fact.identifier_id) for fact in facts] == [
        (IdentifierDetached, anna, phone),
        (IdentifierAttached, boris, phone),
    ]
    before = await picture()
    assert await site.claims(boris, ANNAS) == phone
    assert await picture() == before, "a repeat changes nothing"


async def test_without_proof_it_stays(site: Site, anna: UUID, boris: UUID, picture: Picture, facts: list[Any]) -> None:
    await site.claims(anna, ANNAS, now=NOON)
    before, told = await picture(), len(facts)
    refused: list[tuple[dict[str, Any], type[Refusal]]] = [
        ({"strength": Strength.CLAIMED}, IdentifierProofNeeded),
        ({"strength": Strength.VERIFIED, "now": NOON + timedelta(days=365)}, IdentifierTaken),
        ({"source": Source.TILL}, IdentifierNotYours),
    ]
    for said, refusal in refused:
        with pytest.raises(refusal):
            await site.claims(boris, ANNAS, **said)
    assert (await picture(), len(facts)) == (before, told)


async def test_an_operator_gives_the_number_to_somebody_else(site: Site, anna: UUID, boris: UUID) -> None:
    await site.claims(anna, ANNAS)
    await site.claims(boris, ANNAS, now=NOON + timedelta(days=366))
    assert await site.finds(ANNAS) == boris
    with pytest.raises(IdentifierTaken):
        await site.claims(anna, ANNAS, now=NOON + timedelta(days=367))


async def test_a_free_one_is_attached_and_limits_hold(site: Site, anna: UUID, boris: UUID, picture: Picture) -> None:
    for phone in ("+79160000001", "+79160000002"):
        await site.claims(boris, phone, Strength.CLAIMED)
        assert await site.finds(phone) == boris
    before = await picture()
    with pytest.raises(TooManyIdentifiers):
        await site.claims(boris, ANNAS)
    assert await picture() == before
    assert await site.finds(ANNAS) == anna
