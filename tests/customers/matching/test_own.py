"""Matching one's own customers: proposals for a steward, who decides over HTTP."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.customers.test_api import Desk
from tests.customers.till import NOON, Picture, Shop
from vokrug.customers import Directory, Source, people_api, profile, resolve
from vokrug.customers.errors import FourEyesNeeded, PairProposed, ProposalDecided, ProposalUnknown
from vokrug.customers.matching import Unreadable, match, own
from vokrug.customers.schemas import KeepApart, MergesByRule, ProposeMerge
from vokrug.customers.types import Birthday, ProposalState
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role

NAMES = ["Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Инна", "Кирилл"]


class Steward(Desk):
    """Somebody with a staff key; by default the second pair of eyes."""

    def by(self, key: str = "second", **path: object) -> Any:
        call = self.call(Role.STAFF, **path)
        object.__setattr__(call.caller, "key_id", key)
        return call

    async def proposes(self, one: UUID, other: UUID, key: str = "first") -> Any:
        body = ProposeMerge(id=new_id(), one=one, other=other, reasons={"note": "the same handwriting"})
        return (await people_api.propose_merge(self.by(key), body)).body

    async def queue(self, state: str = "open") -> list[Any]:
        call = self.by()
        call.asked = {"state": ProposalState(state)}
        return list((await people_api.list_merges(call)).body.merges)

    async def accepts(self, id: UUID, key: str = "second") -> Any:
        return (await people_api.accept_merge(self.by(key, id=id))).body

    async def rejects(self, id: UUID, key: str = "second") -> Any:
        return (await people_api.reject_merge(self.by(key, id=id))).body

    async def undoes(self, id: UUID, key: str = "second") -> Any:
        return (await people_api.undo_merge(self.by(key, id=id))).body


@pytest.fixture
def steward(db: Database, directory: Directory) -> Steward:
    return Steward(db, directory)


async def test_one_proposes_and_another_decides(steward: Steward, shop: Shop, picture: Picture) -> None:
    anna, anya = [(await shop.registers(f"+7916123450{i}")).customer.id for i in (1, 2)]
    proposed = await steward.proposes(anna, anya)
    before = await picture()
    with pytest.raises(FourEyesNeeded):
        await steward.accepts(proposed.id, key="first")
    with pytest.raises(PairProposed):
        await steward.proposes(anya, anna, key="third")
    with pytest.raises(ProposalUnknown):
        await steward.accepts(new_id())
    assert await picture() == before
    accepted = await steward.accepts(proposed.id)
    assert (accepted.state, accepted.decided_by) == ("accepted", "second")
    assert await steward.accepts(proposed.id) == accepted, "a repeat"
    with pytest.raises(ProposalDecided):
        await steward.rejects(proposed.id)
    with pytest.raises(FourEyesNeeded):
        await steward.undoes(proposed.id, key="first")
    assert (await steward.undoes(proposed.id)).state == "undone"
    async with steward.services.db.transaction() as tx:
        seen = await profile(tx, steward.services.get(Directory), anya)
    assert seen.customer.id == anya


async def test_what_a_rule_merged_is_undone_after_a_look(steward: Steward, shop: Shop) -> None:
    anna, anya = [(await shop.registers(f"+7916123450{i}")).customer.id for i in (1, 2)]
    await steward.accepts((await steward.proposes(anna, anya)).id)
    asked = MergesByRule(rule="by_hand", since=NOON, until=NOON.replace(hour=13))
    (would,) = (await people_api.undo_by_rule(steward.by(), asked)).body.merges
    asked.dry_run = False
    (did,) = (await people_api.undo_by_rule(steward.by(), asked)).body.merges
    assert did == would
    assert (await people_api.undo_by_rule(steward.by(), asked)).body.merges == []
    await people_api.keep_apart(steward.by(), KeepApart(one=anna, other=anya, allow=True))
    accepted = await steward.accepts((await steward.proposes(anna, anya)).id)
    assert accepted.state == "accepted"


async def test_our_own_customers_are_proposed_once_whatever_was_decided(
    steward: Steward, shop: Shop, db: Database, directory: Directory, tmp_path: Path
) -> None:
    """Sixty people, and two of them registered a second time from another phone."""

    async def joins(number: int, i: int) -> UUID:
        birthday = Birthday(1 + i % 12, 1 + i * 7 % 28, 1950 + i)
        newcomer = await shop.registers(
            f"+791600{number:05}", called=NAMES[i % 10], birthday=birthday, source=Source.SITE
        )
        return newcomer.customer.id

    first = [await joins(i * 111, i) for i in range(60)]
    again = [await joins(i * 111 + 1, i) for i in (7, 8)]

    async def matches() -> tuple[int, int]:
        file = tmp_path / f"{new_id()}.csv"
        ids = await own.write_people(db, directory, file)
        assert file.stat().st_mode & 0o077 == 0
        return await own.propose_all(db, match([file]), ids, NOON)

    assert (await matches())[0] == 2
    queue = await steward.queue()
    assert {(one.one, one.other) for one in queue} == {(first[7], again[0]), (first[8], again[1])}
    assert all(one.probability > 0.9 and "совпадает" in one.reasons["ru"]["given"] for one in queue)
    await steward.accepts(queue[0].id)
    await steward.rejects(queue[1].id)
    assert (await matches())[0] == 0, "who was merged is one row now, who was rejected is not asked about again"
    assert await steward.queue() == []
    await steward.undoes(queue[0].id)
    assert (await matches())[0] == 0, "undone by a person, it stays undone"
    async with db.transaction() as tx:
        found = await resolve(tx, directory, [("phone", "+79160000777"), ("phone", "+79160000778")])
    assert {one.id for one in found if one} == {first[7], again[0]}


async def test_nobody_is_proposed_by_a_name_and_a_phone(
    shop: Shop, db: Database, directory: Directory, tmp_path: Path
) -> None:
    for i in range(20):
        await shop.registers(f"+7916123450{i % 10}" if i < 10 else f"+7917123450{i % 10}", called=NAMES[i % 10])
    await own.write_people(db, directory, tmp_path / "people.csv")
    with pytest.raises(Unreadable, match="fewer than 3 columns"):
        own.require_enough(match([tmp_path / "people.csv"]))
