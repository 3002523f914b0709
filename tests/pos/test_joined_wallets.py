"""Customers become one person: their points stay where they are until staff say otherwise, and go back exactly."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till
from vokrug import customers, ledger
from vokrug.ledger.joins import operations as joins
from vokrug.ledger.joins.errors import NotOnePerson


async def ids(chain: Chain) -> list[UUID]:
    return [UUID(str(row["id"])) for row in await chain.rows("select id from customers_customer order by number")]


async def merges(chain: Chain, one: UUID, other: UUID) -> int:
    directory, now = chain.services.get(customers.Directory), chain.services.clock.now()
    async with chain.services.db.transaction() as tx:
        made = await customers.merge(tx, directory, one, other, source=customers.Source.STAFF, now=now)
    await hears(chain)
    return made.merge_id


async def unmerges(chain: Chain, merge_id: int) -> None:
    async with chain.services.db.transaction() as tx:
        await customers.unmerge(tx, merge_id, source=customers.Source.STAFF, now=chain.services.clock.now())
    await hears(chain)


async def hears(chain: Chain) -> None:
    """Until all that was told is heard: the chain's own runner may be at it at this moment."""
    await chain.reacts(ledger.propose_joins)


async def waiting(chain: Chain, state: str = "proposed") -> list[dict[str, Any]]:
    found = (await chain.staff.sends(f"/v1/wallet-joins?state={state}", None, method="GET")).done()
    proposed: list[dict[str, Any]] = found["joins"]
    return proposed


async def test_points_are_joined_by_hand_and_go_back_when_the_people_are_two_again(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    other = await till.registers("Аня")
    await till.sells(shopper, CAKE)  # 18.00
    await till.sells(other, COFFEE)  # 5.00
    one, two = (await ids(chain))[-2:]
    merge_id = await merges(chain, one, two)
    assert await shopper.points() == await other.points() == "18.00", "merging people moves no points"
    (join,) = await waiting(chain)
    assert (join["customer"], join["joined"], join["state"]) == (str(one), str(two), "proposed")
    await hears(chain)
    assert (await chain.staff.sends("/v1/wallet-joins", {"customer": str(one)})).status == 204
    assert len(await waiting(chain)) == 1, "proposed once"

    done = (await chain.staff.sends(f"/v1/wallet-joins/{join['id']}:join", None)).done()
    assert (done["state"], done["moved"]) == ("joined", "5.00")
    assert await other.points() == "23.00"
    before = await chain.fingerprint()
    again = (await chain.staff.sends(f"/v1/wallet-joins/{join['id']}:join", None)).done()
    assert (again.body, await chain.fingerprint()) == (done.body, before), "a repeat changes nothing"
    assert (await chain.staff.sends(f"/v1/wallet-joins/{join['id']}:decline", None)).code == (
        409,
        "wallet_join_decided",
    )

    await unmerges(chain, merge_id)
    (due,) = await waiting(chain, "reversal_proposed")
    back = (await chain.staff.sends(f"/v1/wallet-joins/{due['id']}:reverse", None)).done()
    assert (back["state"], back["given_back"]) == ("reversed", "5.00")
    assert (await shopper.points(), await other.points()) == ("18.00", "5.00")
    await chain.balances()
    told = [(await chain.events(kind))[0] for kind in ("ledger.wallets_joined.v1", "ledger.wallets_parted.v1")]
    assert [json.loads(fact["data"])["points_minor"] for fact in told] == [5_00, 5_00]


async def test_what_was_bought_with_joined_points_stays_bought(chain: Chain, till: Till, shopper: Shopper) -> None:
    other = await till.registers("Аня")
    await till.sells(other, COFFEE)
    one, two = (await ids(chain))[-2:]
    merge_id = await merges(chain, one, two)
    (join,) = await waiting(chain)
    (await chain.staff.sends(f"/v1/wallet-joins/{join['id']}:join", None)).done()
    sale = (await till.confirms(await till.quotes(shopper, COFFEE, burn="2.00"))).done()
    assert sale["burned"] == "2.00"
    await unmerges(chain, merge_id)
    back = (await chain.staff.sends(f"/v1/wallet-joins/{join['id']}:reverse", None)).done()
    assert back["given_back"] == "3.00"
    assert await other.points() == "3.00"
    await chain.balances()


async def test_taken_apart_before_anybody_decided(chain: Chain, till: Till, shopper: Shopper) -> None:
    other = await till.registers("Аня")
    await till.sells(other, COFFEE)
    one, two = (await ids(chain))[-2:]
    merge_id = await merges(chain, one, two)
    (join,) = await waiting(chain)
    await unmerges(chain, merge_id)
    assert [row["id"] for row in await waiting(chain, "withdrawn")] == [join["id"]]
    before = await chain.fingerprint()
    for deed, code in (("join", "wallet_join_decided"), ("reverse", "wallet_join_decided")):
        assert (await chain.staff.sends(f"/v1/wallet-joins/{join['id']}:{deed}", None)).code == (409, code)
    assert (await chain.staff.sends(f"/v1/wallet-joins/{uuid4()}:join", None)).code == (404, "wallet_join_unknown")
    assert await chain.fingerprint() == before


async def test_whoever_is_two_by_then_is_refused(chain: Chain, till: Till, shopper: Shopper) -> None:
    """The people are taken apart, and nobody has heard of it yet."""
    other = await till.registers("Аня")
    await till.sells(other, COFFEE)
    one, two = (await ids(chain))[-2:]
    merge_id = await merges(chain, one, two)
    (join,) = await waiting(chain)
    now, journal_ids = chain.services.clock.now(), chain.services.get(ledger.JournalIds)
    before = await chain.fingerprint()

    async def story() -> None:
        async with chain.services.db.transaction() as tx:
            await customers.unmerge(tx, merge_id, source=customers.Source.STAFF, now=now)
            await joins.join(tx, journal_ids, UUID(join["id"]), by="vera", now=now)

    with pytest.raises(NotOnePerson):
        await story()
    assert await chain.fingerprint() == before
    assert (await chain.staff.sends(f"/v1/wallet-joins/{join['id']}:decline", None)).done()["state"] == "declined"
