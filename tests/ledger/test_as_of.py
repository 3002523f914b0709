"""The books as of any moment: as they were recorded, as things were in effect, and what could be spent."""

import copy
import itertools
import random
from datetime import datetime, timedelta

from tests.ledger.bench import BEGIN, Pair
from tests.ledger.model import Model
from tests.ledger.test_laws import LOTS, Teller, opened
from vokrug import ledger
from vokrug.ledger import reading
from vokrug.ledger.instructions import GrantPoints, Leg, Post, Revert, Transfer
from vokrug.runtime.database import Database

STEPS = 150
KEPT = ["anna", "boris", "safe", "tray", *LOTS]


async def wallet_ids(pair: Pair) -> dict[str, int]:
    async with pair.db.transaction() as tx:
        return {row["code"]: row["id"] for row in await tx.rows("select code, id from ledger_wallet")}


def at(second: int) -> datetime:
    """A moment after all that a second brought: changes of one wallet are told a microsecond apart."""
    return BEGIN + timedelta(seconds=second, milliseconds=1)


async def history(pair: Pair, rng: random.Random) -> list[Model]:
    """A random history with time between any two steps; the model as it stood after each."""
    teller, stood = Teller(pair, rng), [copy.deepcopy(pair.model)]
    for _ in range(STEPS):
        pair.waits(rng.choice([1, 2, 30, 600]))
        await pair.both_do(teller.next())
        if rng.random() < 0.1:
            await pair.lots_lapse("points.expired")
        if rng.random() < 0.1:
            await ledger.fold_deltas(pair.db)
        stood.append(copy.deepcopy(pair.model))
    return stood


async def test_any_past_moment_reads_as_the_books_stood_then(db: Database) -> None:
    pair, rng = await opened(db), random.Random(5)
    stood = await history(pair, rng)
    ids = await wallet_ids(pair)
    async with pair.db.transaction() as tx:
        for _ in range(120):
            second = rng.randint(0, pair.model.now)
            then = copy.deepcopy(next(model for model in reversed(stood) if model.now <= second))
            then.now = second
            then.releases_overdue()
            for code in KEPT:
                account = then.books.accounts[code]
                stands = await reading.recorded(tx, ids[code], at(second))
                assert (stands.debits, stands.credits) == (account.d, account.c), (code, second)
                assert (stands.debits_held, stands.credits_held) == (account.dp, account.cp), (code, second)
                balance = await reading.balance_as_of(tx, ids[code], at(second))
                assert balance == account.c - account.d
            for code in LOTS:
                could = await reading.spendable_as_of(tx, ids[code], at(second))
                assert could == then.spendable(code), (code, second)


async def test_business_time_is_summed_apart_from_the_time_of_recording(db: Database) -> None:
    pair, rng = await opened(db), random.Random(6)
    stood = await history(pair, rng)
    ids = await wallet_ids(pair)
    known = [
        (model, key)
        for model, later in itertools.pairwise(stood)
        for key in later.journals.keys() - model.journals.keys()
    ]
    async with pair.db.transaction() as tx:
        for before, key in [(pair.model, None), *rng.sample(known, 20)]:
            journal = None if key is None else await tx.value("select journal_id from ledger_claim where key = $1", key)
            for second in (rng.randint(-100, pair.model.now) for _ in range(5)):
                for code in (*KEPT, "fees", "redeemed"):
                    moves = [move for move in before.books.moves if move.effective <= second]
                    received = sum(move.amount for move in moves if move.credit == code)
                    sent = sum(move.amount for move in moves if move.debit == code)
                    assert await reading.effective(tx, ids[code], at(second), journal) == (received, sent)
        for code in KEPT:
            used = [move.effective for move in pair.model.books.moves if code in (move.debit, move.credit)]
            assert await reading.first_used(tx, ids[code]) == (BEGIN + timedelta(seconds=min(used)) if used else None)


async def test_a_statement_opens_closes_and_adds_up_whatever_its_window(db: Database) -> None:
    pair, rng = await opened(db), random.Random(7)
    await history(pair, rng)
    ids = await wallet_ids(pair)
    async with pair.db.transaction() as tx:
        for code in KEPT:
            for _ in range(5):
                after, until = sorted(at(rng.randint(0, pair.model.now)) for _ in range(2))
                balance = await reading.balance_as_of(tx, ids[code], after)
                for line in await reading.statement(tx, ids[code], after, until):
                    balance += line.amount
                    assert line.balance_after == balance
                assert balance == await reading.balance_as_of(tx, ids[code], until)


async def test_days_of_summed_wallets_answer_for_both_times(db: Database) -> None:
    """A fact of the first day, told on the third, is unknown on the second."""
    pair = Pair(db)
    await pair.opens("anna", guard="n")
    await pair.opens_summed("fees")
    fees = (await wallet_ids(pair))["fees"]
    days = [BEGIN + timedelta(days=n) for n in range(3)]
    await pair.both_do(Transfer(id="1", debit="anna", credit="fees", amount=10))
    pair.waits(2 * 86_400)
    await pair.both_do(Post(id="2", movements=[Leg("anna", "fees", 5)], effective_at=days[0]))
    for fold in (False, True):
        if fold:
            await ledger.fold_deltas(db)
        async with db.transaction() as tx:
            assert [await reading.summed_as_of(tx, fees, days[0], known) for known in days] == [10, 10, 15]


async def test_a_moment_with_an_offset_belongs_to_its_day_in_utc(db: Database) -> None:
    """01:00 in Moscow is still yesterday in the books, in the journal and in the days alike."""
    pair = Pair(db)
    await pair.opens("anna", guard="n")
    await pair.opens_summed("fees")
    moscow = datetime.fromisoformat("2026-02-28T01:00:00+03:00")
    await pair.both_do(Transfer(id="1", debit="anna", credit="fees", amount=10, effective_at=moscow))
    assert str(await pair.value("select effective_day from ledger_delta")) == "2026-02-27"
    await pair.require_balanced()


async def test_what_could_be_spent_knows_when_a_lot_was_told_of_and_what_was_held(db: Database) -> None:
    pair = Pair(db)
    await pair.opens("anna", "PTS", has_lots=True)
    await pair.opens("issued", "PTS", guard="n")
    anna = (await wallet_ids(pair))["anna"]
    yesterday = BEGIN - timedelta(days=1)
    await pair.both_do(GrantPoints(id="g", wallet="anna", source="issued", amount=50, effective_at=yesterday))
    pair.waits(60)
    await pair.both_do(Transfer(id="s", debit="anna", credit="issued", amount=20))
    pair.waits(60)
    await pair.both_do(Revert(id="r", of="s"))
    async with db.transaction() as tx:
        spendable = [await reading.spendable_as_of(tx, anna, at(second)) for second in (-1, 0, 59, 60, 119, 120, 999)]
    assert spendable == [0, 50, 50, 30, 30, 50, 50]
