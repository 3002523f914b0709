"""Many at once: nobody overdraws, nothing happens twice, no deadlock reaches a caller; and the database itself
refuses what the rules forbid."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from itertools import chain

import asyncpg
import pytest

from tests.ledger.bench import Bench
from vokrug import ledger
from vokrug.kernel import new_id
from vokrug.ledger import reading
from vokrug.ledger.instructions import (
    Capture,
    GrantPoints,
    Instruction,
    Leg,
    PlaceHold,
    Post,
    Revert,
    Transfer,
    Void,
)
from vokrug.runtime.database import Database, Tx


@pytest.fixture
async def bench(db: Database) -> Bench:
    """Two wallets with money, one with points, and the house's own."""
    bench = Bench(db)
    for code in ("anna", "boris"):
        await bench.opens(code)
    await bench.opens("house", guard="n")
    await bench.opens("points", "PTS", has_lots=True)
    for code in ("issued", "redeemed"):
        await bench.opens(code, "PTS", guard="n")
    return bench


async def all_at_once(bench: Bench, instructions: Iterable[Instruction]) -> Counter[str]:
    return Counter(outcome.status for outcome in await asyncio.gather(*map(bench.does, instructions)))


async def test_a_hundred_burns_of_one_wallet_spend_what_is_there_and_no_more(bench: Bench) -> None:
    for n in range(20):  # twenty lots of 50
        await bench.does(GrantPoints(id=f"g{n}", wallet="points", source="issued", amount=50))
    burns = [Transfer(id=f"b{n}", debit="points", credit="redeemed", amount=30) for n in range(100)]
    assert await all_at_once(bench, burns) == {"ok": 33, "insufficient_funds": 67}
    await bench.require_balanced()


async def test_of_two_racing_reversals_one_is_made(bench: Bench) -> None:
    for n in range(20):
        await bench.does(Transfer(id=f"t{n}", debit="house", credit="anna", amount=10))
    racing = [Revert(id=f"r{n}/{side}", of=f"t{n}") for n in range(20) for side in "ab"]
    assert await all_at_once(bench, racing) == {"ok": 20, "already_reverted": 20}
    await bench.require_balanced()


async def test_the_same_instruction_sent_at_once_by_many_counts_once(bench: Bench) -> None:
    same = Transfer(id="same", debit="house", credit="anna", amount=10)
    assert await all_at_once(bench, [same] * 20) == {"ok": 1, "duplicate_same": 19}


async def test_a_hold_is_either_captured_or_voided(bench: Bench) -> None:
    await bench.does(Transfer(id="load", debit="house", credit="anna", amount=200))
    for n in range(20):
        await bench.does(PlaceHold(id=f"h{n}", debit="anna", credit="house", amount=10))
    both = ((Capture(id=f"c{n}", hold=f"h{n}"), Void(id=f"v{n}", hold=f"h{n}")) for n in range(20))
    racing: list[Instruction] = [one for two in both for one in two]
    met = await all_at_once(bench, racing)
    assert met["ok"] == 20
    assert met["hold_already_captured"] + met["hold_already_voided"] == 20
    await bench.require_balanced()


async def test_at_the_moment_points_lapse_a_sale_gets_all_of_them_or_none(bench: Bench) -> None:
    lapse = bench.now + timedelta(hours=1)
    for n in range(30):
        await bench.opens(f"w{n}", "PTS", has_lots=True)
        await bench.does(GrantPoints(id=f"g{n}", wallet=f"w{n}", source="issued", amount=50, expires_at=lapse))
    bench.now = lapse - timedelta(microseconds=1)
    sales = [Transfer(id=f"s{n}", debit=f"w{n}", credit="redeemed", amount=40) for n in range(30)]
    night = ledger.expire_lots(bench.db, bench.ids, lapse)
    met, lapsed = await asyncio.gather(all_at_once(bench, sales), night)
    lapsed += await ledger.expire_lots(bench.db, bench.ids, lapse)
    assert met["ok"] + met["insufficient_funds"] == 30
    assert lapsed == 30 * 50 - met["ok"] * 40
    await bench.require_balanced()


async def test_wallets_taken_in_opposite_orders_never_bring_a_deadlock_to_the_caller(bench: Bench) -> None:
    for code in ("anna", "boris"):
        await bench.does(Transfer(id=f"load {code}", debit="house", credit=code, amount=1000))
    there = [Transfer(id=f"a{n}", debit="anna", credit="boris", amount=3) for n in range(30)]
    back = [Transfer(id=f"b{n}", debit="boris", credit="anna", amount=3) for n in range(30)]
    round_trips = [
        Post(
            id=f"p{n}",
            movements=[Leg(*pair, 1) for pair in (("anna", "house"), ("house", "boris"))][:: 1 - 2 * (n % 2)],
        )
        for n in range(30)
    ]
    assert await all_at_once(bench, chain.from_iterable(zip(there, back, round_trips, strict=True))) == {"ok": 90}
    await bench.require_balanced()


