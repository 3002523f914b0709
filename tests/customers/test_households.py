"""Who lives together: a graph beside that of people."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from vokrug import events
from vokrug.customers import Directory, Source, Vault, merge, unmerge
from vokrug.customers.errors import CustomersApart, CustomerUnknown, MergeOverLimit
from vokrug.customers.facts import HouseholdChanged
from vokrug.customers.households import api as homes
from vokrug.customers.households.errors import (
    HouseholdChangeOver,
    HouseholdChangeReused,
    HouseholdChangeUnknown,
    HouseholdKindsDiffer,
    HouseholdMalformed,
    HouseholdNotOfThem,
    HouseholdOfItself,
    HouseholdTaken,
    HouseholdUnknown,
)
from vokrug.kernel import Refusal, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role

from .test_api import Desk
from .till import NOON, Picture


class Registry(Desk):
    """Tells who lives with whom."""

    async def people(self, count: int) -> list[UUID]:
        tag = int(new_id().hex[-8:], 16) % 10**7
        return [
            (await self.registers(phone=f"+7{9_170_000_000 + (tag + i) % 10**7}")).body.customer.id
            for i in range(count)
        ]

    async def makes(self, *people: UUID, kind: str = "home", id: UUID | None = None) -> UUID:
        id = id or new_id()
        body = {"id": id, "kind": kind, "members": [{"customer": one} for one in people]}
        await homes.create_household(self.call(Role.PARTNER), msgspec.convert(body, homes.CreateHousehold))
        return id

    async def joins(self, home: UUID, customer: UUID, **more: Any) -> UUID:
        body = {"id": new_id(), "customer": customer, **more}
        call = self.call(Role.PARTNER, id=home)
        await homes.join_household(call, msgspec.convert(body, homes.JoinHousehold))
        id: UUID = body["id"]
        return id

    async def leaves(self, home: UUID, customer: UUID, days: int = 0) -> UUID:
        call, body = self.call(Role.PARTNER, id=home), homes.LeaveHousehold(id=new_id(), customer=customer)
        call.now += timedelta(days=days)
        await homes.leave_household(call, body)
        return body.id

    async def merges(self, one: UUID, other: UUID, id: UUID | None = None) -> UUID:
        body = homes.MergeHouseholds(id=id or new_id(), one=one, other=other)
        await homes.merge_households(self.call(Role.STAFF), body)
        return body.id

    async def splits(self, home: UUID, *people: UUID, new: UUID | None = None) -> UUID:
        body = homes.SplitHousehold(id=new_id(), new=new or new_id(), customers=list(people))
        await homes.split_household(self.call(Role.STAFF, id=home), body)
        return body.id

    async def undoes(self, change: UUID) -> None:
        await homes.undo_change(self.call(Role.STAFF, id=change))

    async def sees(self, home: UUID, days: int = 0) -> Any:
        call = self.call(Role.STAFF, id=home)
        call.asked = {"at": NOON + timedelta(days=days)}
        return (await homes.read_household(call)).body

    async def in_it(self, home: UUID, days: int = 0) -> list[UUID]:
        return [one.customer for one in (await self.sees(home, days)).members]

    async def homes_of(self, customer: UUID) -> list[UUID]:
        call = self.call(Role.STAFF, id=customer)
        return [one.id for one in (await homes.read_households_of(call)).body.households]

    async def joins_people(self, one: UUID, other: UUID) -> int:
        async with self.services.db.transaction() as tx:
            directory = self.services.get(Directory)
            return (await merge(tx, directory, one, other, source=Source.STAFF, now=NOON)).merge_id

    async def parts_people(self, merge_id: int) -> None:
        async with self.services.db.transaction() as tx:
            await unmerge(tx, merge_id, source=Source.STAFF, now=NOON)


@pytest.fixture
def registry(db: Database, directory: Directory) -> Registry:
    return Registry(db, directory)


async def test_one_of_a_kind_and_several_by_kind(registry: Registry, facts: list[Any]) -> None:
    anna, boris, vera = await registry.people(3)
    home = await registry.makes(anna, boris)
    club = await registry.makes(anna, kind="club")
    assert await registry.homes_of(anna) == [home, club]
    other = await registry.makes(vera)
    with pytest.raises(HouseholdTaken):
        await registry.joins(other, anna)
    await registry.joins(home, anna, role="head", strength="verified")
    assert [(one.customer, one.role) for one in (await registry.sees(home)).members] == [
        (boris, "member"),
        (anna, "head"),
    ]
    told = [fact for fact in facts if isinstance(fact, HouseholdChanged)]
    assert [fact.change for fact in told] == ["created", "created", "created", "joined"]


async def test_who_left_was_there(registry: Registry) -> None:
    anna, boris = await registry.people(2)
    home = await registry.makes(anna, boris)
    left = await registry.leaves(home, boris, days=5)
    assert (await registry.in_it(home, 4), await registry.in_it(home, 5)) == ([anna, boris], [anna])
    await registry.undoes(left)
    assert await registry.in_it(home, 5) == [anna, boris]


async def test_two_households_become_one_and_two_again(registry: Registry) -> None:
    anna, boris, vera = await registry.people(3)
    one, other = await registry.makes(anna, boris), await registry.makes(vera)
    before = [await registry.sees(one), await registry.sees(other)]
    change = await registry.merges(other, one)
    assert (await registry.sees(other)).id == one, "the id that was merged away leads on"
    assert await registry.in_it(one) == [anna, boris, vera]
    await registry.undoes(change)
    assert [await registry.sees(one), await registry.sees(other)] == before


async def test_some_move_out_and_back(registry: Registry, picture: Picture) -> None:
    anna, boris, vera = await registry.people(3)
    home, new = await registry.makes(anna, boris, vera), new_id()
    before = await registry.sees(home)
    change = await registry.splits(home, boris, vera, new=new)
    assert (await registry.in_it(home), await registry.in_it(new)) == ([anna], [boris, vera])
    await registry.undoes(change)
    assert sorted(await registry.in_it(home)) == sorted([anna, boris, vera])
    assert {one.customer: one for one in (await registry.sees(home)).members} == {
        one.customer: one for one in before.members
    }
    assert await registry.in_it(new) == []
    seen = await picture()
    await registry.undoes(change)
    assert await picture() == seen, "a repeat changes nothing"


async def test_households_follow_people(registry: Registry) -> None:
    """Two customers who are one person are in both homes, and once in each; taken apart, each is where they were."""
    anna, anya, boris = await registry.people(3)
    one, other = await registry.makes(anna, boris), await registry.makes(anya)
    before = [await registry.sees(one), await registry.sees(other)]
    merge_id = await registry.joins_people(anna, anya)
    assert await registry.homes_of(anya) == [one, other]
    change = await registry.merges(one, other)
    assert await registry.in_it(one) == [anna, boris]
    await registry.undoes(change)
    await registry.parts_people(merge_id)
    assert [await registry.sees(one), await registry.sees(other)] == before


async def test_what_is_refused_changes_nothing(registry: Registry, picture: Picture) -> None:
    anna, boris, vera = await registry.people(3)
    home, club = await registry.makes(anna), await registry.makes(boris, kind="club")
    split_off = await registry.splits(home, anna, new=(new := new_id()))
    await registry.joins(new, vera)
    merge_id = await registry.merges(home, new)
    before = await picture()
    nobody = new_id()
    refused: list[tuple[Any, type[Refusal]]] = [
        (registry.joins(nobody, anna), HouseholdUnknown),
        (registry.joins(home, nobody), CustomerUnknown),
        (registry.joins(home, boris, role="The Boss"), HouseholdMalformed),
        (registry.joins(home, boris, since="2030-01-01T00:00:00Z"), HouseholdMalformed),
        (registry.makes(boris, boris), HouseholdMalformed),
        (registry.makes(boris, id=home), HouseholdChangeReused),
        (registry.makes(boris, id=merge_id), HouseholdChangeReused),
        (registry.leaves(home, boris), HouseholdNotOfThem),
        (registry.splits(home, boris), HouseholdNotOfThem),
        (registry.splits(home, anna, new=club), HouseholdChangeReused),
        (registry.merges(home, club), HouseholdKindsDiffer),
        (registry.merges(home, new), HouseholdOfItself),
        (registry.merges(home, club, id=merge_id), HouseholdChangeReused),
        (registry.undoes(nobody), HouseholdChangeUnknown),
        (registry.undoes(split_off), HouseholdChangeOver),
    ]
    for story, refusal in refused:
        with pytest.raises(refusal):
            await story
    assert await picture() == before


DEEDS = some.lists(
    some.tuples(some.sampled_from(["merge", "leave", "split", "people"]), some.integers(0, 4), some.integers(0, 4)),
    min_size=1,
    max_size=7,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_all_undone_in_reverse_is_all_as_it_was(database_url: str, deeds: Sequence[tuple[str, int, int]]) -> None:
    asyncio.run(there_and_back(database_url, deeds))


async def there_and_back(url: str, deeds: Sequence[tuple[str, int, int]]) -> None:
    db = await Database.connect(url, max_size=2)
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, NOON)
            directory = await Directory.load(tx, Vault(b"a secret only for these tests..." * 2))
        registry = Registry(db, directory)
        people = await registry.people(5)
        places = [await registry.makes(people[i], *([people[i + 3]] if i < 2 else [])) for i in range(3)]

        async def seen() -> Any:
            cards = [await registry.sees(home) for home in places]
            return [(card.id, sorted((one.customer, one.role, one.since) for one in card.members)) for card in cards]

        before, undoing = await seen(), list[Callable[[], Awaitable[None]]]()
        for deed, a, b in deeds:
            home = places[a % 3]
            try:
                if deed == "merge":
                    undoing.append(partial(registry.undoes, await registry.merges(home, places[b % 3])))
                elif deed == "leave":
                    undoing.append(partial(registry.undoes, await registry.leaves(home, people[b])))
                elif deed == "split":
                    undoing.append(partial(registry.undoes, await registry.splits(home, people[b])))
                elif a != b:
                    made = await registry.joins_people(people[a], people[b])
                    undoing.append(partial(registry.parts_people, made))
            except (HouseholdOfItself, HouseholdNotOfThem, CustomersApart, MergeOverLimit):
                continue
        for undo in reversed(undoing):
            await undo()
        assert await seen() == before
    finally:
        await db.close()
