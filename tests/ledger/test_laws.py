"""Random histories, told to the ledger and to a model of dictionaries: every answer and every balance agree.

`VOKRUG_LAWS_OPERATIONS` makes the histories longer, `VOKRUG_LAWS_SEED` tells another (or the one that failed).
"""

import copy
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.ledger.bench import Pair
from tests.ledger.model import Model
from vokrug import ledger
from vokrug.ledger import instructions as say
from vokrug.runtime.database import Database

OPERATIONS = int(os.environ.get("VOKRUG_LAWS_OPERATIONS", "2000"))
SEED = int(os.environ.get("VOKRUG_LAWS_SEED", "1"))
HISTORIES = 4

MONEY = ["anna", "boris", "safe", "tray", "fees"]
POINTS = ["anna.points", "boris.points", "issued", "redeemed"]
LOTS = ["anna.points", "boris.points"]
SEEN_IN_EVERY_RUN = {
    "ok", "duplicate_same", "duplicate_conflict", "id_burned", "insufficient_funds", "account_not_found",
    "account_closed", "asset_mismatch", "same_wallet", "not_a_hold", "hold_amount_exceeded",
    "hold_already_captured", "hold_already_voided", "hold_expired", "already_reverted", "unbounded_source",
    "operation_not_found", "nothing_to_revert",
}  # fmt: skip


async def opened(db: Database) -> Pair:
    pair = Pair(db)
    await pair.opens("anna")
    await pair.opens("boris", overdraft=300)
    await pair.opens("safe", guard="n")
    await pair.opens("tray", guard="c")
    await pair.opens_summed("fees")
    for code in LOTS:
        await pair.opens(code, "PTS", has_lots=True)
    await pair.opens("issued", "PTS", guard="n")
    await pair.opens_summed("redeemed", "PTS")
    await pair.opens_summed("points.expired", "PTS")
    return pair


class Teller:
    """Makes instructions up: mostly sensible, often not, sometimes ones already told."""

    def __init__(self, pair: Pair, rng: random.Random) -> None:
        self.pair, self.rng = pair, rng
        self.told: list[say.Instruction] = []

    def next(self) -> say.Instruction:
        if self.told and self.rng.random() < 0.12:
            return self.again(self.rng.choice(self.told[-40:]))
        kinds: dict[Callable[[], say.Instruction], int] = {
            self.transfer: 20, self.hold: 14, self.capture: 9, self.void: 5, self.extend: 3,
            self.grant: 14, self.revert: 8, self.post: 6, self.draw: 6, self.close: 2, self.reopen: 3,
        }  # fmt: skip
        one = self.rng.choices([*kinds], [*kinds.values()])[0]()
        self.told.append(one)
        return one

    def again(self, one: say.Instruction) -> say.Instruction:
        """A repeat: word for word, or with another amount."""
        amount = getattr(one, "amount", None)
        if self.rng.random() < 0.6 or amount is None or isinstance(one, say.GrantPoints):
            return one
        other = self.rng.choice(["all", self.amount(), 0 if amount == "all" else amount + 1])
        return type(one)(**{name: getattr(one, name) for name in one.__struct_fields__} | {"amount": other})

    def key(self) -> str:
        return f"k{len(self.told)}"

    def amount(self) -> Any:
        return self.rng.choice([0, 1, 7, 50, 100, 333, 1000])

    def pair_of_codes(self) -> tuple[str, str]:
        if self.rng.random() < 0.04:
            return self.rng.choice(MONEY), self.rng.choice([*POINTS, "nobody"])
        group = MONEY if self.rng.random() < 0.5 else POINTS
        debit, credit = self.rng.sample(group, 2)
        return (debit, debit) if self.rng.random() < 0.02 else (debit, credit)

    def moment(self) -> "say.Moment | None":
        back = self.rng.choice([None, None, 0, 5, 86_400, -60])
        return None if back is None else self.pair.now - timedelta(seconds=back)

    def up_to(self, debit: str, credit: str) -> say.UpTo | None:
        """A side can only be a limit where a balance is kept."""
        sides: list[say.UpTo] = ["debit"] if debit not in ("fees", "redeemed") else []
        sides += ["credit"] if credit not in ("fees", "redeemed") else []
        sides += ["both"] if len(sides) == 2 else []
        return self.rng.choice(sides) if sides and self.rng.random() < 0.35 else None

    def transfer(self) -> say.Transfer:
        debit, credit = self.pair_of_codes()
        up_to = self.up_to(debit, credit)
        amount: Any = "all" if up_to and self.rng.random() < 0.4 else self.amount()
        force = self.rng.random() < 0.2
        return say.Transfer(
            id=self.key(), debit=debit, credit=credit, amount=amount, up_to=up_to, force=force,
            effective_at=self.moment(),
        )  # fmt: skip

    def hold(self) -> say.PlaceHold:
        debit, credit = self.pair_of_codes()
        if debit in ("fees", "redeemed"):
            debit, credit = "anna", "fees"
        timeout_s = self.rng.choice([None, 0, 1, 60, 3600])
        up_to = self.up_to(debit, credit)
        return say.PlaceHold(
            id=self.key(), debit=debit, credit=credit, amount=self.amount(), up_to=up_to, timeout_s=timeout_s
        )

    def any_key(self, kind: str) -> str:
        keys = [key for key, claim in self.pair.model.claims.items() if claim.kind == kind]
        return self.rng.choice(keys[-12:]) if keys and self.rng.random() < 0.95 else self.rng.choice(["k0", "nothing"])

    def capture(self) -> say.Capture:
        amount: Any = self.rng.choice(["all", self.amount()])
        return say.Capture(id=self.key(), hold=self.any_key("PlaceHold"), amount=amount)

    def void(self) -> say.Void:
        return say.Void(id=self.key(), hold=self.any_key("PlaceHold"))

    def extend(self) -> say.Extend:
        return say.Extend(id=self.key(), hold=self.any_key("PlaceHold"), timeout_s=self.rng.choice([0, 60, 600]))

    def grant(self) -> say.GrantPoints:
        now = self.pair.now
        active = self.rng.choice([None, None, now + timedelta(seconds=60), now + timedelta(seconds=5)])
        expires = self.rng.choice([None, *(now + timedelta(seconds=s) for s in (1, 60, 600, 3600, 86_400))])
        return say.GrantPoints(
            id=self.key(), wallet=self.rng.choice([*LOTS, *LOTS, *LOTS, "safe"]), source="issued",
            amount=self.rng.choice([1, 7, 50, 50, 333]), active_from=active, expires_at=expires,
            priority=self.rng.choice([0, 0, 0, 1, -1]), effective_at=self.moment(),
        )  # fmt: skip

    def revert(self) -> say.Revert:
        kind = self.rng.choice(["Transfer", "GrantPoints", "Post", "Draw", "Capture", "Revert", "PlaceHold"])
        force = self.rng.random() < 0.5
        return say.Revert(id=self.key(), of=self.any_key(kind), force=force, effective_at=self.moment())

    def post(self) -> say.Post:
        legs, given = [], set[str]()
        for _ in range(self.rng.randint(1, 4)):
            debit, credit = self.pair_of_codes()
            if debit not in given:  # points given in a posting are there once it is written
                given.add(credit)
                legs.append(say.Leg(debit, credit, self.amount()))
        force = self.rng.random() < 0.5
        return say.Post(id=self.key(), movements=legs or [say.Leg("safe", "anna", 1)], force=force)

    def draw(self) -> say.Draw:
        group = ["anna", "boris", "safe"] if self.rng.random() < 0.5 else LOTS
        sources = [
            say.DrawSource(self.rng.choice(group), self.rng.choice([None, None, 20, 200]))
            for _ in range(self.rng.randint(1, 3))
        ]
        amount: Any = self.rng.choice(["all", self.amount(), self.amount()])
        credit = "fees" if group is not LOTS else "redeemed"
        return say.Draw(id=self.key(), amount=amount, sources=sources, credit=credit)

    def close(self) -> say.Close:
        wallet = self.rng.choice(["boris", "tray", "boris.points"])
        return say.Close(id=self.key(), wallet=wallet, timeout_s=self.rng.choice([1, 60, 60, None]))

    def reopen(self) -> say.Reopen:
        return say.Reopen(id=self.key(), close=self.any_key("Close"))