async def test_summed_wallets_are_exact_while_they_are_folded(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        unit = await ledger.unit_named(tx, "RUB")
        fees = await ledger.summed_wallet(tx, "fees", unit.id, bench.now)

    async def look() -> bool:
        """One snapshot: folded days and what is not yet folded against the movements themselves."""
        async with bench.db.transaction(isolation="repeatable_read", readonly=True) as tx:
            balance = await reading.balance(tx, fees, bench.now)
            moved = await tx.value(
                "select coalesce(sum(amount), 0)::bigint from ledger_movement where credit = $1", fees
            )
            return balance is not None and balance.credits == moved

    load = [bench.does(Transfer(id=f"t{n}", debit="house", credit="fees", amount=n + 1)) for n in range(60)]
    looks = [look() for _ in range(30)]
    folds = [ledger.fold_deltas(bench.db) for _ in range(10)]
    results = await asyncio.gather(*chain.from_iterable(zip(load[:30], looks, load[30:], strict=True)), *folds)
    assert [found for found in results if isinstance(found, bool)] == [True] * 30
    await ledger.fold_deltas(bench.db)
    assert await bench.value("select count(*) from ledger_delta") == 0
    assert await bench.value("select sum(credits)::bigint from ledger_day where wallet_id = $1", fees) == 60 * 61 // 2


async def test_two_writers_may_meet_a_customers_first_points_together(bench: Bench) -> None:
    """Both find no wallet. The slower one loses the key, tells its story again and adds to what it finds."""
    async with bench.db.transaction() as tx:
        unit = await ledger.unit_named(tx, "PTS")
        issued, redeemed, liability = [
            await ledger.summed_wallet(tx, f"x.{name}", unit.id, bench.now) for name in ("i", "r", "l")
        ]
    accounts = ledger.Accounts(
        unit.id,
        issued,
        redeemed,
        clearing=liability,
        revenue=liability,
        liability=liability,
        deviation=liability,
        value_num=0,
    )
    wallet_id = ledger.wallet_of(7, unit.id)
    first_has_written, second_has_read = asyncio.Event(), asyncio.Event()
    tries: Counter[str] = Counter()

    async def earns(tx: Tx, name: str) -> None:
        tries[name] += 1
        wallets = await ledger.read_wallets(tx, [wallet_id], bench.now)
        if name == "second":
            second_has_read.set()
            await first_has_written.wait()
        books = ledger.Books(bench.now, wallets, await bench.ids.stock(tx, 1))
        ledger.settle_sale(
            books, customer=7, document=new_id(), effective_at=bench.now, accounts=accounts, paid=0, hold=None, burn=0,
            grants=[ledger.Grant(50)],
        )  # fmt: skip
        if name == "first":
            await second_has_read.wait()
        await ledger.write(tx, books)
        if name == "first":
            first_has_written.set()

    await asyncio.gather(
        bench.db.replayed(lambda tx: earns(tx, "first")), bench.db.replayed(lambda tx: earns(tx, "second"))
    )
    async with bench.db.transaction() as tx:
        assert (await ledger.available(tx, wallet_id, bench.now)).available == 100
    assert tries == {"first": 1, "second": 2}
    await bench.require_balanced()


# What the database refuses by itself


async def test_what_was_written_stays_written(bench: Bench) -> None:
    await bench.does(GrantPoints(id="g", wallet="points", source="issued", amount=50))
    await bench.does(Transfer(id="b", debit="points", credit="redeemed", amount=30))
    for table in ("ledger_journal", "ledger_movement", "ledger_lot_move"):
        for deed in ("update {} set home = home", "delete from {}", "truncate {} cascade"):
            deed = deed.replace("home", "amount") if table == "ledger_lot_move" else deed
            with pytest.raises(asyncpg.exceptions.RestrictViolationError, match="written once"):
                await bench.value(deed.format(table))
    await bench.require_balanced()


WALLET = "update ledger_wallet set {} where code = 'anna'"
PRINT = "insert into ledger_gift_batch values (gen_random_uuid(), 'x', 1, '', 16, {}, true, 'x', now())"
JOIN = """
    insert into ledger_join (id, giver, taker, giver_id, taker_id, proposed_at, state, moved, given_back)
    values (gen_random_uuid(), {}, gen_random_uuid(), gen_random_uuid(), now(), {})
"""
REFUSED = {
    "wallet_has_a_known_guard": WALLET.format("guard = 'x'"),
    "wallet_counts_upwards": WALLET.format("debits = -1"),
    "wallet_holds_nothing_negative": WALLET.format("debits_held = -1"),
    "wallet_owes_nothing_negative": WALLET.format("debt = -1"),
    "wallet_never_spends_more_than_it_has": WALLET.format("debits = credits + 1"),
    "wallet_never_receives_more_than_it_gave": WALLET.format("guard = 'c', credits = debits + 1"),
    "summed_wallet_keeps_no_balance": WALLET.format("id = -id, credits = credits + 1"),
    "one_wallet_per_code_home_and_unit": WALLET.format("code = 'boris'"),
    "lot_grants_something": "update ledger_lot set granted = 0, remaining = 0, held = 0, is_open = false",
    "lot_never_gives_more_than_it_got": "update ledger_lot set remaining = granted + 1",
    "lot_never_holds_more_than_it_has": "update ledger_lot set held = remaining + 1",
    "lot_is_open_while_something_remains": "update ledger_lot set is_open = false",
    "hold_has_a_known_state": "update ledger_hold set state = 'q', resolved_at = now()",
    "hold_captures_no_more_than_it_holds": "update ledger_hold set captured = amount + 1",
    "hold_is_resolved_once": "update ledger_hold set state = 'c'",
    "hold_names_an_amount_for_each_lot": "update ledger_hold set lot_ids = lot_ids || 1::bigint",
    "only_what_was_posted_has_a_journal": "update ledger_claim set outcome = 'insufficient_funds'",
    "unit_fits_the_low_byte": "insert into ledger_unit values (256, 'X', 2, 'money')",
    "scale_is_a_count_of_digits": "insert into ledger_unit values (99, 'X', 13, 'money')",
    "unit_is_money_or_points": "insert into ledger_unit values (99, 'X', 2, 'stars')",
    "rate_is_positive": "update ledger_rate set numerator = 0",
    "movement_moves_something": "insert into ledger_movement values (1, 0, 0, -255, -511, 0, now())",
    "movement_joins_two_wallets": "insert into ledger_movement values (1, 0, 0, -255, -255, 5, now())",
    "movement_keeps_to_one_unit": "insert into ledger_movement values (1, 0, 0, -255, -510, 5, now())",
    "kept_wallet_knows_its_balance_after": "insert into ledger_movement values (1, 0, 0, 257, -255, 5, now())",
    "lot_move_moves_something": "insert into ledger_lot_move values (1, 1, 1, 0, 0, now())",
    "batch_prints_something": PRINT.format("0, false, null, null"),
    "nominal_is_worth_something": PRINT.format("1, false, null, 0"),
    "card_lapses_only_once_it_lives": """
        with batch as (insert into ledger_gift_batch
            values (gen_random_uuid(), 'x', 1, '', 16, 1, false, null, null, true, 'x', now()) returning id)
        insert into ledger_gift_card (batch_id, lookup, mask, expires_at) select id, 'x', 'x', now() from batch""",
    "a_journal_is_reversed_once": """
        insert into ledger_journal (id, home, kind, effective_at, recorded_at, reverses)
        values (-1, 0, 'x', now(), now(), 5), (-2, 0, 'x', now(), now(), 5)""",
    "wallet_gives_one_thing_at_a_time": """
        insert into ledger_movement
        select journal_id, 9, home, debit, credit, amount, recorded_at, debit_after, credit_after
          from ledger_movement where debit > 0 and credit > 0 limit 1""",
    "join_is_of_two_wallets": JOIN.format("257, 257", "'proposed', 0, 0"),
    "join_keeps_to_one_unit": JOIN.format("257, 514", "'proposed', 0, 0"),
    "join_has_a_known_state": JOIN.format("257, 513", "'perhaps', 0, 0"),
    "join_gives_back_no_more_than_it_moved": JOIN.format("257, 513", "'joined', 5, 6"),
}


async def test_the_database_knows_the_rules_too(bench: Bench) -> None:
    await bench.does(Transfer(id="load", debit="house", credit="anna", amount=100))
    await bench.does(GrantPoints(id="g", wallet="points", source="issued", amount=50))
    await bench.does(PlaceHold(id="h", debit="points", credit="redeemed", amount=10))
    for constraint, deed in REFUSED.items():
        with pytest.raises(asyncpg.exceptions.IntegrityConstraintViolationError) as refused:
            await bench.value(deed)
        assert refused.value.constraint_name == constraint
    await bench.require_balanced()
    async with bench.db.transaction() as tx:
        named = {
            row[0]
            for row in await tx.rows(
                "select conname from pg_constraint where contype = 'c' and conrelid::regclass::text like 'ledger%'"
            )
        }
    assert named <= REFUSED.keys(), "whoever adds a rule adds the deed that it refuses"
