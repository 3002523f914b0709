"""Values that too many people have, values that two people want, and how many of them one may gain."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from vokrug.customers import Directory, api, define_identifier_type, people_api
from vokrug.customers.contests import api as contests_api
from vokrug.customers.contests.errors import ContestDecided, ContestOver, ContestUnknown
from vokrug.customers.contests.rules import advise
from vokrug.customers.contests.types import Advice, Standing
from vokrug.customers.errors import (
    FourEyesNeeded,
    IdentifierAside,
    IdentifierNotHeld,
    IdentifierTaken,
    TooManyNewIdentifiers,
)
from vokrug.customers.facts import IdentifierAttached, IdentifierDetached, IdentifierQuarantined, IdentifierReleased
from vokrug.customers.gateways import Witnesses
from vokrug.customers.quarantine import api as quarantine_api
from vokrug.customers.quarantine.errors import QuarantineDecided, QuarantineUnknown
from vokrug.customers.quarantine.types import QuarantineState
from vokrug.customers.schemas import Attach, IdentifierValue, PutIdentifierType, Resolve, SeeTogether
from vokrug.customers.types import Rung, Strength
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Call, Role

from .test_api import Desk
from .till import NOON, Picture

ANNAS, BORISES, SHOPS = "+79161234567", "+79161234569", "+79161112233"


class Care(Desk):
    """Two stewards, and the doors they use."""

    def by(self, who: str, **path: object) -> Call:
        call = self.call(Role.STAFF, **path)
        call.caller = replace(call.caller, key_id=who)
        return call

    async def person(self, phone: str, called: str = "Анна") -> UUID:
        id: UUID = (await self.registers(phone=phone, called=called)).body.customer.id
        return id

    async def finds(self, *values: str, type: str = "phone") -> list[UUID | None]:
        asked = Resolve(identifiers=[IdentifierValue(type=type, value=value) for value in values])
        return [one.id if one else None for one in (await api.resolve(self.call(Role.STAFF), asked)).body.customers]

    async def attaches(self, id: UUID, value: str, type: str = "phone", **more: Any) -> int:
        asked = Attach(type=type, value=value, **more)
        return (await api.attach(self.call(Role.STAFF, id=id), asked)).body.identifier_id

    async def defines(self, code: str, **rules: Any) -> None:
        directory = self.services.get(Directory)
        async with self.services.db.transaction() as tx:
            await define_identifier_type(tx, replace(directory.identifier_type(code), **rules))
            await directory.refresh(tx)

    async def aside(self, state: QuarantineState = QuarantineState.OPEN) -> list[Any]:
        call = self.call(Role.STAFF)
        call.asked = {"state": state}
        return (await quarantine_api.list_quarantines(call)).body.quarantines

    async def proposes(self, id: UUID, wish: str, who: str = "vera") -> Any:
        body = msgspec.convert({"wish": wish}, quarantine_api.ProposeRelease)
        return (await quarantine_api.propose(self.by(who, id=id), body)).body

    async def decides(self, id: UUID, agrees: bool = True, who: str = "oleg") -> Any:
        body = quarantine_api.DecideRelease(agrees=agrees)
        return (await quarantine_api.decide(self.by(who, id=id), body)).body

    async def contests(self) -> list[Any]:
        return (await contests_api.list_contests(self.call(Role.STAFF))).body.contests

    async def settles(self, id: UUID, moves: bool) -> Any:
        return (await contests_api.settle_contest(self.by("vera", id=id), contests_api.Settle(moves=moves))).body

    async def undoes(self, id: UUID) -> Any:
        return (await contests_api.undo_contest(self.by("oleg", id=id))).body

    async def card(self, id: UUID) -> Any:
        return (await api.read_customer(self.call(Role.STAFF, id=id))).body


@pytest.fixture
def care(db: Database, directory: Directory) -> Care:
    return Care(db, directory)


async def test_a_shops_own_phone_typed_for_everyone(care: Care, facts: list[Any], picture: Picture) -> None:
    """One customer has it, nine more come by it within a week; the tenth is asked for their own."""
    names = [chr(ord("А") + i) * 2 for i in range(12)]
    first = await care.person(SHOPS, names[0])
    for name in names[1:10]:
        assert await care.person(SHOPS, name) == first
    assert await care.finds(SHOPS) == [first]
    assert await care.person(SHOPS, names[10]) == first, "the one who makes it a crowd is still served"
    assert await care.finds(SHOPS) == [None]
    told = [fact for fact in facts if isinstance(fact, IdentifierQuarantined)]
    assert [(fact.identifier_type, fact.people) for fact in told] == [("phone", 10)]
    before = await picture()
    with pytest.raises(IdentifierAside):
        await care.person(SHOPS, names[11])
    with pytest.raises(IdentifierAside):
        await care.attaches(first, SHOPS, strength=Strength.VERIFIED)
    assert await picture() == before
    (one,) = await care.aside()
    assert (one.masked, one.reason, one.people) == ("+7 ··· ··· 22 33", "crowd", 10)
    (shown,) = (await care.card(first)).card.identifiers
    assert shown.is_aside, "the edge stays, and staff see that it leads nowhere"


async def test_released_under_four_eyes_it_is_exactly_as_it_was(care: Care, facts: list[Any]) -> None:
    anna = await care.person(ANNAS)
    before = (await care.card(anna)).card
    asked = quarantine_api.SetAside(id=new_id(), reason="the shop's own")
    call = care.call(Role.STAFF, identifier=before.identifiers[0].id)
    one = (await quarantine_api.set_aside(call, asked)).body
    assert (await quarantine_api.set_aside(call, asked)).body == one
    assert await care.finds(ANNAS) == [None]
    with pytest.raises(QuarantineDecided):
        await care.decides(one.id)
    await care.proposes(one.id, "release")
    with pytest.raises(FourEyesNeeded):
        await care.decides(one.id, who="vera")
    assert (await care.decides(one.id, agrees=False)).wish is None
    assert await care.finds(ANNAS) == [None]
    await care.proposes(one.id, "block")
    assert (await care.decides(one.id)).state == "blocked"
    assert await care.finds(ANNAS) == [None]
    await care.proposes(one.id, "release")
    assert (await care.decides(one.id)).state == "released"
    assert await care.finds(ANNAS) == [anna]
    assert (await care.card(anna)).card == before
    assert [type(fact) for fact in facts][-2:] == [IdentifierQuarantined, IdentifierReleased]


async def test_a_quarantine_that_is_not_there(care: Care, picture: Picture) -> None:
    before = await picture()
    with pytest.raises(QuarantineUnknown):
        await care.proposes(new_id(), "release")
    with pytest.raises(QuarantineUnknown):
        await care.decides(new_id())
    asked = quarantine_api.SetAside(id=new_id(), reason="?")
    with pytest.raises(IdentifierNotHeld):
        await quarantine_api.set_aside(care.call(Role.STAFF, identifier=404), asked)
    assert await picture() == before


async def test_who_shares_a_value_beyond_the_crowd(care: Care) -> None:
    """A type that may be shared, by four at most within a day."""
    await api.put_identifier_type(
        care.call(Role.STAFF, code="ext:tablet"), PutIdentifierType(is_unique=False, crowd=4, crowd_days=1)
    )
    people = [await care.person(f"+7916000000{i}") for i in range(5)]
    for id in people[:4]:
        await care.attaches(id, "T-1", "ext:tablet")
    (one,) = await care.aside()
    assert one.people == 4
    with pytest.raises(IdentifierAside):
        await care.attaches(people[4], "T-1", "ext:tablet")


async def test_no_more_than_so_many_new_ones_a_month(care: Care, picture: Picture) -> None:
    anna = await care.person(ANNAS)
    await care.defines("phone", max_per_customer=9, max_new=2, new_days=30)
    await care.attaches(anna, "+79160000001")
    before = await picture()
    with pytest.raises(TooManyNewIdentifiers):
        await care.attaches(anna, "+79160000002")
    assert await picture() == before
    assert await care.attaches(anna, "+79160000001", strength=Strength.VERIFIED), "no new one: better proven"
    late = care.call(Role.STAFF, id=anna)
    late.now = NOON + timedelta(days=30, seconds=1)
    await api.attach(late, Attach(type="phone", value="+79160000002"))


async def test_two_want_a_phone_and_a_steward_decides(care: Care, facts: list[Any], picture: Picture) -> None:
    anna, boris = await care.person(ANNAS), await care.person(BORISES, "Борис")
    with pytest.raises(IdentifierTaken):
        await care.attaches(boris, ANNAS)
    before = await picture()
    with pytest.raises(IdentifierTaken):
        await care.attaches(boris, ANNAS)
    assert await picture() == before, "the same wish again adds nothing"
    (one,) = await care.contests()
    assert (one.holder, one.claimant, one.type, one.is_overdue) == (anna, boris, "phone", False)
    cards = [await care.card(anna), await care.card(boris)]

    assert (await care.settles(one.id, moves=True)).state == "moved"
    assert await care.finds(ANNAS, BORISES) == [boris, boris]
    assert [type(fact) for fact in facts][-2:] == [IdentifierDetached, IdentifierAttached]
    moved = await picture()
    await care.settles(one.id, moves=True)
    assert await picture() == moved
    with pytest.raises(ContestDecided):
        await care.settles(one.id, moves=False)
    assert (await care.undoes(one.id)).state == "open"
    assert [await care.card(anna), await care.card(boris)] == cards, "exactly as it was"
    assert await care.finds(ANNAS, BORISES) == [anna, boris]
    assert (await care.settles(one.id, moves=False)).state == "kept"
    assert await care.contests() == []
    with pytest.raises(ContestUnknown):
        await care.settles(new_id(), moves=False)


async def test_a_decision_is_not_taken_back_over_what_came_after(care: Care, picture: Picture) -> None:
    _, boris = await care.person(ANNAS), await care.person(BORISES, "Борис")
    with pytest.raises(IdentifierTaken):
        await care.attaches(boris, ANNAS)
    (one,) = await care.contests()
    await care.settles(one.id, moves=True)
    await api.detach(care.call(Role.STAFF, id=boris, identifier=one.identifier_id))
    before = await picture()
    with pytest.raises(ContestOver):
        await care.undoes(one.id)
    assert await picture() == before


async def test_nor_once_what_was_before_is_destroyed(care: Care, db: Database, picture: Picture) -> None:
    _, boris = await care.person(ANNAS), await care.person(BORISES, "Борис")
    with pytest.raises(IdentifierTaken):
        await care.attaches(boris, ANNAS)
    (one,) = await care.contests()
    await care.settles(one.id, moves=True)
    async with db.transaction() as tx:
        await tx.run("delete from customers_assertion where valid_to is not null")
    before = await picture()
    with pytest.raises(ContestOver):
        await care.undoes(one.id)
    assert await picture() == before


async def test_what_speaks_for_each(care: Care) -> None:
    """Boris signs in, Anna has points: the account is the higher rung, unless the type says otherwise."""
    anna, boris = await care.person(ANNAS), await care.person(BORISES, "Борис")
    numbers = {}
    async with care.services.db.transaction() as tx:
        for row in await tx.rows("select number, id from customers_customer"):
            numbers[UUID(int=row["id"].int)] = row["number"]

    async def signs_in(tx: Any, ids: Any) -> set[UUID]:
        return {boris}

    async def holds(tx: Any, asked: Any) -> set[int]:
        return {numbers[anna]}

    care.services.add(Witnesses(signs_in, holds))
    with pytest.raises(IdentifierTaken):
        await care.attaches(boris, ANNAS)
    (one,) = await care.contests()
    sheet = (await contests_api.read_contest(care.call(Role.STAFF, id=one.id))).body
    assert (sheet.advice, sheet.by) == ("move", "account_by_any")
    assert (sheet.holder.rungs, sheet.claimant.rungs) == ([Rung.HOLDS_VALUE], [Rung.ACCOUNT_BY_ANY])
    await care.defines("phone", ladder=(Rung.HOLDS_VALUE, Rung.LATEST_WORD))
    sheet = (await contests_api.read_contest(care.call(Role.STAFF, id=one.id))).body
    assert (sheet.advice, sheet.by) == ("keep", "holds_value")


ALL = tuple(Rung)
NOBODY, LATER = Standing(frozenset(), NOON), NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("ladder", "holder", "claimant", "advice"),
    [
        (ALL, NOBODY, NOBODY, Advice(None, None)),
        (ALL, NOBODY, Standing(frozenset({Rung.PROVEN_THIS}), NOON), Advice(True, Rung.PROVEN_THIS)),
        (
            ALL,
            Standing(frozenset({Rung.PROVEN_ANY}), NOON),
            Standing(frozenset(), LATER),
            Advice(False, Rung.PROVEN_ANY),
        ),
        (ALL, NOBODY, Standing(frozenset(), LATER), Advice(True, Rung.LATEST_WORD)),
        (ALL, Standing(frozenset(), LATER), NOBODY, Advice(False, Rung.LATEST_WORD)),
        (ALL, Standing(frozenset(), None), NOBODY, Advice(True, Rung.LATEST_WORD)),
        (ALL, NOBODY, Standing(frozenset(), None), Advice(None, None)),
        ((Rung.PROVEN_THIS,), NOBODY, Standing(frozenset({Rung.PROVEN_ANY}), LATER), Advice(None, None)),
        (
            (Rung.HOLDS_VALUE, Rung.PROVEN_THIS),
            Standing(frozenset({Rung.PROVEN_THIS}), NOON),
            Standing(frozenset({Rung.HOLDS_VALUE}), NOON),
            Advice(True, Rung.HOLDS_VALUE),
        ),
    ],
)
def test_the_ladder(ladder: tuple[Rung, ...], holder: Standing, claimant: Standing, advice: Advice) -> None:
    assert advise(ladder, holder, claimant) == advice


async def sees(care: Care, *shown: tuple[str, str, str]) -> Any:
    body = {"identifiers": [{"type": type, "value": value, "strength": how} for type, value, how in shown]}
    call = care.call(Role.STAFF)
    return (await people_api.see_together(call, msgspec.convert(body, SeeTogether))).body


async def test_what_is_proven_together_is_one_person(care: Care) -> None:
    anna, anya = await care.person(ANNAS), await care.person(BORISES)
    await care.attaches(anya, "anna@example.org", "email", strength=Strength.VERIFIED)
    seen = await sees(care, ("email", "anna@example.org", "verified"), ("phone", ANNAS, "verified"))
    assert (seen.customer, len(seen.merges), seen.contested) == (anna, 1, ())
    assert await care.finds(ANNAS, BORISES) == [anna, anna]
    again = await sees(care, ("email", "anna@example.org", "verified"), ("phone", ANNAS, "verified"))
    assert (again.customer, again.merges) == (anna, ())


async def test_a_shared_tablet_joins_nobody(care: Care) -> None:
    """The e-mail was only typed: it is weaker than a joining one must be, and waits for a steward."""
    anna, anya = await care.person(ANNAS), await care.person(BORISES)
    await care.attaches(anya, "anna@example.org", "email", strength=Strength.VERIFIED)
    seen = await sees(care, ("email", "anna@example.org", "claimed"), ("phone", ANNAS, "verified"))
    assert (seen.customer, seen.merges, seen.contested) == (anna, (), (0,))
    assert await care.finds(ANNAS, BORISES) == [anna, anya]
    (one,) = await care.contests()
    assert (one.holder, one.claimant, one.type) == (anya, anna, "email")
    nobody = await sees(care, ("phone", "+79160000009", "verified"))
    assert (nobody.customer, nobody.merges) == (None, ())
