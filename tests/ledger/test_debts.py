"""What force takes beyond what is there is owed: it is not spent again, and it is paid before anything else."""

from datetime import timedelta

import pytest

from tests.ledger.bench import Pair
from vokrug import ledger
from vokrug.ledger.instructions import GrantPoints, PlaceHold, Revert, Transfer, Void
from vokrug.runtime.database import Database


@pytest.fixture
async def pair(db: Database) -> Pair:
    pair = Pair(db)
    await pair.opens("anna", "PTS", has_lots=True)
    for code in ("issued", "redeemed"):
        await pair.opens(code, "PTS", guard="n")
    await pair.opens("card")
    await pair.opens("shop", guard="n")
    return pair


async def grants(pair: Pair, key: str, amount: int, *, in_s: int = 0) -> None:
    active = pair.now + timedelta(seconds=in_s)
    grant = GrantPoints(id=key, wallet="anna", source="issued", amount=amount, active_from=active)
    assert (await pair.both_do(grant)).status == "ok"


async def spends(pair: Pair, key: str, amount: int, *, force: bool = False) -> str:
    spending = Transfer(id=key, debit="anna", credit="redeemed", amount=amount, force=force)
    return (await pair.both_do(spending)).status


async def available(pair: Pair) -> int:
    await pair.require_same()
    await pair.require_balanced()
    wallet: int = await pair.value("select id from ledger_wallet where code = 'anna'")
    async with pair.db.transaction() as tx:
        return (await ledger.available(tx, wallet, pair.now)).available


async def test_points_owed_are_not_there_to_be_spent(pair: Pair) -> None:
    await grants(pair, "later", 100, in_s=60)
    await grants(pair, "now", 10)
    assert await spends(pair, "forced", 50, force=True) == "ok"
    pair.waits(60)
    assert await available(pair) == 60, "100 have become active, 40 are owed"
    assert await spends(pair, "too much", 61) == "insufficient_funds"
    assert await spends(pair, "all", 60) == "ok"
    assert await available(pair) == 0


async def test_points_coming_back_pay_the_debt_before_they_are_anybodys(pair: Pair) -> None:
    await grants(pair, "g", 100)
    await spends(pair, "s", 60)
    await spends(pair, "forced", 90, force=True)
    assert (await pair.both_do(Revert(id="r", of="s"))).status == "ok"
    assert await available(pair) == 10, "60 came back, 50 of them were owed"


async def test_a_debt_paid_meanwhile_comes_back_as_a_lot_of_its_own(pair: Pair) -> None:
    await grants(pair, "g", 40)
    await spends(pair, "forced", 100, force=True)
    await grants(pair, "paid it", 60)
    assert await available(pair) == 0
    assert (await pair.both_do(Revert(id="r", of="forced"))).status == "ok"
    assert await available(pair) == 100


async def test_a_hold_released_is_not_spent_twice_by_force_and_then_without(pair: Pair) -> None:
    await pair.both_do(Transfer(id="load", debit="shop", credit="card", amount=100))
    await pair.both_do(PlaceHold(id="h", debit="card", credit="shop", amount=50))
    await pair.both_do(Transfer(id="forced", debit="card", credit="shop", amount=100, force=True))
    await pair.both_do(Void(id="v", hold="h"))
    outcome = await pair.both_do(Transfer(id="again", debit="card", credit="shop", amount=50))
    assert outcome.status == "insufficient_funds"
    await pair.require_same()
