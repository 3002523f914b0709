"""Laws of the till, tried on random histories of documents.

A history is told to one chain, and again, in another way, to a second one that began the same: with
repetitions, in another order, or one document at a time where the first let documents share a batch. Both
must end in the same books, to the last lot and event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pos.chain import CAKE, CHEESE, COFFEE, Answer, Chain, Opened, Shopper, Till, copied, open_chain, times
from vokrug.kernel import MovedClock
from vokrug.pos.checkout import Checkout
from vokrug.runtime.batching import Batcher

SPACE = UUID("018f0000-0000-7000-8000-000000000000")
BASKETS = [
    (COFFEE,),
    (times(CAKE, "3"), COFFEE),
    (CHEESE, times({**COFFEE, "price": "33.33"}, "7")),
    (times(CAKE, "7"),),
]
BURNS = ["none", "max", "7.77", "max"]
PARTS: list[dict[str, str | None]] = [{"_1": "1"}, {}, {"_2": None}, {"_1": "2"}]
VERBS = ["calculate", "commit", "commit", "cancel", "return", "return", "tick"]


@dataclass(frozen=True)
class Act:
    """One thing that happens. `x` picks what is in it."""

    verb: str
    who: int  # 2 is nobody in particular
    check: int
    x: int


acts = st.builds(Act, st.sampled_from(VERBS), st.integers(0, 2), st.integers(0, 2), st.integers(0, 11))
histories = st.lists(acts, min_size=4, max_size=18)
few = settings(max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


class HandClock(MovedClock):
    """Stands still until it is moved, so that two tellings happen at the same moments."""

    START = datetime(2031, 5, 5, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.START + self.shift


@dataclass
class Telling:
    """A history being told to a chain."""

    chain: Chain
    shoppers: list[Shopper | None]
    revisions: dict[UUID, int] = field(default_factory=dict)
    said: list[tuple[str, Any, Answer, UUID]] = field(default_factory=list)  # path, body, answer, check
    returns: dict[UUID, int] = field(default_factory=dict)

    @classmethod
    async def to(cls, chain: Chain) -> "Telling":
        clock = HandClock()
        chain.services.clock = chain.checkout.clock = clock
        till = chain.till()
        shoppers: list[Shopper | None] = [
            await till.registers("Анна", phone="+79161110000", request_id=str(uuid5(SPACE, "anna"))),
            await till.registers("Борис", phone="+79161110001", request_id=str(uuid5(SPACE, "boris"))),
            None,
        ]
        await till.sells(shoppers[0], times(CAKE, "3"), check=uuid5(SPACE, "first"))  # 54 points to begin with
        return cls(chain, shoppers)

    def till(self, act: Act) -> Till:
        return list(self.chain.tills.values())[(act.who + act.check) % 3]

    async def does(self, act: Act) -> None:
        check = uuid5(SPACE, f"{act.who}/{act.check}")
        till, shopper = self.till(act), self.shoppers[act.who]
        match act.verb:
            case "tick":
                self.chain.passes(seconds=[1, 300, 1000][act.x % 3])
                if shopper is not None:
                    shopper.token = (await till.identifies(shopper)).done()["customer_token"]
            case "calculate":
                rev = self.revisions.get(check, 0) + 1
                body = self.body(till, shopper, act, rev)
                answer = await self.sends(till, f"/pos/v1/checks/{check}:calculate", body, check)
                if answer.status == 200:
                    self.revisions[check] = rev
            case "commit":
                body = {"rev": self.revisions.get(check, 1), **till.place}
                if check not in self.revisions:
                    body["check"] = self.body(till, shopper, act, 1)
                if act.x % 4 == 3:
                    body |= {"claimed": {"to_pay": "77.77"}}
                if act.x % 2:
                    body |= {"fiscal": {"fn": "1", "fd": str(check)[:18], "fp": "1"}}
                await self.sends(till, f"/pos/v1/checks/{check}:commit", body, check)
            case "cancel":
                await self.sends(till, f"/pos/v1/checks/{check}:cancel", till.place, check)
            case "return":
                self.returns[check] = self.returns.get(check, 0) + 1
                return_id = uuid5(check, str(self.returns[check]))
                body = till.returning(check, **PARTS[act.x % 4])
                await self.sends(till, f"/pos/v1/returns/{return_id}:commit", body, check)

    def body(self, till: Till, shopper: Shopper | None, act: Act, rev: int) -> dict[str, Any]:
        burn = "none" if shopper is None else BURNS[act.x // 4]
        return till.check(shopper, *BASKETS[act.x % 4], rev=rev, burn=burn)

    async def sends(self, till: Till, path: str, body: Any, check: UUID) -> Answer:
        answer = await till.sends(path, body)
        assert answer.status < 500, answer
        if answer.status < 300 and "cancel" not in path:
            self.said.append((path, body, answer, check))
        return answer

    async def repeats(self, which: int) -> None:
        """The till sends again what was acknowledged, and hears the same."""
        if not self.said:
            return
        path, body, first, check = self.said[which % len(self.said)]
        till = next(till for till in self.chain.tills.values() if till.place == {k: body[k] for k in ("shop", "till")})
        again = await till.sends(path, body)
        if "calculate" in path:
            if body["rev"] < self.revisions[check]:
                assert again.code == (409, "revision_stale")
                return
            if again.code == (401, "customer_token_stale"):
                return  # repeated after half an hour: the price has run out as well
            assert {**again.done().body, "hold": None} == {**first.body, "hold": None}
        elif first["status"] != "parked":
            assert again.done().body == first.body
        assert again.is_repeat


BOOKS = {
    "wallets": "select id, code, debits, credits, debits_held, debt from ledger_wallet where id > 0",
    "lots": """select wallet_id, granted, remaining, held, earned_at, active_from, expires_at, w.code
                 from ledger_lot l left join (select id, code from ledger_wallet) w on w.id = l.funder""",
    "movements": """select j.kind, j.document, j.effective_at, j.home, m.leg, d.code as gives, c.code as gets, m.amount
                      from ledger_movement m join ledger_journal j on j.id = m.journal_id
                      join ledger_wallet d on d.id = m.debit join ledger_wallet c on c.id = m.credit""",
    "holds": "select document, debit, amount, captured, state, deadline from ledger_hold",
    "sales": """select check_id, customer_number, shop_id, till_id, rev, status, at, paid_minor, burned_minor,
                       earned_minor, balance_minor, spent_minor, deviation_minor, fiscal from pos_sale""",
    "quotes": "select check_id, rev, till_id, customer_number, priced_at, document from pos_quote",
    "returns": """select return_id, check_id, status, at, lines, refunded_minor, restored_minor, taken_back_minor,
                         owed_minor, balance_minor from pos_return""",
    "deviations": "select * from pos_deviation",
    "shoppers": "select customer_number, day, spent_minor, points_minor, visits from promotions_standing",
    "events": "select type, subject, key, time, data from events_log where type <> all($1)",
}


async def books(chain: Chain) -> dict[str, list[str]]:
    """Everything that matters, without numbers and moments that differ from run to run."""
    registered = await chain.rows("select id from events_type where owner = 'customers'")
    people = {
        str(row["id"]): f"shopper {row['number']}" for row in await chain.rows("select * from customers_customer")
    }
    found = {}
    for name, sql in BOOKS.items():
        args = [[row["id"] for row in registered]] if "$1" in sql else []
        found[name] = sorted(named(str(tuple(row.values())), people) for row in await chain.rows(sql, *args))
    return found


def named(text: str, people: dict[str, str]) -> str:
    for id, name in people.items():
        text = text.replace(id, name)
    return text


class Alone(Batcher[Any, Any]):
    """Answers that no document is plain, so that each has its story told."""

    def submit(self, item: Any) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future


def alone(checkout: Checkout) -> None:
    checkout.writers = Alone(checkout._write)


async def told(
    base: str, opened: Opened, tell: Callable[[Telling], Awaitable[None]], *, one_by_one: bool = False
) -> dict[str, list[str]]:
    """The books after a telling, on a chain of its own."""
    with copied(base, opened.database) as url:
        async with open_chain(url, opened) as chain:
            if one_by_one:
                alone(chain.checkout)
            telling = await Telling.to(chain)
            await tell(telling)
            await chain.balances()
            return await books(chain)


def same(one: dict[str, list[str]], other: dict[str, list[str]]) -> None:
    """The same rows in every table; else the rows that are not in both."""
    assert {name: sorted({*one[name]} ^ {*other[name]}) for name in one if one[name] != other[name]} == {}


def in_order(history: Sequence[Act]) -> Callable[[Telling], Awaitable[None]]:
    async def tell(telling: Telling) -> None:
        for act in history:
            await telling.does(act)

    return tell


@few
@given(history=histories)
def test_batches_and_stories_leave_the_same_books(postgres_base: str, opened: Opened, history: list[Act]) -> None:
    together = asyncio.run(told(postgres_base, opened, in_order(history)))
    one_by_one = asyncio.run(told(postgres_base, opened, in_order(history), one_by_one=True))
    same(together, one_by_one)


@few
@given(history=histories, repeats=st.lists(st.integers(0, 99), min_size=18, max_size=18))
def test_repetition_changes_nothing(postgres_base: str, opened: Opened, history: list[Act], repeats: list[int]) -> None:
    """After each act the till sends something again that it has been acknowledged before."""

    async def with_repeats(telling: Telling) -> None:
        for act, which in zip(history, repeats, strict=False):
            await telling.does(act)
            await telling.repeats(which)

    once = asyncio.run(told(postgres_base, opened, in_order(history)))
    same(asyncio.run(told(postgres_base, opened, with_repeats)), once)


@few
@given(history=histories)
def test_shoppers_do_not_disturb_each_other(postgres_base: str, opened: Opened, history: list[Act]) -> None:
    """Told one after the other, or all at once: what happens to one shopper is the same."""
    still = [act for act in history if act.verb != "tick"]
    by_shopper = sorted(still, key=lambda act: act.who)

    async def at_once(telling: Telling) -> None:
        async def one(who: int) -> None:
            for act in by_shopper:
                if act.who == who:
                    await telling.does(act)

        await asyncio.gather(*(one(who) for who in range(3)))

    one_after_another = asyncio.run(told(postgres_base, opened, in_order(by_shopper)))
    same(asyncio.run(told(postgres_base, opened, at_once)), one_after_another)


@few
@given(history=histories)
def test_time_frees_every_promise(postgres_base: str, opened: Opened, history: list[Act]) -> None:
    """When every hold has run out and the night has passed, nothing is held, and balances are their postings."""

    async def then_a_day(telling: Telling) -> None:
        await in_order(history)(telling)
        telling.chain.passes(days=1)
        (await telling.chain.staff.sends("/v1/ledger:night", {})).done()
        rows = await telling.chain.rows("select 1 from ledger_wallet where debits_held <> 0")
        assert rows == []
        assert await telling.chain.rows("select 1 from ledger_hold where state = 'o'") == []

    asyncio.run(told(postgres_base, opened, then_a_day))


def test_a_hand_clock_stands_still() -> None:
    clock = HandClock()
    assert clock.now() == clock.now()
    clock.advance(timedelta(seconds=1))
    assert clock.now() == HandClock.START + timedelta(seconds=1)
