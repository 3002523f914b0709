"""The HTTP doors: who may see and say what. Handlers are called as the server would call them."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from vokrug.customers import Directory, Source, api
from vokrug.customers.errors import IdentifierNotYours, IdentifierTaken
from vokrug.customers.schemas import (
    Attach,
    ConsentBody,
    IdentifierValue,
    PutAttributes,
    PutAttributeType,
    PutConsents,
    PutIdentifierType,
    Register,
    Resolve,
    Words,
)
from vokrug.customers.types import Strength
from vokrug.kernel import Clock, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Call, Caller, Role, Services

from .till import NOON, Picture


class Desk:
    """Calls from a till, a partner and a member of staff."""

    def __init__(self, db: Database, directory: Directory) -> None:
        self.services = Services(db=db, reports=db, clock=Clock())
        self.services.add(directory)

    def call(self, role: Role, **path: object) -> Call:
        return Call(
            services=self.services,
            caller=Caller(key_id=f"{role}-key", role=role, shop_id=7 if role is Role.TILL else None),
            now=NOON,
            language="ru",
            path={name: str(value) for name, value in path.items()},
            query={},
            headers={},
            request_id=new_id(),
        )

    async def registers(self, role: Role = Role.TILL, **said: Any) -> Any:
        body: dict[str, Any] = {
            "phone": "+79161234567",
            "called": "Анна",
            "request_id": str(new_id()),
            **said,
        }
        return await api.register(self.call(role), msgspec.convert(body, Register))


@pytest.fixture
def desk(db: Database, directory: Directory) -> Desk:
    return Desk(db, directory)


def text(body: object) -> str:
    return msgspec.json.encode(body).decode()


async def test_a_till_registers_and_sees_a_name_only(db: Database, desk: Desk) -> None:
    made = await desk.registers(shop=999)
    assert made.status == 201
    again = await desk.registers(called="Аня")
    assert (again.status, again.body.created, again.body.customer) == (200, False, made.body.customer)
    seen = await api.read_customer(desk.call(Role.TILL, id=made.body.customer.id))
    assert seen.body.customer.called == "Анна"
    assert seen.body.card is None
    assert "45 67" not in text(seen.body)
    async with db.transaction() as tx:
        assert await tx.value("select registered_shop from customers_customer") == 7, "the key's shop, not the body's"
        assert await tx.value("select count(*) from customers_card_read") == 0


async def test_staff_see_the_card_and_are_seen_seeing_it(db: Database, desk: Desk) -> None:
    id = (await desk.registers()).body.customer.id
    seen = await api.read_customer(desk.call(Role.STAFF, id=id))
    assert seen.body.card is not None
    assert [one.masked for one in seen.body.card.identifiers] == ["+7 ··· ··· 45 67"]
    assert "9161234567" not in text(seen.body)
    async with db.transaction() as tx:
        assert await tx.value("select reader from customers_card_read") == "staff-key"


async def test_a_partner_works_with_ids(desk: Desk) -> None:
    made = await desk.registers()
    asked = Resolve(
        identifiers=[IdentifierValue(type="phone", value=phone) for phone in ("89161234567", "89160000001")]
    )
    for role, called in ((Role.TILL, "Анна"), (Role.STAFF, "Анна"), (Role.PARTNER, None)):
        found, nobody = (await api.resolve(desk.call(role), asked)).body.customers
        assert found is not None
        assert (found.id, found.called, nobody) == (made.body.customer.id, called, None)
    with pytest.raises(IdentifierTaken):
        await desk.registers(Role.PARTNER)


async def test_a_till_adds_cards_and_staff_take_away(desk: Desk, picture: Picture) -> None:
    id = (await desk.registers()).body.customer.id
    card = (await api.attach(desk.call(Role.TILL, id=id), Attach(type="card", value="770011"))).body
    before = await picture()
    for body in (
        Attach(type="phone", value="+79160000001"),
        Attach(type="card", value="770012", strength=Strength.VERIFIED),
    ):
        with pytest.raises(IdentifierNotYours):
            await api.attach(desk.call(Role.TILL, id=id), body)
    assert await picture() == before
    gone = await api.detach(desk.call(Role.STAFF, id=id, identifier=card.identifier_id))
    assert gone.status == 204
    asked = Resolve(identifiers=[IdentifierValue(type="card", value="770011")])
    assert (await api.resolve(desk.call(Role.TILL), asked)).body.customers == [None]


async def test_definitions_work_at_once(desk: Desk) -> None:
    id = (await desk.registers()).body.customer.id
    crm = await api.put_identifier_type(desk.call(Role.STAFF, code="ext:crm"), PutIdentifierType())
    assert crm.body.code == "ext:crm"
    codes = [kind.code for kind in (await api.list_identifier_types(desk.call(Role.STAFF))).body.types]
    assert codes == ["phone", "card", "email", "telegram", "passport", "ext:crm"]
    await api.attach(desk.call(Role.PARTNER, id=id), Attach(type="ext:crm", value="A-1"))

    size = PutAttributeType(schema={"type": "integer"}, words=Words(en="Shoe size", ru="Размер обуви"))
    assert (await api.put_attribute_type(desk.call(Role.STAFF, code="shoe_size"), size)).body.version == 1
    wider = PutAttributeType(schema={"type": "number"}, words=size.words)
    assert (await api.put_attribute_type(desk.call(Role.STAFF, code="shoe_size"), wider)).body.version == 2
    put = await api.put_attributes(desk.call(Role.PARTNER, id=id), PutAttributes(values={"shoe_size": 38.5}))
    assert (put.body.taken, put.body.late) == (("shoe_size",), ())
    listed = (await api.list_attribute_types(desk.call(Role.STAFF))).body.types
    assert [(kind.code, kind.version) for kind in listed] == [("shoe_size", 2)]

    said = PutConsents(consents=[ConsentBody(purpose="offers", document_version="v1", given=True)])
    assert (await api.put_consents(desk.call(Role.TILL, id=id), said)).status == 204
    card = (await api.read_customer(desk.call(Role.STAFF, id=id))).body.card
    assert card is not None
    assert [(one.code, one.value, one.source) for one in card.attributes] == [("shoe_size", 38.5, Source.PARTNER)]
    assert [(one.purpose, one.given) for one in card.consents] == [("offers", True)]
    assert isinstance(card.identifiers[0].id, int)
    assert UUID(str(id)) == id
    assert '"sources":["till"]' in text(card)


def test_only_staff_define_and_take_away() -> None:
    for route in api.routes.all:
        if "-types" in route.path or route.method == "DELETE":
            assert route.roles == {Role.STAFF}, route.path


@pytest.mark.parametrize("kind", [body for route in api.routes.all for body in (route.body, *route.answers.values())])
def test_bodies_have_schemas(kind: type | None) -> None:
    if kind is not None:
        assert msgspec.json.schema(kind)
