"""Two wallets become one and two again: lots keep their times, nothing appears and nothing is lost."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.ledger.bench import Bench
from vokrug import events, ledger
from vokrug.kernel import new_id
from vokrug.ledger.instructions import Capture, GrantPoints, PlaceHold, Revert, Transfer, Void
from vokrug.runtime.database import Database

LOTS = """
    select lot.wallet_id, lot.remaining, lot.held, lot.priority, lot.funder, lot.earned_at, lot.active_from,
           lot.expires_at
      from ledger_lot lot join ledger_wallet wallet on wallet.id = lot.wallet_id
     where wallet.code in ('anna', 'anya') and lot.remaining > 0
     order by 1, lot.priority, lot.expires_at, lot.earned_at, lot.id
"""
BALANCES = """
    select code, credits - debits, debits_held, debt from ledger_wallet where code in ('anna', 'anya') order by code
"""


class Purses(Bench):
    """Anna is the older one: what is on Anya's wallet goes to hers."""

    async def open(self) -> "Purses":
        self.tag = new_id().hex[-10:]
        self.anna = await self.opens("anna", "PTS", has_lots=True)
        self.anya = await self.opens("anya", "PTS", has_lots=True)
        for code in ("issued", "redeemed"):
            await self.opens(code, "PTS", guard="n")
        return self

    async def grants(self, wallet: str, amount: int, *, lapses_in: int = 100, in_s: int = 0, priority: int = 0) -> str:
        key = str(new_id())
        grant = GrantPoints(
            id=key,
            wallet=wallet,
            source="issued",
            amount=amount,
            active_from=self.now + timedelta(seconds=in_s),
            expires_at=self.now + timedelta(days=lapses_in),
            priority=priority,
        )
        assert (await self.does(grant)).status == "ok"
        return key

    async def spends(self, wallet: str, amount: int, *, force: bool = False) -> tuple[str, str]:
        key = str(new_id())
        told = Transfer(id=key, debit=wallet, credit="redeemed", amount=amount, force=force)
        return (await self.does(told)).status, key

    async def holds(self, wallet: str, amount: int) -> str | None:
        key = str(new_id())
        told = PlaceHold(id=key, debit=wallet, credit="redeemed", amount=amount)
        return key if (await self.does(told)).status == "ok" else None

    async def joins(self) -> tuple[int, list[int]]:
        story: Any = lambda tx: ledger.join_wallets(  # noqa: E731
            tx, self.ids, self.anya, self.anna, document=new_id(), now=self.now
        )
        joined: tuple[int, list[int]] = await self.db.replayed(story)
        return joined

    async def parts(self, journals: Sequence[int]) -> int:
        story: Any = lambda tx: ledger.part_wallets(  # noqa: E731
            tx, self.ids, journals, self.anya, self.anna, document=new_id(), now=self.now
        )
        given_back: int = await self.db.replayed(story)
        return given_back

    async def lots(self) -> list[tuple[Any, ...]]:
        rows: Any = await self.asks(lambda tx: tx.rows(LOTS))
        return [tuple(row) for row in rows]

    async def balances(self) -> list[tuple[Any, ...]]:
        rows: Any = await self.asks(lambda tx: tx.rows(BALANCES))
        return [tuple(row) for row in rows]

    async def spendable(self) -> tuple[int, int]:
        async with self.db.transaction() as tx:
            found = [await ledger.available(tx, wallet, self.now) for wallet in (self.anna, self.anya)]
        return found[0].available, found[1].available


async def test_lots_keep_their_times_and_go_back(db: Database) -> None:
    purses = await Purses(db).open()
    await purses.grants("anna", 100, lapses_in=50)
    await purses.grants("anya", 40, lapses_in=10)
    await purses.grants("anya", 60, lapses_in=90, in_s=3600, priority=1)
    before, balances = await purses.lots(), await purses.balances()
    moved, journals = await purses.joins()
    assert moved == 100
    assert await purses.spendable() == (140, 0), "what waits to become active still waits"
    joined = await purses.lots()
    assert {row[0] for row in joined} == {purses.anna}
    assert sorted(row[1:] for row in joined) == sorted(row[1:] for row in before)
    assert await purses.parts(journals) == 100
    assert (await purses.lots(), await purses.balances()) == (before, balances)
    await purses.require_balanced()


async def test_what_was_spent_meanwhile_stays_spent(db: Database) -> None:
    """Anya's 40 lapse first, so they burn first; 10 of her points are left to go back, Anna's 100 stay hers."""
    purses = await Purses(db).open()
    await purses.grants("anna", 100, lapses_in=50)
    await purses.grants("anya", 40, lapses_in=10)
    _, journals = await purses.joins()
    assert (await purses.spends("anna", 30))[0] == "ok"
    assert await purses.parts(journals) == 10
    assert await purses.spendable() == (100, 10)
    await purses.require_balanced()


async def test_what_comes_back_comes_back_to_its_lot(db: Database) -> None:
    """A sale paid with joined points is undone: they are there again to be given back."""
    purses = await Purses(db).open()
    await purses.grants("anya", 40, lapses_in=10)
    before = await purses.lots()
    _, journals = await purses.joins()
    _, key = await purses.spends("anna", 30)
    assert (await purses.does(Revert(id="back", of=key))).status == "ok"
    assert await purses.parts(journals) == 40
    assert await purses.lots() == before


