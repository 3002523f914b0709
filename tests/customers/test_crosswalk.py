"""Partners' ids for ours and back: in bulk, kept in step, and no more than was granted."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from vokrug import events
from vokrug.customers import (
    Directory,
    IdentifierType,
    Source,
    Vault,
    api,
    define_identifier_type,
    destroy_keys,
    merge,
    note_identity,
    note_profile,
    unmerge,
)
from vokrug.customers.crosswalk import api as crosswalk
from vokrug.customers.crosswalk.errors import (
    CrosswalkCursorMalformed,
    CrosswalkForOneself,
    CrosswalkNotYours,
    CrosswalkTypeSecret,
)
from vokrug.customers.crosswalk.pairwise import Pairwise
from vokrug.customers.errors import CustomersApart, IdentifierTypeUnknown, MergeOverLimit
from vokrug.customers.schemas import Attach
from vokrug.events import ReactionRunner
from vokrug.kernel import Clock, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Call, Role

from .test_api import Desk
from .till import NOON, Picture

CRM, SHOP = "ext:crm", "ext:eshop"


class Partner(Desk):
    """A CRM that keeps its own ids, and the staff who let it."""

    def asks(self, key: str = "partner-crm", role: Role = Role.PARTNER, **asked: Any) -> Call:
        call = self.call(role)
        call.caller, call.asked = replace(call.caller, key_id=key), asked
        return call

    async def defines(self) -> "Partner":
        directory = self.services.get(Directory)
        async with self.services.db.transaction() as tx:
            for code in (CRM, SHOP):
                await define_identifier_type(tx, IdentifierType(0, code, "opaque", max_per_customer=5))
            await directory.refresh(tx)
        return self

    async def grants(self, key: str = "partner-crm", types: Sequence[str] = (CRM, SHOP), **more: Any) -> None:
        call = self.call(Role.STAFF, key=key)
        right = {"types": types, "sector": "crm", "is_pairwise": False, **more}
        await crosswalk.put_right(call, msgspec.convert(right, crosswalk.PutRight))

    async def person(self, phone: str, crm: str) -> UUID:
        id: UUID = (await self.registers(phone=phone)).body.customer.id
        await api.attach(self.call(Role.STAFF, id=id), Attach(type=CRM, value=crm))
        return id

    async def looks_up(self, by: str, *values: str, want: Sequence[str] = (), key: str = "partner-crm") -> list[Any]:
        asked = crosswalk.LookUp(by=by, values=list(values), want=list(want))
        return (await crosswalk.look_up(self.asks(key), asked)).body.found

    async def merges(self, one: UUID, other: UUID) -> int:
        async with self.services.db.transaction() as tx:
            directory = self.services.get(Directory)
            return (await merge(tx, directory, one, other, source=Source.STAFF, now=NOON)).merge_id

    async def unmerges(self, merge_id: int) -> None:
        async with self.services.db.transaction() as tx:
            await unmerge(tx, merge_id, source=Source.STAFF, now=NOON)

    async def hears(self) -> None:
        await ReactionRunner(self.services.db, Clock(), [note_identity, note_profile]).run_once()

    async def changes(self, cursor: str, limit: int = 1_000, key: str = "partner-crm") -> Any:
        await self.hears()
        return (await crosswalk.read_changes(self.asks(key, cursor=cursor, limit=limit))).body

    async def snapshot(self, key: str = "partner-crm") -> list[Any]:
        answer = await crosswalk.snapshot(self.asks(key))
        told = b"".join([chunk async for chunk in answer.body.chunks])
        return [msgspec.json.decode(line) for line in told.splitlines()]


@pytest.fixture
async def partner(db: Database, directory: Directory) -> Partner:
    return await Partner(db, directory).defines()


ANNAS, BORISES = "+79161234567", "+79161234569"


async def test_your_ids_for_ours_and_back(partner: Partner) -> None:
    await partner.grants()
    anna, boris = await partner.person(ANNAS, "A-1"), await partner.person(BORISES, "B-1")
    there = await partner.looks_up(CRM, "B-1", "nobody", "null", "A-1")
    assert [one and one.id for one in there] == [boris, None, None, anna]
    back = await partner.looks_up("id", str(anna), "not an id", str(new_id()), want=[CRM, SHOP])
    assert [one and one.identifiers for one in back] == [{CRM: ["A-1"]}, None, None]


async def test_a_merged_customer_is_found_in_one_hop(partner: Partner) -> None:
    await partner.grants()
    anna, anya = await partner.person(ANNAS, "A-1"), await partner.person(BORISES, "A-2")
    merge_id = await partner.merges(anna, anya)
    both = await partner.looks_up(CRM, "A-1", "A-2", want=[CRM])
    assert [(one.id, one.identifiers, one.merged_ids) for one in both] == [(anna, {CRM: ["A-1", "A-2"]}, (anya,))] * 2
    (by_old,) = await partner.looks_up("id", str(anya))
    assert by_old.id == anna
    await partner.unmerges(merge_id)
    assert [one.id for one in await partner.looks_up(CRM, "A-1", "A-2")] == [anna, anya]


async def test_ten_thousand_in_one_statement(db: Database, partner: Partner) -> None:
    await partner.grants()
    anna = await partner.person(ANNAS, "A-1")
    values = [*(f"X-{i}" for i in range(9_999)), "A-1"]
    connection = await db.pool.acquire()
    seen: list[str] = []
    connection.add_query_logger(lambda record: seen.append(record.query))
    await db.pool.release(connection)
    await partner.looks_up(CRM, "A-1", want=[CRM])  # the driver learns the types of the answer
    seen.clear()
    found = await partner.looks_up(CRM, *values, want=[CRM])
    assert found[-1].id == anna
    assert found[:-1] == [None] * 9_999
    assert len(seen) == 2, "what the key may see, and the look-up"


async def test_a_key_sees_what_it_was_granted(partner: Partner, picture: Picture) -> None:
    await partner.grants(types=[CRM])
    anna = await partner.person(ANNAS, "A-1")
    before = await picture()
    for by, want, key in ((CRM, [], "partner-x"), (SHOP, [], "partner-crm"), ("id", ["phone"], "partner-crm")):
        with pytest.raises(CrosswalkNotYours):
            await partner.looks_up(by, str(anna), want=want, key=key)
    with pytest.raises(CrosswalkNotYours):
        await partner.changes("", key="partner-x")
    with pytest.raises(CrosswalkNotYours):
        await crosswalk.snapshot(partner.asks("partner-x"))
    with pytest.raises(CrosswalkForOneself):
        await partner.grants(key="staff-key")
    with pytest.raises(CrosswalkTypeSecret):
        await partner.grants(types=["passport"])
    with pytest.raises(IdentifierTypeUnknown):
        await partner.grants(types=["ext:none"])
    for cursor in ("x", "-1", "99999"):
        with pytest.raises(CrosswalkCursorMalformed):
            await crosswalk.read_changes(partner.asks(cursor=cursor))
    after = await picture()
    assert {name: rows for name, rows in after.items() if "change" not in name} == {
        name: rows for name, rows in before.items() if "change" not in name
    }
    rights = (await crosswalk.list_rights(partner.call(Role.STAFF))).body.rights
    assert [(one.key, one.types, one.granted_by) for one in rights] == [("partner-crm", [CRM], "staff-key")]


async def test_sectors_cannot_compare_their_ids(partner: Partner) -> None:
    await partner.grants(is_pairwise=True)
    await partner.grants(key="partner-two", sector="two", is_pairwise=True)
    anna = await partner.person(ANNAS, "A-1")
    (one,), (two,) = [await partner.looks_up(CRM, "A-1", key=key) for key in ("partner-crm", "partner-two")]
    assert len({anna, one.id, two.id}) == 3
    assert (await partner.looks_up("id", str(one.id), want=[CRM]))[0].identifiers == {CRM: ["A-1"]}
    assert await partner.looks_up("id", str(anna), str(two.id)) == [None, None]


@given(some.uuids(), some.text(max_size=20))
def test_a_pairwise_id_goes_there_and_back(id: UUID, sector: str) -> None:
    ids = Pairwise(Vault(b"a secret only for these tests..." * 2), sector)
    assert ids.back(ids.out(id)) == id


async def test_a_copy_is_kept_in_step(db: Database, partner: Partner) -> None:
    """A snapshot and its cursor; then whoever changed, each once, as they are."""
    await partner.grants()
    anna, anya = await partner.person(ANNAS, "A-1"), await partner.person(BORISES, "A-2")
    await partner.registers(phone="+79160000001")
    await partner.hears()
    *lines, last = await partner.snapshot()
    assert lines == [{"id": str(anna), "identifiers": {CRM: ["A-1"]}}, {"id": str(anya), "identifiers": {CRM: ["A-2"]}}]
    page = await partner.changes(last["cursor"])
    assert (page.changes, page.has_more) == ([], False)

    merge_id = await partner.merges(anna, anya)
    page = await partner.changes(page.cursor)
    assert [(one.id, one.moved_to, one.identifiers) for one in page.changes] == [
        (anna, None, {CRM: ["A-1", "A-2"]}),
        (anya, anna, {}),
    ]
    await partner.unmerges(merge_id)
    page = await partner.changes(page.cursor)
    assert [(one.id, one.moved_to) for one in page.changes] == [(anna, None), (anya, None)]
    async with db.transaction() as tx:
        await destroy_keys(tx, anya, Source.STAFF, NOON)
    page = await partner.changes(page.cursor)
    assert [(one.id, one.is_erased) for one in page.changes] == [(anya, True)]
    one_by_one = await partner.changes("", limit=1)
    assert one_by_one.has_more
    assert len(one_by_one.changes) == 1


class Copy:
    """What a partner makes of what it is told."""

    def __init__(self) -> None:
        self.lines: dict[UUID, Any] = {}
        self.cursor = ""

    async def follows(self, partner: Partner) -> None:
        page = await partner.changes(self.cursor)
        self.cursor = page.cursor
        for one in page.changes:
            self.lines[one.id] = one.moved_to or one.identifiers.get(CRM, [])

    def ids(self) -> dict[str, UUID]:
        return {value: id for id, line in self.lines.items() if isinstance(line, list) for value in line}


STEPS = some.lists(some.tuples(some.sampled_from("mmua"), some.integers(0, 3), some.integers(0, 3)), max_size=8)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_the_copy_says_what_a_look_up_says(database_url: str, steps: Any) -> None:
    asyncio.run(follows(database_url, steps))


async def follows(url: str, steps: Any) -> None:
    db = await Database.connect(url, max_size=6)
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, NOON)
            directory = await Directory.load(tx, Vault(b"a secret only for these tests..." * 2))
        partner = await Partner(db, directory).defines()
        await partner.grants()
        copy, tag = Copy(), new_id().hex[-8:]
        names = [f"{tag}-{i}" for i in range(4)]
        ids = [await partner.person(f"+7917{int(tag, 16) % 10**6:06}{i}", name) for i, name in enumerate(names)]
        merges: list[int] = []
        for step, a, b in steps:
            if step == "m" and a != b:
                try:
                    merges.append(await partner.merges(ids[a], ids[b]))
                except (CustomersApart, MergeOverLimit):
                    continue
            elif step == "u" and merges:
                await partner.unmerges(merges[a % len(merges)])
            elif step == "a":
                await copy.follows(partner)
        await copy.follows(partner)
        asked = await partner.looks_up(CRM, *names)
        assert {name: copy.ids()[name] for name in names} == {
            name: one.id for name, one in zip(names, asked, strict=True)
        }
    finally:
        await db.close()
