"""Partitions are shared out fairly, and nobody acts for what another has taken."""

import math
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.conftest import Sold, StoppedClock, sell
from vokrug.events import Envelope, ReactionRunner, reaction
from vokrug.events.workers import Leases, rules, store
from vokrug.events.workers.types import Hold, Lease, Share
from vokrug.runtime.database import Database, Tx

SOON = timedelta(milliseconds=1)  # as good as dead at once
WORKERS = [UUID(int=n) for n in range(1, 6)]


def shared_out(workers: dict[UUID, Collection[str]], leases: list[Lease], rounds: int = 12) -> list[Lease]:
    """What is held once every worker has had some turns."""
    holders = {lease.share: lease.worker for lease in leases}
    for _ in range(rounds):
        for me in workers:
            seen = [Lease(*share, epoch=0, worker=worker) for share, worker in holders.items()]
            lets_go, takes = rules.plan(me, workers, seen)
            holders |= dict.fromkeys(lets_go) | dict.fromkeys(takes, me)
    return [Lease(*share, epoch=0, worker=worker) for share, worker in holders.items()]


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 5),
    partitions=st.sampled_from([1, 3, 8, 32]),
    works=st.integers(1, 4),
    data=st.data(),
)
def test_whoever_comes_and_goes_everything_is_held_and_shares_differ_by_one(
    count: int, partitions: int, works: int, data: st.DataObject
) -> None:
    names = [f"work.{n}" for n in range(works)]
    workers: dict[UUID, Collection[str]] = dict.fromkeys(WORKERS[:count], names)
    held_before = [
        Lease(name, partition, 0, data.draw(st.sampled_from([None, *WORKERS])))
        for name in names
        for partition in range(partitions)
    ]
    after = shared_out(workers, held_before)
    holders = [lease.worker for lease in after]
    assert set(holders) <= set(workers), "nothing stays with the dead, nothing stays free"
    counts = [holders.count(worker) for worker in workers]
    assert max(counts) - min(counts) <= 1
    again = shared_out(workers, after)
    assert again == after, "what is fair does not move"


def test_a_worker_takes_only_what_it_is_able_to_do() -> None:
    leases = [Lease(name, partition, 0, None) for name in ("old", "new") for partition in range(4)]
    after = shared_out({WORKERS[0]: ["old"], WORKERS[1]: ["old", "new"]}, leases)
    by_work = {(lease.work, lease.worker) for lease in after}
    assert ("new", WORKERS[0]) not in by_work
    assert sum(lease.worker == WORKERS[1] for lease in after) <= math.ceil(4 / 2 + 4)
    assert None not in {lease.worker for lease in after}


async def test_two_workers_share_and_the_rest_goes_to_who_stays(log: Database) -> None:
    one, other = Leases(log, ["shop.note"]), Leases(log, ["shop.note"])
    await one.beat()
    assert len(one.of("shop.note")) == 8
    for leases in (other, one, other):
        await leases.beat()
    assert (len(one.of("shop.note")), len(other.of("shop.note"))) == (4, 4)
    assert not one.of("shop.note").keys() & other.of("shop.note").keys()
    await other.leave()
    await one.beat()
    assert len(one.of("shop.note")) == 8


async def test_what_the_dead_held_is_taken_with_a_higher_epoch(log: Database) -> None:
    dead, heir = Leases(log, ["shop.note"], lives=SOON), Leases(log, ["shop.note"])
    await dead.beat()
    await heir.beat()
    before, after = dead.of("shop.note"), heir.of("shop.note")
    assert set(after) == set(before)
    assert all(after[partition].epoch > before[partition].epoch for partition in before)


async def test_a_lease_under_which_somebody_acts_is_not_taken(log: Database) -> None:
    slow, heir = Leases(log, ["shop.note"], lives=SOON), Leases(log, ["shop.note"])
    await slow.beat()
    async with log.transaction() as tx:
        assert await store.still_holds(tx, Share("shop.note", 3), slow.of("shop.note")[3])
        await heir.beat()
        assert set(heir.of("shop.note")) == {0, 1, 2, 4, 5, 6, 7}
    await heir.beat()
    assert 3 in heir.of("shop.note")
    async with log.transaction() as tx:
        assert not await store.still_holds(tx, Share("shop.note", 3), slow.of("shop.note")[3])


async def test_a_worker_that_overslept_has_no_effect(log: Database, clock: StoppedClock) -> None:
    """It still believes in its leases; the database knows better, and the heir does the work once."""
    seen: list[tuple[str, int]] = []

    def noting(who: str) -> ReactionRunner:
        async def handle(tx: Tx, told: Envelope, now: object) -> None:
            seen.append((who, told.read(Sold).number))

        leases = {"sleeper": sleeper, "heir": heir}[who]
        return ReactionRunner(log, clock, [reaction("shop.note", on=[Sold])(handle)], leases=leases)

    sleeper, heir = Leases(log, ["shop.note"], lives=SOON), Leases(log, ["shop.note"])
    await sleeper.beat()
    await heir.beat()
    await sell(log, (0, 1), (1, 2), (2, 3))
    await noting("sleeper").run_once()
    assert seen == []
    await noting("heir").run_once()
    assert sorted(seen) == [("heir", 1), ("heir", 2), ("heir", 3)]


async def test_an_operator_sees_who_holds_what(log: Database) -> None:
    leases = Leases(log, ["shop.note"])
    await leases.beat()
    async with log.transaction() as tx:
        view = await store.view(tx)
    assert [(one.partition, one.worker, one.is_alive) for one in view] == [(n, leases.name, True) for n in range(8)]
    await leases.leave()
    async with log.transaction() as tx:
        assert {(one.worker, one.is_alive) for one in await store.view(tx)} == {(None, False)}


@pytest.mark.parametrize("share", [Share("nothing.known", 0), Share("shop.note", 99)])
async def test_nobody_holds_what_is_not_there(log: Database, share: Share) -> None:
    async with log.transaction() as tx:
        assert not await store.still_holds(tx, share, Hold(WORKERS[0], 1))