async def test_a_hold_stays_valid_and_what_it_frees_can_be_joined_later(db: Database) -> None:
    purses = await Purses(db).open()
    await purses.grants("anya", 40)
    (first, second) = [await purses.holds("anya", amount) for amount in (10, 5)]
    assert first is not None
    assert second is not None
    assert (await purses.joins())[0] == 25
    assert (await purses.does(Capture(id="paid", hold=first))).moved == 10
    assert (await purses.does(Void(id="not paid", hold=second))).status == "ok"
    assert await purses.spendable() == (25, 5)
    assert (await purses.joins())[0] == 5
    assert await purses.spendable() == (30, 0)
    await purses.require_balanced()


async def test_a_debt_of_the_giver_keeps_back_what_pays_it(db: Database) -> None:
    purses = await Purses(db).open()
    await purses.grants("anya", 100, in_s=60)
    assert (await purses.spends("anya", 30, force=True))[0] == "ok"
    balances = await purses.balances()
    moved, journals = await purses.joins()
    assert moved == 70
    purses.now += timedelta(seconds=61)
    assert await purses.spendable() == (70, 0)
    assert await purses.parts(journals) == 70
    assert await purses.spendable() == (0, 70)
    assert [row[1] for row in await purses.balances()] == [row[1] for row in balances]
    await purses.require_balanced()


async def test_a_debt_of_the_taker_is_paid_and_comes_back(db: Database) -> None:
    purses = await Purses(db).open()
    await purses.grants("anna", 10)
    await purses.grants("anya", 50)
    assert (await purses.spends("anna", 30, force=True))[0] == "ok"
    before, balances = await purses.lots(), await purses.balances()
    _, journals = await purses.joins()
    assert await purses.spendable() == (30, 0), "20 were owed"
    assert await purses.parts(journals) == 50
    assert (await purses.lots(), await purses.balances()) == (before, balances)
    await purses.require_balanced()


async def test_hundreds_of_lots(db: Database) -> None:
    purses = await Purses(db).open()
    async with db.transaction() as tx:
        for day in range(203):
            told = GrantPoints(
                id=f"g{day}", wallet="anya", source="issued", amount=1, expires_at=purses.now + timedelta(days=day + 1)
            )
            await ledger.perform(tx, purses.ids, told, purses.now)
    before = await purses.lots()
    moved, journals = await purses.joins()
    assert (moved, len(journals)) == (203, 2)
    assert await purses.parts(journals) == 203
    assert await purses.lots() == before
    await purses.require_balanced()


DEEDS = some.lists(
    some.one_of(
        some.tuples(some.just("grant"), some.sampled_from(["anna", "anya"]), some.integers(1, 50), some.integers(1, 9)),
        some.tuples(some.just("later"), some.sampled_from(["anna", "anya"]), some.integers(1, 50), some.integers(1, 9)),
        some.tuples(some.just("spend"), some.sampled_from(["anna", "anya"]), some.integers(1, 40), some.just(0)),
        some.tuples(some.just("hold"), some.sampled_from(["anna", "anya"]), some.integers(1, 20), some.just(0)),
    ),
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=DEEDS, between=DEEDS)
def test_joined_and_parted_nothing_is_lost(database_url: str, before: Sequence[Any], between: Sequence[Any]) -> None:
    asyncio.run(there_and_back(database_url, before, between))


async def there_and_back(url: str, before: Sequence[Any], between: Sequence[Any]) -> None:
    """Nothing in between: exactly as it was. Something in between: no wallet is worse than by what it did itself."""
    db = await Database.connect(url, max_size=2)
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, Bench(db).now)
            # Names are free again for another history.
            await tx.run("update ledger_wallet set code = code || '-' || id where id > 0 and code not like '%-%'")
        purses = await Purses(db).open()
        await lives(purses, before)
        lots, balances = await purses.lots(), await purses.balances()
        _, journals = await purses.joins()
        await purses.parts(journals)
        assert (await purses.lots(), await purses.balances()) == (lots, balances)

        moved, journals = await purses.joins()
        spent, held = await lives(purses, between)
        given_back = await purses.parts(journals)
        assert moved - spent - held <= given_back <= moved
        after = await purses.balances()
        assert all(balance >= 0 and debt == 0 for _, balance, _, debt in after), "nobody owes for it"
        total = sum(row[1] for row in balances)
        granted = sum(deed[2] for deed in between if deed[0] in ("grant", "later"))
        assert sum(row[1] for row in after) == total + granted - spent
    finally:
        await db.close()


async def lives(purses: Purses, deeds: Sequence[Any]) -> tuple[int, int]:
    """What happened: how much was spent, and how much was set aside."""
    spent = held = 0
    for deed, wallet, amount, days in deeds:
        if deed == "grant":
            await purses.grants(wallet, amount, lapses_in=days)
        elif deed == "later":
            await purses.grants(wallet, amount, lapses_in=days, in_s=3600)
        elif deed == "spend" and (await purses.spends(wallet, amount))[0] == "ok":
            spent += amount
        elif deed == "hold" and await purses.holds(wallet, amount):
            held += amount
    return spent, held
