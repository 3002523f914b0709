"""A ledger under test and the model beside it: both are told the same, and compared."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from tests.ledger.model import Account, Model
from vokrug import ledger
from vokrug.ledger.instructions import AnyInstruction, Instruction
from vokrug.ledger.operations.perform import Outcome, perform
from vokrug.runtime.database import Database, Tx

T = TypeVar("T")
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)

WALLETS = """
    select w.code, w.debits as d, w.credits as c, w.debits_held as dp, w.credits_held as cp, w.debt
      from ledger_wallet w where w.id > 0
"""
LOTS = """
    select c.key || '/' || (l.id & 255) as name, w.code, l.granted, l.remaining, l.held, l.id, l.wallet_id
      from ledger_lot l join ledger_wallet w on w.id = l.wallet_id
      join ledger_claim c on c.journal_id = l.id >> 8
"""
OVERDUE = """
    select d.code as debit, c.code as credit, h.amount, h.debit as wallet_id, h.lot_ids, h.lot_amounts
      from ledger_hold h join ledger_wallet d on d.id = h.debit join ledger_wallet c on c.id = h.credit
     where h.state = 'o' and h.deadline <= $1
"""
HOLDS = """
    select c.key, h.amount, h.captured, case when h.state = 'o' and h.deadline <= $1 then 'x' else h.state end as state
      from ledger_hold h join ledger_claim c on c.journal_id = h.id
"""


class Bench:
    """The real ledger on a real PostgreSQL."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.ids = ledger.JournalIds()
        self.now = BEGIN

    async def opens(self, code: str, unit: str = "RUB", **terms: Any) -> int:
        async with self.db.transaction() as tx:
            return await ledger.open_wallet(tx, code, unit, self.now, **terms)

    async def does(self, instruction: Instruction) -> Outcome:
        told = cast(AnyInstruction, instruction)
        return await self.db.replayed(lambda tx: perform(tx, self.ids, told, self.now))

    async def asks(self, question: Callable[[Tx], Awaitable[T]]) -> T:
        async with self.db.transaction() as tx:
            return await question(tx)

    async def value(self, sql: str, *args: object) -> Any:
        return await self.asks(lambda tx: tx.value(sql, *args))

    async def require_balanced(self) -> None:
        report = await self.asks(ledger.check_books)
        assert report.balanced, report.differences


class Pair(Bench):
    """The ledger and its model, told the same."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.model = Model(BEGIN)

    async def opens(self, code: str, unit: str = "RUB", **terms: Any) -> int:
        names = {"guard": terms.get("guard", "d"), "has_lots": terms.get("has_lots", False)}
        self.model.opens(Account(code, unit, overdraft=terms.get("overdraft", 0), **names))
        return await super().opens(code, unit, **terms)

    async def opens_summed(self, code: str, unit: str = "RUB") -> None:
        async with self.db.transaction() as tx:
            await ledger.summed_wallet(tx, code, (await ledger.unit_named(tx, unit)).id, self.now)
        self.model.opens(Account(code, unit, "n", is_kept=False))

    def waits(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.model.now += seconds

    async def both_do(self, instruction: Instruction) -> Outcome:
        expected = self.model.performs(instruction)
        outcome = await self.does(instruction)
        assert (outcome.status, outcome.moved) == expected, (instruction, expected, outcome)
        return outcome

    async def lots_lapse(self, expired: str) -> None:
        lapsed = self.model.lapses(expired)
        assert await ledger.expire_lots(self.db, self.ids, self.now) == lapsed

    async def require_same(self) -> None:
        """Every balance, lot and hold is what the model says."""
        self.model.releases_overdue()
        books = self.model.books
        async with self.db.transaction() as tx:
            wallets = {row["code"]: dict(row) for row in await tx.rows(WALLETS)}
            lots = {(row["wallet_id"], row["id"]): dict(row) for row in await tx.rows(LOTS)}
            holds = {row["key"]: (row["amount"], row["state"]) for row in await tx.rows(HOLDS, self.now)}
            overdue = await tx.rows(OVERDUE, self.now)
        for hold in overdue:  # the ledger looks at the deadline first and tidies later
            wallets[hold["debit"]]["dp"] -= hold["amount"]
            wallets[hold["debit"]]["debt"] = None
            if hold["credit"] in wallets:
                wallets[hold["credit"]]["cp"] -= hold["amount"]
                wallets[hold["credit"]]["debt"] = None
            for lot_id, part in zip(hold["lot_ids"], hold["lot_amounts"], strict=True):
                lots[hold["wallet_id"], lot_id]["held"] -= part
        for code, wallet in wallets.items():
            account = books.accounts[code]
            debt = wallet["debt"] if wallet["debt"] is not None else account.debt
            stands = (wallet["d"], wallet["c"], wallet["dp"], wallet["cp"], debt)
            assert stands == (account.d, account.c, account.dp, account.cp, account.debt), code
        kept = {x["name"]: (x["code"], x["granted"], x["remaining"], x["held"]) for x in lots.values()}
        lots_of_model = {x.name: (x.account, x.granted, x.remaining, x.held) for x in books.lots.values()}
        assert kept == lots_of_model, sorted(kept.items() ^ lots_of_model.items())
        assert holds == {key: (hold.amount, hold.state) for key, hold in books.holds.items()}
