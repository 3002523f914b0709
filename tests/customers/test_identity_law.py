"""Merging and un-merging is the identity on everything a person has here, whatever else happened before."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from vokrug import events, ledger
from vokrug.customers import (
    AttributeType,
    Consent,
    Directory,
    Source,
    Survives,
    Vault,
    define_attribute,
    keep_apart,
    let_join,
    merge,
    profile,
    resolve,
    set_attributes,
    state_consents,
    unmerge,
)
from vokrug.customers.errors import CustomersApart, CustomersAreOne, MergeOverLimit
from vokrug.customers.households import operations as households
from vokrug.customers.households.errors import HouseholdTaken
from vokrug.customers.households.types import NewMember
from vokrug.customers.segments import operations as segments
from vokrug.customers.segments.types import AnyOf, HasAttribute, HasConsent, InHousehold
from vokrug.customers.types import Strength
from vokrug.kernel import Text, new_id
from vokrug.ledger.operations.giving import Gift
from vokrug.runtime.database import Database

from .test_merging import with_many_phones
from .till import NOON, Shop

PEOPLE = 4
DEEDS = some.lists(
    some.tuples(
        some.sampled_from(["knows", "says", "lives", "gets", "merge", "unmerge", "apart", "let"]),
        some.integers(0, PEOPLE - 1),
        some.integers(0, PEOPLE - 1),
    ),
    max_size=10,
)
RULE = AnyOf([HasAttribute("x", at_least="b"), HasConsent("offers"), InHousehold("home")])


class World:
    """Four people, and everything that is known of them."""

    def __init__(self, db: Database, directory: Directory) -> None:
        self.db, self.directory, self.ids, self.tick = db, directory, list[UUID](), 0
        self.apart: set[frozenset[int]] = set()
        self.merges: dict[int, tuple[int, int]] = {}
        self.journals = ledger.JournalIds()

    async def begin(self, survives: Survives) -> None:
        await with_many_phones(self.db, self.directory)
        words = Text(en="X", ru="Х")
        async with self.db.transaction() as tx:
            await define_attribute(tx, AttributeType("x", {"type": "string"}, words, survives=survives))
            await self.directory.refresh(tx)
            await segments.define(tx, "some", words, RULE, by="vera", now=NOON)
        tag = int(new_id().hex[-8:], 16) % 10**6
        shop = Shop(self.db, self.directory)
        self.phones = [f"+7915{tag:06}{i}" for i in range(PEOPLE)]
        self.ids = [(await shop.registers(phone)).customer.id for phone in self.phones]
        async with self.db.transaction() as tx:
            rows = await tx.rows("select number, id from customers_customer where id = any($1)", self.ids)
        self.numbers = {UUID(int=row["id"].int): row["number"] for row in rows}

    async def does(self, deed: str, a: int, b: int) -> None:
        self.tick += 1
        now, one, other = NOON + timedelta(seconds=self.tick), self.ids[a], self.ids[b]
        async with self.db.transaction() as tx:
            if deed == "knows":
                said: dict[str, Any] = {"source": list(Source)[b], "observed_at": now, "now": now}
                await set_attributes(tx, self.directory, one, {"x": "abcd"[b]}, **said)
            elif deed == "says":
                await state_consents(tx, one, [Consent("offers", "v1", b > 1)], source=Source.SITE, now=now)
            elif deed == "lives":
                member = NewMember(one, "member", Source.STAFF, Strength.CLAIMED, now)
                await households.create(tx, new_id(), "home", [member], by="vera", now=now)
            elif deed == "gets":
                gift = Gift(
                    id=new_id(),
                    customer=self.numbers[one],
                    points=b + 1,
                    points_unit="PTS",
                    currency="RUB",
                    expires_at=None,
                    reason="law",
                )
                await ledger.give_points(tx, self.journals, gift, now)
            elif deed == "merge" and a != b:
                made = await merge(tx, self.directory, one, other, source=Source.STAFF, now=now)
                self.merges[made.merge_id] = (a, b)
            elif deed == "unmerge" and self.merges:
                merge_id = list(self.merges)[a % len(self.merges)]
                await unmerge(tx, merge_id, source=Source.STAFF, now=now)
                x, y = self.merges.pop(merge_id)
                if (await self.survivor(tx, x)) != (await self.survivor(tx, y)):
                    self.apart.add(frozenset((x, y)))
            elif deed == "apart" and a != b:
                await keep_apart(tx, one, other, source=Source.STAFF, now=now, reason="law")
                self.apart.add(frozenset((a, b)))
            elif deed == "let" and a != b:
                await let_join(tx, one, other, source=Source.STAFF, now=now)
                self.apart.discard(frozenset((a, b)))

    async def survivor(self, tx: Any, who: int) -> UUID:
        return (await profile(tx, self.directory, self.ids[who])).customer.id

    async def seen(self) -> Any:
        """Ids, profiles, consents, households, segments and balances of everybody, by each of their ids."""
        async with self.db.transaction() as tx:
            numbers = list(self.numbers.values())
            await segments.look_again(tx, numbers, NOON)
            found = [one and one.id for one in await resolve(tx, self.directory, [("phone", p) for p in self.phones])]
            people = []
            for id in self.ids:
                card = await profile(tx, self.directory, id)
                homes = [
                    sheet.household.id for sheet in await households.households_of(tx, id, NOON + timedelta(days=1))
                ]
                people.append((card, homes, await segments.segments_of(tx, card.customer.number)))
            units = (await ledger.units(tx))["PTS"].id
            wallets = [await ledger.available(tx, ledger.wallet_of(number, units), NOON) for number in numbers]
        return found, people, wallets


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(survives=some.sampled_from([s for s in Survives if s is not Survives.UNION]), before=DEEDS, pair=DEEDS)
def test_merged_and_taken_apart_everything_is_as_it_was(
    database_url: str, survives: Survives, before: Sequence[Any], pair: Sequence[Any]
) -> None:
    asyncio.run(there_and_back(database_url, survives, before, pair))


async def there_and_back(url: str, survives: Survives, before: Sequence[Any], more: Sequence[Any]) -> None:
    db = await Database.connect(url, max_size=2)
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, NOON)
            directory = await Directory.load(tx, Vault(b"a secret only for these tests..." * 2))
        world = World(db, directory)
        await world.begin(survives)
        for deed, a, b in before:
            await tried(world, deed, a, b)
        seen, undoing = await world.seen(), []
        for _, a, b in more:
            known = set(world.merges)
            await tried(world, "merge", a, b)
            undoing += sorted(set(world.merges) - known)
        for merge_id in undoing:
            async with db.transaction() as tx:
                await unmerge(tx, merge_id, source=Source.STAFF, now=NOON)
        assert await world.seen() == seen
    finally:
        await db.close()


async def tried(world: World, deed: str, a: int, b: int) -> None:
    """What is refused changes nothing; and whatever is done, nobody who is kept apart is one."""
    with contextlib.suppress(CustomersApart, CustomersAreOne, MergeOverLimit, HouseholdTaken):
        await world.does(deed, a, b)
    async with world.db.transaction() as tx:
        leads = [await world.survivor(tx, who) for who in range(PEOPLE)]
    assert not any(leads[x] == leads[y] for x, y in map(tuple, world.apart)), "a must-not-link holds"
