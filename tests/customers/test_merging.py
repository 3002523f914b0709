"""Two customers become one person, and two again."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from vokrug import events
from vokrug.customers import (
    AttributeType,
    Consent,
    Directory,
    IdentifierType,
    Merged,
    Source,
    Strength,
    Unmerged,
    Vault,
    attach,
    define_attribute,
    define_identifier_type,
    keep_apart,
    let_join,
    merge,
    merges_by_rule,
    profile,
    resolve,
    set_attributes,
    state_consents,
    unmerge,
)
from vokrug.customers.errors import (
    CustomersApart,
    CustomersAreOne,
    CustomerUnknown,
    MergeOfOneself,
    MergeOverLimit,
    MergeUnknown,
    RuleMalformed,
)
from vokrug.customers.facts import CustomersMerged, CustomersUnmerged
from vokrug.customers.operations.erasure import destroy_keys
from vokrug.customers.rules import survivors
from vokrug.kernel import Refusal, Text, new_id
from vokrug.runtime.database import Database

from .till import NOON, Picture, Shop

PHONES = [f"+7916123450{i}" for i in range(8)]


class Steward:
    """A member of staff who looks after who is who."""

    def __init__(self, db: Database, directory: Directory) -> None:
        self.db, self.directory = db, directory

    async def merges(self, one: UUID, other: UUID, rule: str = "by_hand") -> Merged:
        async with self.db.transaction() as tx:
            return await merge(tx, self.directory, one, other, source=Source.STAFF, now=NOON, rule=rule)

    async def unmerges(self, merge_id: int) -> Unmerged:
        async with self.db.transaction() as tx:
            return await unmerge(tx, merge_id, source=Source.STAFF, now=NOON)

    async def keeps_apart(self, one: UUID, other: UUID) -> None:
        async with self.db.transaction() as tx:
            await keep_apart(tx, one, other, source=Source.STAFF, now=NOON, reason="father and son")

    async def finds(self, *phones: str) -> list[UUID | None]:
        async with self.db.transaction() as tx:
            found = await resolve(tx, self.directory, [("phone", phone) for phone in phones])
        return [one.id if one else None for one in found]

    async def sees(self, *ids: UUID) -> list[Any]:
        """Everything that may be shown of these customers, but for what changes by being read."""
        async with self.db.transaction() as tx:
            return [await profile(tx, self.directory, id) for id in ids]


@pytest.fixture
async def steward(db: Database, directory: Directory) -> Steward:
    await with_many_phones(db, directory)
    return Steward(db, directory)


async def with_many_phones(db: Database, directory: Directory) -> None:
    """A person may have ten here, so that many can be merged."""
    async with db.transaction() as tx:
        kind = directory.identifier_type("phone")
        await define_identifier_type(tx, replace(kind, max_per_customer=10))
        await directory.refresh(tx)


async def people(shop: Shop, count: int) -> list[UUID]:
    return [(await shop.registers(PHONES[i], called="Анна")).customer.id for i in range(count)]


async def test_either_phone_leads_to_the_older_customer(shop: Shop, steward: Steward, facts: list[Any]) -> None:
    anna, anya = await people(shop, 2)
    merged = await steward.merges(anya, anna)
    assert merged.customer_id == anna, "the older one survives, whoever is named first"
    assert await steward.finds(*PHONES[:2]) == [anna, anna]
    (seen, by_old_id) = await steward.sees(anna, anya)
    assert seen == by_old_id, "the id that was merged away leads on, in one hop"
    assert len(seen.identifiers) == 2
    told = [fact for fact in facts if isinstance(fact, CustomersMerged)]
    assert [(fact.customer_id, fact.merged_id) for fact in told] == [(anna, anya)]


async def test_taking_apart_gives_back_exactly_what_was(
    shop: Shop, steward: Steward, db: Database, directory: Directory, facts: list[Any]
) -> None:
    anna, anya = await people(shop, 2)
    async with db.transaction() as tx:
        await define_attribute(tx, AttributeType("pets", {"type": "integer"}, Text(en="Pets", ru="Питомцы")))
        await directory.refresh(tx)
        for id, value in ((anna, 1), (anya, 2)):
            await set_attributes(
                tx,
                directory,
                id,
                {"pets": value},
                source=Source.STAFF,
                observed_at=NOON - timedelta(days=value),
                now=NOON,
            )
            said = [Consent("marketing", "2026-01", value == 1)]
            await state_consents(tx, id, said, source=Source.STAFF, now=NOON + timedelta(hours=value))
    before = await steward.sees(anna, anya)
    merged = await steward.merges(anna, anya)
    (one, _) = await steward.sees(anna, anya)
    assert [kept.value for kept in one.attributes] == [1], "the newest observation of the two"
    assert {said.purpose: said.given for said in one.consents}["marketing"] is False, "the latest word of the two"
    apart = await steward.unmerges(merged.merge_id)
    assert (apart.one_id, apart.other_id) == (anna, anya)
    assert await steward.sees(anna, anya) == before
    assert await steward.finds(*PHONES[:2]) == [anna, anya]
    told = [fact for fact in facts if isinstance(fact, CustomersUnmerged)]
    assert [(fact.customer_id, fact.separated_id, fact.separated_ids) for fact in told] == [(anna, anya, [anya])] * 2


async def test_whom_somebody_took_apart_no_rule_joins_again(shop: Shop, steward: Steward, picture: Picture) -> None:
    anna, anya, other = await people(shop, 3)
    merged = await steward.merges(anna, anya, rule="same_email")
    await steward.unmerges(merged.merge_id)
    await steward.merges(anya, other)
    before = await picture()
    for one, two in ((anna, anya), (anna, other)):
        with pytest.raises(CustomersApart):
            await steward.merges(one, two, rule="same_email")
    assert await picture() == before
    async with steward.db.transaction() as tx:
        await let_join(tx, anna, anya, source=Source.STAFF, now=NOON)
    assert (await steward.merges(anna, other)).customer_id == anna


async def test_the_middle_of_a_chain_is_taken_out(shop: Shop, steward: Steward) -> None:
    """Four by three merges; ending the middle one leaves two pairs, each under its own oldest id."""
    a, b, c, d = await people(shop, 4)
    await steward.merges(c, d)
    middle = await steward.merges(b, c)
    await steward.merges(a, b)
    assert await steward.finds(*PHONES[:4]) == [a, a, a, a]
    await steward.unmerges(middle.merge_id)
    assert await steward.finds(*PHONES[:4]) == [a, a, c, c]


async def test_a_second_merge_that_says_the_same_still_holds(shop: Shop, steward: Steward) -> None:
    a, b, c = await people(shop, 3)
    first = await steward.merges(a, b)
    await steward.merges(b, c)
    await steward.merges(a, c)
    apart = await steward.unmerges(first.merge_id)
    assert apart.one_id == apart.other_id == a
    assert await steward.finds(*PHONES[:3]) == [a, a, a]


async def test_repeats_change_nothing(shop: Shop, steward: Steward, picture: Picture) -> None:
    anna, anya = await people(shop, 2)
    merged = await steward.merges(anna, anya)
    before = await picture()
    again = await steward.merges(anya, anna)
    assert (again.merge_id, again.is_new) == (merged.merge_id, False)
    assert await picture() == before
    await steward.unmerges(merged.merge_id)
    before = await picture()
    await steward.unmerges(merged.merge_id)
    assert await picture() == before


async def test_a_card_that_both_had_leads_to_the_person(
    shop: Shop, steward: Steward, db: Database, directory: Directory
) -> None:
    """Not unique, so it led to nobody while they were two; taken apart, it leads to nobody again."""
    anna, anya = await people(shop, 2)
    async with db.transaction() as tx:
        await define_identifier_type(tx, IdentifierType(0, "ext:family", "opaque", is_unique=False))
        await directory.refresh(tx)
        for id in (anna, anya):
            said: dict[str, Any] = {"source": Source.STAFF, "strength": Strength.CLAIMED, "now": NOON}
            await attach(tx, directory, id, ("ext:family", "77"), **said)

    async def found() -> UUID | None:
        async with db.transaction() as tx:
            (one,) = await resolve(tx, directory, [("ext:family", "77")])
        return one.id if one else None

    assert await found() is None
    merged = await steward.merges(anna, anya)
    assert await found() == anna
    await steward.unmerges(merged.merge_id)
    assert await found() is None


async def test_what_cannot_be_merged(
    shop: Shop, steward: Steward, db: Database, directory: Directory, picture: Picture
) -> None:
    anna, anya, gone, third, fourth = await people(shop, 5)
    async with db.transaction() as tx:
        await define_identifier_type(tx, IdentifierType(0, "ext:bank", "opaque", is_immutable=True))
        await directory.refresh(tx)
        said: dict[str, Any] = {"source": Source.STAFF, "strength": Strength.CLAIMED, "now": NOON}
        await attach(tx, directory, third, ("ext:bank", "1"), **said)
        await attach(tx, directory, fourth, ("ext:bank", "2"), **said)
        await destroy_keys(tx, gone, Source.STAFF, NOON)
    await steward.keeps_apart(anna, anya)
    before = await picture()
    refused: list[tuple[UUID, UUID, str, type[Refusal]]] = [
        (anna, anna, "by_hand", MergeOfOneself),
        (anna, new_id(), "by_hand", CustomerUnknown),
        (anna, gone, "by_hand", CustomerUnknown),
        (anna, anya, "by_hand", CustomersApart),
        (third, fourth, "by_hand", MergeOverLimit),
        (anna, third, "By Hand!", RuleMalformed),
    ]
    for one, other, rule, refusal in refused:
        with pytest.raises(refusal):
            await steward.merges(one, other, rule)
    with pytest.raises(MergeUnknown):
        await steward.unmerges(404)
    assert await picture() == before


async def test_two_who_are_one_are_not_kept_apart(shop: Shop, steward: Steward, picture: Picture) -> None:
    anna, anya = await people(shop, 2)
    await steward.merges(anna, anya)
    before = await picture()
    with pytest.raises(CustomersAreOne):
        await steward.keeps_apart(anna, anya)
    assert await picture() == before


async def test_what_a_rule_merged_between_two_times(shop: Shop, steward: Steward) -> None:
    a, b, c = await people(shop, 3)
    wrong = await steward.merges(a, b, rule="same_address")
    await steward.merges(a, c)
    async with steward.db.transaction() as tx:
        found = await merges_by_rule(tx, "same_address", NOON, NOON + timedelta(seconds=1))
        assert await merges_by_rule(tx, "same_address", NOON - timedelta(days=1), NOON) == []
    assert [row.id for row in found] == [wrong.merge_id]


async def test_everybody_merges_everybody_at_once(shop: Shop, steward: Steward) -> None:
    """Ten merges of five people in parallel, both ways round: no deadlock is left, and one person."""
    ids = await people(shop, 5)

    async def merges(one: UUID, other: UUID) -> None:
        await steward.db.replayed(lambda tx: merge(tx, steward.directory, one, other, source=Source.STAFF, now=NOON))

    await asyncio.gather(*(merges(one, other) for one, other in itertools.permutations(ids, 2)))
    assert await steward.finds(*PHONES[:5]) == [ids[0]] * 5


Pair = tuple[int, int]
PAIRS = some.tuples(some.integers(0, 5), some.integers(0, 5)).filter(lambda pair: pair[0] != pair[1])


@given(some.lists(PAIRS, max_size=9), some.randoms())
def test_the_order_of_merges_never_matters(pairs: Sequence[Pair], chance: Any) -> None:
    shuffled = [pair if chance.random() < 0.5 else pair[::-1] for pair in pairs]
    chance.shuffle(shuffled)
    assert survivors(range(6), pairs) == survivors(range(6), shuffled)


DEEDS = some.one_of(
    some.tuples(some.just("merge"), PAIRS),
    some.tuples(some.just("merge"), PAIRS),
    some.tuples(some.just("apart"), PAIRS),
    some.tuples(some.just("unmerge"), some.tuples(some.integers(0, 9), some.just(0))),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=some.lists(DEEDS, min_size=1, max_size=12))
def test_any_history_gives_the_people_of_its_open_edges(database_url: str, deeds: Sequence[tuple[str, Pair]]) -> None:
    """Against a plain model: pairs in a dictionary. Six new people for each history."""
    asyncio.run(lives_through(database_url, deeds))


async def lives_through(url: str, deeds: Sequence[tuple[str, Pair]]) -> None:
    db = await Database.connect(url, max_size=2)
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, NOON)
            directory = await Directory.load(tx, Vault(b"a secret only for these tests..." * 2))
        await with_many_phones(db, directory)
        shop, steward = Shop(db, directory), Steward(db, directory)
        ids = [(await shop.registers(f"+7917{next(NUMBERS):07}")).customer.id for _ in range(6)]
        model = Model()
        for deed, (a, b) in deeds:
            await model.does(steward, ids, deed, a, b)
            groups = model.groups()
            assert [one.customer.id for one in await steward.sees(*ids)] == [ids[groups[i]] for i in range(6)]
            assert not any(groups[x] == groups[y] for x, y in model.apart), "who is kept apart is never one"
        for merge_id in model.made:
            await steward.unmerges(merge_id)
        assert [one.customer.id for one in await steward.sees(*ids)] == ids, "all undone is all as it was"
    finally:
        await db.close()


NUMBERS = itertools.count(1_000_000)


class Model:
    """Who is one with whom, the plain way."""

    def __init__(self) -> None:
        self.open: dict[int, Pair] = {}
        self.apart: set[Pair] = set()
        self.made: list[int] = []

    def groups(self, *more: Pair) -> dict[int, int]:
        return survivors(range(6), [*self.open.values(), *more])

    async def does(self, steward: Steward, ids: Sequence[UUID], deed: str, a: int, b: int) -> None:
        pair = (min(a, b), max(a, b))
        if deed == "merge":
            after = self.groups(pair)
            if pair not in self.open.values() and any(after[x] == after[y] for x, y in self.apart):
                with pytest.raises(CustomersApart):
                    await steward.merges(ids[a], ids[b])
                return
            merged = await steward.merges(ids[a], ids[b])
            self.open[merged.merge_id] = pair
            self.made.append(merged.merge_id)
        elif deed == "apart" and self.groups()[a] == self.groups()[b]:
            with pytest.raises(CustomersAreOne):
                await steward.keeps_apart(ids[a], ids[b])
        elif deed == "apart":
            await steward.keeps_apart(ids[a], ids[b])
            self.apart.add(pair)
        elif self.made:
            ended = self.open.pop(merge_id := self.made[a % len(self.made)], None)
            await steward.unmerges(merge_id)
            if ended is not None and self.groups()[ended[0]] != self.groups()[ended[1]]:
                self.apart.add(ended)
