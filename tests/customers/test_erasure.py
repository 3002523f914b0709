"""What the law gives a person: to know what is kept, and to be forgotten."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from vokrug.customers import (
    AttributeType,
    Consent,
    Directory,
    Source,
    define_attribute,
    law_api,
    merge,
    resolve,
    set_attributes,
    state_consents,
)
from vokrug.customers.errors import (
    CustomerUnknown,
    ErasureDecided,
    ErasureNotDone,
    ErasureRepeated,
    ErasureUnknown,
    FourEyesNeeded,
)
from vokrug.customers.schemas import AskErasure
from vokrug.customers.types import Birthday, Ground
from vokrug.kernel import Text, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Operator, Role

from .test_api import Desk
from .till import NOON, Picture, Shop


class Lawyer(Desk):
    """Two members of staff: the first asks, the second decides."""

    def by(self, key: str, id: UUID | None = None) -> Any:
        call = self.call(Role.STAFF, **({} if id is None else {"id": id}))
        object.__setattr__(call.caller, "key_id", key)
        return call

    async def asks(self, customer: UUID, id: UUID | None = None, key: str = "first") -> Any:
        body = AskErasure(id=id or new_id(), customer=customer, ground=Ground.REQUEST, note="letter 12")
        return (await law_api.ask_erasure(self.by(key), body)).body

    async def approves(self, id: UUID, key: str = "second") -> Any:
        return (await law_api.approve_erasure(self.by(key, id))).body

    async def report(self, customer: UUID) -> Any:
        return msgspec.json.decode((await law_api.access_report(self.by("first", customer))).body)


@pytest.fixture
def lawyer(db: Database, directory: Directory) -> Lawyer:
    made = Lawyer(db, directory)
    made.services.add(Operator("ООО «Околица»", "Тверь"))
    return made


@pytest.fixture
async def anna(shop: Shop, db: Database, directory: Directory) -> UUID:
    """Two registrations of one person, merged, with a word on a purpose and a pet."""
    id = (await shop.registers(birthday=Birthday(3, 8, 1990))).customer.id
    other = (await shop.registers("+7 916 123-45-68", called="Аня", birthday=Birthday(3, 8))).customer.id
    async with db.transaction() as tx:
        await define_attribute(tx, AttributeType("pets", {"type": "string"}, Text(en="Pets", ru="Питомцы")))
        await directory.refresh(tx)
        said: dict[str, Any] = {"source": Source.STAFF, "now": NOON}
        await set_attributes(tx, directory, other, {"pets": "cat Murka"}, observed_at=NOON, **said)
        await state_consents(tx, id, [Consent("marketing", "2026-01", True, {"tick": "10.0.0.7"})], **said)
        await merge(tx, directory, id, other, **said)
    return id


async def test_a_person_sees_everything_that_is_kept(lawyer: Lawyer, anna: UUID) -> None:
    report = await lawyer.report(anna)
    assert {one["value"] for one in report["identifiers"]} == {"+79161234567", "+79161234568"}
    assert [one["value"] for one in report["attributes"]] == ["cat Murka"]
    assert [(one["purpose"], one["proof"]) for one in report["consents"]] == [("marketing", {"tick": "10.0.0.7"})]
    assert len(report["ids"]) == 2
    assert report["birthday"] == {"month": 3, "day": 8, "year": 1990}
    assert [one["reader"] for one in (await lawyer.report(anna))["card_reads"]] == ["first"], "the first look is told"


async def test_nothing_of_a_forgotten_person_is_left_but_the_act(
    lawyer: Lawyer, anna: UUID, db: Database, directory: Directory, picture: Picture
) -> None:
    asked = await lawyer.asks(anna)
    done = await lawyer.approves(asked.id)
    assert done.state == "done"
    assert done.destroyed == {
        "keys": 2,
        "observations": 1,
        "attributes": 1,
        "households": 0,
        "listings": 0,
        "contests": 0,
        "registrations": 2,
        "proofs_of_consent": 1,
        "identifiers": 2,
    }
    async with db.transaction() as tx:
        found = await resolve(tx, directory, [("phone", "+79161234567"), ("phone", "+79161234568")])
    assert found == [None, None]
    with pytest.raises(CustomerUnknown):
        await lawyer.report(anna)
    left = str({name: rows for name, rows in (await picture()).items() if name != "customers_identifier_type"})
    assert all(word not in left for word in ("Murka", "10.0.0.7", "1990", "Анна", "Аня"))
    tables = await picture()
    assert tables["customers_identifier"] == tables["customers_assertion"] == tables["customers_key"] == []
    assert await lawyer.approves(asked.id) == done, "a repeat"


async def test_the_act_says_what_the_order_asks_for(lawyer: Lawyer, anna: UUID) -> None:
    asked = await lawyer.asks(anna)
    with pytest.raises(ErasureNotDone):
        await law_api.erasure_act(lawyer.by("first", asked.id))
    await lawyer.approves(asked.id)
    page = (await law_api.erasure_act(lawyer.by("first", asked.id))).body.decode()
    for word in (
        "ООО «Околица»",
        str(anna),
        "требование субъекта",
        "08.03.2026 12:00:00",
        "first",
        "second",
        "Выгрузка",
    ):
        assert word in page
    assert "Анна" not in page


async def test_the_same_person_may_come_again_as_somebody_new(lawyer: Lawyer, anna: UUID, shop: Shop) -> None:
    await lawyer.approves((await lawyer.asks(anna)).id)
    again = await shop.registers()
    assert again.created
    assert again.customer.id != anna


async def test_who_is_not_erased(lawyer: Lawyer, anna: UUID, picture: Picture) -> None:
    asked = await lawyer.asks(anna)
    assert await lawyer.asks(anna, asked.id) == asked, "a repeat"
    before = await picture()
    with pytest.raises(FourEyesNeeded):
        await lawyer.approves(asked.id, key="first")
    with pytest.raises(ErasureRepeated):
        await lawyer.asks(anna, key="third")
    with pytest.raises(ErasureUnknown):
        await lawyer.approves(new_id())
    with pytest.raises(CustomerUnknown):
        await lawyer.asks(new_id())
    assert await picture() == before
    declined = (await law_api.decline_erasure(lawyer.by("second", asked.id))).body
    assert declined.state == "declined"
    with pytest.raises(ErasureDecided):
        await lawyer.approves(asked.id)
    assert (await lawyer.report(anna))["called"] == "Анна"
    assert NOON + timedelta(0) == declined.decided_at
