"""Which of several values a person has, and reading what they have."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from vokrug import events
from vokrug.customers import (
    AttributeType,
    Consent,
    Directory,
    Source,
    Survives,
    Vault,
    define_attribute,
    merge,
    profile,
    set_attributes,
    state_consents,
    unmerge,
)
from vokrug.customers import jobs as our_jobs
from vokrug.customers.bulk import api as bulk
from vokrug.customers.bulk.errors import PurposeMalformed
from vokrug.customers.crosswalk.errors import CrosswalkNotYours
from vokrug.customers.crosswalk.operations import grant
from vokrug.customers.crosswalk.types import Right
from vokrug.customers.errors import AttributeTypeMalformed, AttributeUnknown
from vokrug.customers.facts import AttributeChanged
from vokrug.customers.rules import survivor
from vokrug.customers.types import Observation
from vokrug.kernel import Text, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role
from vokrug.runtime.jobs import JobRun

from .test_api import Desk
from .test_crosswalk import Partner
from .till import NOON, Picture, Shop

WORDS = Text(en="Anything", ru="Что угодно")
SITE, PARTNER, STAFF = Source.SITE, Source.PARTNER, Source.STAFF


def said(day: int, value: Any, source: Source = SITE, until: int | None = None, of: int = 1) -> Observation:
    first = NOON + timedelta(days=day)
    return Observation(of, source, value, first, first if until is None else NOON + timedelta(days=until), {})


@pytest.mark.parametrize(
    ("survives", "observed", "value"),
    [
        (Survives.NEWEST, [said(1, "a"), said(3, "b"), said(2, "c")], "b"),
        (Survives.NEWEST, [said(1, "a", until=5), said(3, "b")], "a"),
        (Survives.OLDEST, [said(1, "a", until=5), said(3, "b")], "a"),
        (Survives.MOST_TRUSTED_SOURCE, [said(9, "a"), said(1, "b", STAFF), said(5, "c", PARTNER)], "b"),
        (Survives.MOST_TRUSTED_SOURCE, [said(9, "a"), said(1, "b", Source.CALL)], "a"),
        (Survives.MOST_FREQUENT, [said(1, "a"), said(2, "a", STAFF), said(9, "b", PARTNER)], "a"),
        (Survives.MOST_FREQUENT, [said(1, "a"), said(2, "a", STAFF), said(9, "b"), said(9, "b", PARTNER)], "b"),
        (Survives.MOST_FREQUENT, [said(1, "a"), said(1, "a", of=2), said(9, "b", STAFF)], "a"),
        (Survives.LONGEST, [said(1, "abc"), said(9, "ab")], "abc"),
        (Survives.MAX, [said(1, 10), said(2, 9.5), said(3, 2)], 10),
        (Survives.MIN, [said(1, 10), said(2, 9.5), said(3, 2)], 2),
        (Survives.UNION, [said(1, ["b", "a"]), said(2, ["c", "a"])], ["a", "b", "c"]),
    ],
)
def test_the_rules(survives: Survives, observed: list[Observation], value: Any) -> None:
    for order in (observed, observed[::-1]):
        one = survivor("x", order, survives=survives, trust=(STAFF, PARTNER), now=NOON + timedelta(days=30))
        assert one is not None
        assert one.value == value


def test_what_is_old_counts_no_more() -> None:
    observed = [said(0, 10), said(5, 3)]
    for days, value in ((9, 10), (10, 3), (15, None)):
        one = survivor("x", observed, survives=Survives.MAX, fresh_days=10, now=NOON + timedelta(days=days))
        assert (one and one.value) == value


class Keeper(Desk):
    """Observes people, and looks at what stands."""

    async def defines(self, survives: Survives, schema: str = "string", **more: Any) -> None:
        kind = AttributeType("x", {"type": schema}, WORDS, survives=survives, **more)
        async with self.services.db.transaction() as tx:
            await define_attribute(tx, kind)
            await self.services.get(Directory).refresh(tx)

    async def observes(self, id: UUID, day: int, value: Any, source: Source = SITE) -> Any:
        async with self.services.db.transaction() as tx:
            at = NOON - timedelta(days=100) + timedelta(days=day)
            directory = self.services.get(Directory)
            return await set_attributes(tx, directory, id, {"x": value}, source=source, observed_at=at, now=NOON)

    async def sees(self, id: UUID) -> Any:
        async with self.services.db.transaction() as tx:
            return [(one.value, one.source, one.observed_at) for one in (await self.profile(tx, id)).attributes]

    async def profile(self, tx: Any, id: UUID) -> Any:
        return await profile(tx, self.services.get(Directory), id)

    async def runs(self, name: str, now: datetime = NOON, **args: Any) -> None:
        await our_jobs.tasks[name].handler(JobRun(self.services, now, 1, 1), **args)


@pytest.fixture
def keeper(db: Database, directory: Directory) -> Keeper:
    return Keeper(db, directory)


async def test_a_trusted_source_stands_over_a_newer_one(keeper: Keeper, shop: Shop, facts: list[Any]) -> None:
    anna = (await shop.registers()).customer.id
    await keeper.defines(Survives.MOST_TRUSTED_SOURCE, trust=(STAFF, PARTNER))
    assert (await keeper.observes(anna, 1, "Тверь", STAFF)).taken == ("x",)
    late = await keeper.observes(anna, 2, "Москва")
    assert (late.taken, late.late) == ((), ("x",))
    assert [row[0] for row in await keeper.sees(anna)] == ["Тверь"]
    told = [fact for fact in facts if isinstance(fact, AttributeChanged)]
    assert [fact.source for fact in told] == [STAFF], "what does not stand tells nobody anything"


async def test_another_rule_looks_again(keeper: Keeper, shop: Shop, facts: list[Any], db: Database) -> None:
    anna = (await shop.registers()).customer.id
    await keeper.defines(Survives.NEWEST)
    for day, value in ((1, "three"), (2, "on"), (3, "two")):
        await keeper.observes(anna, day, value)
    for survives, value in ((Survives.LONGEST, "three"), (Survives.MIN, "on"), (Survives.NEWEST, "two")):
        await keeper.defines(survives)
        async with db.transaction() as tx:
            waiting = await tx.value("select count(*) from procrastinate_jobs where task_name = 'customers.resettle'")
        assert waiting == 1, "asked for once, however often the rule changes before it runs"
        await keeper.runs("customers.resettle", code="x")
        assert [row[0] for row in await keeper.sees(anna)] == [value]
        assert isinstance(facts[-1], AttributeChanged)


async def test_what_went_stale_goes(keeper: Keeper, shop: Shop) -> None:
    anna = (await shop.registers()).customer.id
    await keeper.defines(Survives.MAX, "integer", fresh_days=101)
    await keeper.observes(anna, 1, 9)
    await keeper.observes(anna, 50, 3)
    await keeper.runs("customers.settle_stale", NOON + timedelta(days=1))
    assert [row[0] for row in await keeper.sees(anna)] == [9]
    await keeper.runs("customers.settle_stale", NOON + timedelta(days=2))
    assert [row[0] for row in await keeper.sees(anna)] == [3]
    await keeper.runs("customers.settle_stale", NOON + timedelta(days=51))
    assert await keeper.sees(anna) == []


@pytest.mark.parametrize(
    ("survives", "schema", "more"),
    [
        (Survives.UNION, "string", {}),
        (Survives.MAX, "array", {}),
        (Survives.LONGEST, "integer", {}),
        (Survives.NEWEST, "string", {"trust": (SITE, SITE)}),
        (Survives.NEWEST, "string", {"fresh_days": 0}),
    ],
)
async def test_a_rule_that_cannot_compare(
    keeper: Keeper, survives: Survives, schema: str, more: dict[str, Any], picture: Picture
) -> None:
    before = await picture()
    with pytest.raises(AttributeTypeMalformed):
        await keeper.defines(survives, schema, **more)
    assert await picture() == before


TOLD = some.lists(
    some.tuples(
        some.integers(0, 1),
        some.integers(0, 4),
        some.sampled_from([SITE, PARTNER, STAFF]),
        some.lists(some.sampled_from("abc"), min_size=1, max_size=2, unique=True),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=TOLD, survives=some.sampled_from(list(Survives)), chance=some.randoms())
def test_any_order_and_any_merge_ends_in_the_same_values(
    database_url: str, told: Sequence[Any], survives: Survives, chance: Any
) -> None:
    asyncio.run(tells(database_url, told, survives, chance))


async def tells(url: str, told: Sequence[Any], survives: Survives, chance: Any) -> None:
    """Two pairs of people are told of the same in different order, one pair merged before and the other after."""
    db = await Database.connect(url, max_size=2)
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, NOON)
            directory = await Directory.load(tx, Vault(b"a secret only for these tests..." * 2))
        keeper, is_list = Keeper(db, directory), survives is Survives.UNION
        await keeper.defines(survives, "array" if is_list else "string", trust=(STAFF, PARTNER))
        tag = int(new_id().hex[-8:], 16) % 10**6
        shop = Shop(db, directory)
        pairs = [
            [(await shop.registers(f"+7918{tag:06}{pair * 2 + i}")).customer.id for i in range(2)] for pair in range(2)
        ]
        shuffled = list(told)
        chance.shuffle(shuffled)
        merged = []
        async with db.transaction() as tx:
            merged.append(await merge(tx, directory, *pairs[0], source=STAFF, now=NOON))
        for pair, order in zip(pairs, (told, shuffled), strict=True):
            for who, day, source, value in order:
                # Of a merged person it does not matter which id is named; here it does, for the time after.
                await keeper.observes(pair[who], day, value if is_list else "".join(value), source)
        apart = [await keeper.sees(id) for id in pairs[1]]
        async with db.transaction() as tx:
            merged.append(await merge(tx, directory, *pairs[1], source=STAFF, now=NOON))
        if survives is not Survives.MOST_FREQUENT:  # which counts customers, and the first pair is one already
            assert await keeper.sees(pairs[0][0]) == await keeper.sees(pairs[1][0])
        async with db.transaction() as tx:
            await unmerge(tx, merged[1].merge_id, source=STAFF, now=NOON)
        assert [await keeper.sees(id) for id in pairs[1]] == apart, "taken apart, each has what they had"
    finally:
        await db.close()


class Analyst(Keeper, Partner):  # type: ignore[misc]
    """Takes profiles out."""

    async def agrees(self, id: UUID, *, given: bool = True) -> None:
        async with self.services.db.transaction() as tx:
            await state_consents(tx, id, [Consent("research", "v1", given)], source=SITE, now=NOON)

    async def exports(self, **asked: Any) -> bytes:
        call = self.asks("staff-key", Role.STAFF, **asked)
        answer = await bulk.export_profiles(call)
        return b"".join([chunk async for chunk in answer.body.chunks])


@pytest.fixture
async def analyst(db: Database, directory: Directory) -> Analyst:
    analyst = Analyst(db, directory)
    await Partner.defines(analyst)
    await Keeper.defines(analyst, Survives.NEWEST)
    return analyst


async def test_a_profile_is_one_query_with_its_trace(analyst: Analyst, db: Database) -> None:
    anna = await analyst.person("+79161234567", "A-1")
    await analyst.observes(anna, 1, "Тверь")
    await analyst.agrees(anna)
    connection = await db.pool.acquire()
    seen: list[str] = []
    connection.add_query_logger(lambda record: seen.append(record.query))
    await db.pool.release(connection)
    wanted = [{"type": "ext:crm", "value": value} for value in ("A-1", "A-2")]
    asked = msgspec.convert({"identifiers": wanted, "attributes": ["x"]}, bulk.ReadProfiles)
    one, nobody = (await bulk.read_profiles(analyst.call(Role.STAFF), asked)).body.profiles
    assert nobody is None
    assert one is not None
    assert (one.id, one.attributes, one.consents) == (anna, {"x": "Тверь"}, {"research": True})
    assert len(seen) == 1
    async with db.transaction() as tx:
        assert await tx.value("select reader from customers_card_read") == "staff-key"


async def test_who_agreed_is_taken_out(analyst: Analyst, db: Database, tmp_path: Any) -> None:
    anna, boris, vera = [await analyst.person(f"+7916123456{i}", f"A-{i}") for i in range(3)]
    await analyst.observes(anna, 1, "Тверь")
    for id in (anna, boris, vera):
        await analyst.agrees(id)
    await analyst.agrees(boris, given=False)
    lines = [
        msgspec.json.decode(line) for line in (await analyst.exports(purpose="research", attribute=["x"])).splitlines()
    ]
    assert [(line["id"], line["x"]) for line in lines] == [(str(anna), "Тверь"), (str(vera), None)]
    with pytest.raises(CrosswalkNotYours):
        await analyst.exports(purpose="research", identifier=["ext:crm"])
    async with db.transaction() as tx:
        right = Right("staff-key", "bi", ("ext:crm",), False, "oleg", NOON)
        await grant(tx, analyst.services.get(Directory), right, NOON)
    asked = {"purpose": "research", "attribute": ["x"], "identifier": ["ext:crm"]}
    (tmp_path / "people.parquet").write_bytes(await analyst.exports(format=bulk.Format.PARQUET, **asked))
    with duckdb.connect() as engine:
        found = engine.execute(f"select * from '{tmp_path}/people.parquet' order by id").fetchall()
    rows = [(id, x, crm, day) for id, _, day, x, crm in found]
    assert rows == [(str(anna), "Тверь", ["A-0"], NOON.date()), (str(vera), None, ["A-2"], NOON.date())]
    async with db.transaction() as tx:
        traces = await tx.rows("select reader, purpose, fields from customers_bulk_read order by id")
    assert [tuple(row) for row in traces] == [
        ("staff-key", "research", ["x"]),
        ("staff-key", "research", ["x", "ext:crm"]),
    ]
    for wrong, refusal in (
        ({"purpose": "No Purpose"}, PurposeMalformed),
        ({"purpose": "research", "attribute": ["y"]}, AttributeUnknown),
    ):
        with pytest.raises(refusal):
            await analyst.exports(**wrong)
