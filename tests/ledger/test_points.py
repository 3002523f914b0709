"""Points come in lots, are set aside, spent soonest-expiring first, lapse, and go back where they came from."""

from datetime import UTC, datetime, timedelta

import pytest

from vokrug import ledger
from vokrug.ledger.instructions import Capture, GrantPoints, PlaceHold, Revert, Transfer, Void
from vokrug.ledger.operations.perform import Outcome, perform
from vokrug.runtime.database import Database, Tx

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Bench:
    """A wallet of points and the programme's two accounts, told what to do by instruction."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.ids = ledger.JournalIds()
        self.now = NOON

    async def opens(self) -> "Bench":
        async with self.db.transaction() as tx:
            await ledger.open_wallet(tx, "anna", "PTS", self.now, has_lots=True)
            await ledger.open_wallet(tx, "issued", "PTS", self.now, guard="n")
            await ledger.open_wallet(tx, "redeemed", "PTS", self.now, guard="n")
        return self

    async def does(self, instruction: object) -> Outcome:
        async def story(tx: Tx) -> Outcome:
            return await perform(tx, self.ids, instruction, self.now)  # type: ignore[arg-type]

        return await self.db.replayed(story)

    async def grants(self, key: str, amount: int, days: int, *, in_days: int = 0) -> None:
        outcome = await self.does(
            GrantPoints(
                id=key,
                wallet="anna",
                source="issued",
                amount=amount,
                expires_at=self.now + timedelta(days=days),
                active_from=self.now + timedelta(days=in_days),
            )
        )
        assert outcome.status == "ok", outcome

    async def spends(self, key: str, amount: int) -> str:
        return (await self.does(Transfer(id=key, debit="anna", credit="redeemed", amount=amount))).status

    async def available(self) -> int:
        async with self.db.transaction() as tx:
            (wallet,) = (await ledger_wallet(tx, "anna"),)
            return (await ledger.available(tx, wallet, self.now)).available

    async def balances(self) -> None:
        async with self.db.transaction() as tx:
            report = await ledger.check_books(tx)
        assert report.balanced, report.differences


async def ledger_wallet(tx: Tx, code: str) -> int:
    found: int = await tx.value("select id from ledger_wallet where code = $1", code)
    return found


@pytest.fixture
async def bench(db: Database) -> Bench:
    return await Bench(db).opens()


async def test_soonest_expiring_points_go_first_and_return_to_their_own_lots(bench: Bench) -> None:
    await bench.grants("long", 100, days=30)
    await bench.grants("short", 50, days=10)
    assert await bench.spends("s1", 80) == "ok"
    bench.now += timedelta(days=10)
    assert await bench.available() == 70, "the short lot was used up, so nothing lapses"
    assert (await bench.does(Revert(id="r1", of="s1"))).status == "ok"
    assert await bench.available() == 100, "30 came back to the long lot; 50 to one that has lapsed since"
    await ledger.expire_lots(bench.db, bench.ids, bench.now)
    await bench.balances()


async def test_held_points_cannot_be_spent_twice_and_come_free_when_their_time_is_up(bench: Bench) -> None:
    await bench.grants("g", 100, days=30)
    assert (
        await bench.does(PlaceHold(id="h", debit="anna", credit="redeemed", amount=70, timeout_s=60))
    ).status == "ok"
    assert await bench.available() == 30
    assert await bench.spends("s1", 31) == "insufficient_funds"
    assert await bench.spends("s1", 31) == "id_burned"
    bench.now += timedelta(seconds=60)
    assert await bench.available() == 100, "truth does not wait for the sweeper"
    assert await bench.spends("s2", 100) == "ok"
    assert (await bench.does(Capture(id="c", hold="h"))).status == "hold_expired"
    await bench.balances()


async def test_a_part_captured_frees_the_rest_and_a_void_frees_all(bench: Bench) -> None:
    await bench.grants("a", 60, days=5)
    await bench.grants("b", 60, days=9)
    await bench.does(PlaceHold(id="h", debit="anna", credit="redeemed", amount=100))
    assert (await bench.does(Capture(id="c", hold="h", amount=70))).status == "ok"
    assert await bench.available() == 50
    await bench.does(PlaceHold(id="h2", debit="anna", credit="redeemed", amount=50))
    assert await bench.available() == 0
    assert (await bench.does(Void(id="v", hold="h2"))).status == "ok"
    assert (await bench.does(Void(id="v2", hold="h2"))).status == "hold_already_voided"
    assert await bench.available() == 50
    await bench.balances()


async def test_points_that_wait_are_shown_but_not_spent(bench: Bench) -> None:
    await bench.grants("later", 100, days=30, in_days=14)
    assert await bench.available() == 0
    assert await bench.spends("early", 1) == "insufficient_funds"
    bench.now += timedelta(days=14)
    assert await bench.available() == 100
    assert await bench.spends("now", 100) == "ok"
    await bench.balances()


async def test_points_taken_back_after_they_were_spent_are_owed_and_paid_by_the_next_earned(bench: Bench) -> None:
    await bench.grants("g", 100, days=30)
    await bench.spends("s", 100)
    assert (await bench.does(Revert(id="r", of="g"))).status == "insufficient_funds"
    assert (await bench.does(Revert(id="r2", of="g", force=True))).status == "ok"
    await bench.grants("next", 130, days=30)
    assert await bench.available() == 30
    await bench.balances()


async def test_the_night_job_may_run_twice(bench: Bench) -> None:
    await bench.grants("g", 100, days=1)
    await bench.does(PlaceHold(id="h", debit="anna", credit="redeemed", amount=40, timeout_s=2 * 86_400))
    bench.now += timedelta(days=1)
    assert await ledger.expire_lots(bench.db, bench.ids, bench.now) == 60, "what is held does not lapse while held"
    assert await ledger.expire_lots(bench.db, bench.ids, bench.now) == 0
    bench.now += timedelta(days=1)
    assert await ledger.expire_lots(bench.db, bench.ids, bench.now) == 40, "once freed it lapses at once"
    assert await ledger.fold_deltas(bench.db) > 0
    await bench.balances()