async def tell(pair: Pair, teller: Teller) -> str:
    """One step of a history: time passes, a night falls, deltas are folded, or an instruction is told."""
    chance = teller.rng.random()
    if chance < 0.25:
        pair.waits(teller.rng.choice([0, 1, 1, 5, 60, 600]))
    elif chance < 0.28:
        await pair.lots_lapse("points.expired")
        return "night"
    elif chance < 0.30:
        await ledger.fold_deltas(pair.db)
    outcome = await pair.both_do(teller.next())
    return outcome.status


seen: Counter[str] = Counter()


@pytest.mark.parametrize("history", range(HISTORIES))
async def test_a_random_history_leaves_the_books_the_model_has(db: Database, history: int) -> None:
    pair, rng = await opened(db), random.Random(f"{SEED}/{history}")
    teller = Teller(pair, rng)
    for step in range(OPERATIONS // HISTORIES):
        try:
            seen[await tell(pair, teller)] += 1
            await pair.require_same()
            if step % 25 == 0:
                await require_same_answers(pair)
        except AssertionError as error:
            raise AssertionError(f"VOKRUG_LAWS_SEED={SEED}, history {history}, step {step}: {error}") from error
    await require_same_sums(pair)
    await pair.require_balanced()
    assert {"ok", "duplicate_same", "insufficient_funds", "hold_expired"} <= seen.keys()


def test_every_refusal_was_met_on_the_way() -> None:
    """A history that never meets a refusal says nothing about it."""
    if sum(seen.values()) >= OPERATIONS * 9 // 10 >= 1800:
        assert seen.keys() >= SEEN_IN_EVERY_RUN, SEEN_IN_EVERY_RUN - seen.keys()


async def require_same_answers(pair: Pair) -> None:
    """What may be spent, now and later if nothing else happens, asked through the door people use."""
    for ahead_s in (0, 60, 3600):
        later, at = copy.deepcopy(pair.model), pair.now + timedelta(seconds=ahead_s)
        later.now += ahead_s
        later.releases_overdue()
        for code in ["anna", *LOTS]:
            wallet: int = await pair.value("select id from ledger_wallet where code = $1", code)
            async with pair.db.transaction() as tx:
                answer = await ledger.available(tx, wallet, at)
            assert answer.available == spendable_without_overdraft(later, code), (code, ahead_s)


def spendable_without_overdraft(model: Model, code: str) -> int:
    account = model.books.accounts[code]
    return model.spendable(code) if account.has_lots else account.c - account.d - account.dp


async def require_same_sums(pair: Pair) -> None:
    """Summed wallets, folded or not, are what went through them."""
    lines = {line.code: line for line in await pair.asks(ledger.trial_balance)}
    for code in ("fees", "redeemed", "points.expired"):
        account = pair.model.books.accounts[code]
        assert (account.d, account.c) == ((lines[code].debits, lines[code].credits) if code in lines else (0, 0))
