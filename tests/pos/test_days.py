"""The law of a day: in whatever order its documents come, and however often, they end in the same books.

A day has sales that were promised in the morning, sales that a till printed without a line, returns (some before their
sale), cancels, and money for gift cards. It is told twice to one chain, to people who have begun alike: in order,
and shuffled with repetitions. `DAYS=2000 pytest tests/pos/test_days.py` tries as many.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4, uuid5

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.pos.chain import CAKE, CHEESE, COFFEE, Chain, Opened, Shopper, Till, copied, open_chain, times
from tests.pos.test_gift_cards import paying, printed, selling
from tests.pos.test_offline import Offline, taken_along
from vokrug.kernel import MovedClock
from vokrug.pos.offline.bundle import Bundle

DAYS = int(os.environ.get("DAYS", "12"))
MORNING = datetime(2031, 5, 5, 6, tzinfo=UTC)
BASKETS = [
    (times(CAKE, "3"), COFFEE),
    (CHEESE, times({**COFFEE, "price": "33.33"}, "7")),
    (times(COFFEE, "5"), times(CAKE, "2")),
    (times({**CAKE, "price": "99.99"}, "7"),),
]
# Pieces of the longest line: no more than three in all, so that no return is refused for coming second.
RETURNS: list[tuple[str, ...]] = [(), (), ("1",), ("2",), ("1", "1"), ("1", "2")]


_thousands = count(0, 1000)  # a till counts on from one telling to the next


@dataclass(frozen=True)
class Check:
    """`how`: promised in the morning, printed without a line, or sent whole with its receipt."""

    how: str
    who: int  # 2 is nobody in particular
    basket: int
    burn: bool
    card: bool  # pays with the shopper's gift card, or (without a line) sells one
    returns: tuple[str, ...]
    is_cancelled: bool


checks = st.builds(
    Check,
    how=st.sampled_from(["promised", "promised", "offline", "whole"]),
    who=st.integers(0, 2),
    basket=st.integers(0, len(BASKETS) - 1),
    burn=st.booleans(),
    card=st.booleans(),
    returns=st.sampled_from(RETURNS),
    is_cancelled=st.booleans(),
)
days = st.lists(checks, min_size=2, max_size=6)


class DayClock(MovedClock):
    """Stands in the evening: every document of the day comes at that moment, and says itself when it happened."""

    at = MORNING

    def now(self) -> datetime:
        return self.at


Document = Callable[[], Awaitable[None]]


@dataclass
class Told:
    """One telling of a day, with people and cards of its own."""

    chain: Chain
    bundle: Bundle
    space: UUID = field(default_factory=uuid4)
    shoppers: list[Shopper | None] = field(default_factory=list)
    cards: list[dict[str, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # of ids, the same in both tellings
    documents: list[Document] = field(default_factory=list)

    def id(self, name: str) -> UUID:
        made = uuid5(self.space, name)
        self.names[str(made)] = name
        return made

    async def begin(self, check_count: int) -> None:
        """Yesterday: two shoppers with points of three different days, and a gift card each; cards to be sold."""
        clock, till = self.chain.services.clock, self.chain.till()
        assert isinstance(clock, DayClock)
        self.cards = await printed(self.chain, 2 + check_count)
        for who in range(2):
            clock.at = MORNING - timedelta(days=4)
            shopper = await till.registers()
            self.shoppers.append(shopper)
            for past in range(3):
                clock.at = MORNING - timedelta(days=3 - past)
                shopper.token = (await till.identifies(shopper)).done()["customer_token"]
                await till.sells(shopper, times(CAKE, "1"), check=self.id(f"past {who}/{past}"))
            await till.sells(None, selling(self.cards[who], "300.00"), check=self.id(f"gift {who}"))
        self.shoppers.append(None)
        clock.at = MORNING
        for known in self.shoppers:
            if known is not None:
                known.token = (await till.identifies(known)).done()["customer_token"]

    async def prepare(self, day: list[Check]) -> None:
        """The morning's promises are made, in order; what the day brings is written down, to be sent later."""
        clock = self.chain.services.clock
        assert isinstance(clock, DayClock)
        offline = Offline(
            self.chain.till("S2", "T1"), self.bundle, lambda: MORNING + timedelta(hours=2), next(_thousands)
        )
        for n, check in enumerate(day):
            check_id, shopper = self.id(f"check {n}"), self.shoppers[check.who]
            till = self.chain.till("S2", "T1") if check.how == "offline" else self.chain.till("S1", f"T{1 + n % 2}")
            lines = BASKETS[check.basket]
            sign = {"fn": str(self.space)[:18], "fd": str(n), "fp": "1"}
            if check.how == "promised":
                more: dict[str, Any] = {}
                if check.card and shopper is not None:
                    more["gift_cards"] = paying(self.cards[check.who])
                burn = "max" if check.burn and shopper is not None else "none"
                asked = till.check(shopper, *lines, burn=burn, hold={"ttl_s": 80_000}, at=MORNING.isoformat(), **more)
                quote = (await till.calculates(check_id, asked)).done()
                body = {"rev": 1, **till.place, "claimed": {"to_pay": quote["totals"]["to_pay"]}, "fiscal": sign}
                self.sends(till, f"/pos/v1/checks/{check_id}:commit", body)
            elif check.how == "whole":
                at = (MORNING + timedelta(hours=1)).isoformat()
                asked = till.check(shopper, *lines, hold=False, at=at)
                body = {"rev": 1, **till.place, "check": asked, "fiscal": sign}
                self.sends(till, f"/pos/v1/checks/{check_id}:commit", body)
            else:
                sold = (*lines, selling(self.cards[2 + n], "50.00")) if check.card else lines
                document = offline.sells(shopper, *sold, check=check_id)
                document["commit"]["fiscal"] = sign
                self.queues(offline, document)
            for m, pieces in enumerate(check.returns):
                longest = max(range(len(lines)), key=lambda i: float(lines[i]["qty"]))
                goods = {f"_{longest + 1}": pieces}
                return_id = self.id(f"return {n}/{m}")
                if check.how == "offline":
                    self.queues(offline, offline.returns(check_id, return_id, **goods))
                else:
                    back = {**till.returning(check_id, **goods), "at": (MORNING + timedelta(hours=3)).isoformat()}
                    self.sends(till, f"/pos/v1/returns/{return_id}:commit", back)
            if check.is_cancelled and not (check.burn or check.card):
                self.sends(till, f"/pos/v1/checks/{check_id}:cancel", till.place)
        for who in range(2):
            load = {"request_id": str(self.id(f"load {who}")), "number": self.cards[who]["number"], "amount": "10.00"}
            self.sends(self.chain.till(), "/pos/v1/gift-cards:topup", {**self.chain.till().place, **load})
        clock.at = MORNING + timedelta(hours=12)

    def sends(self, till: Till, path: str, body: dict[str, Any]) -> None:
        async def document() -> None:
            answer = await till.sends(path, body)
            if not (path.endswith(":cancel") and answer.code == (409, "already_committed")):
                answer.done()

        self.documents.append(document)

    def queues(self, offline: Offline, queued: dict[str, Any]) -> None:
        async def document() -> None:
            told = await offline.replays(queued)
            assert told["documents"][0]["status"] in ("posted", "late", "parked"), told

        self.documents.append(document)

    async def books(self) -> dict[str, list[str]]:
        """What the day left, of these people and these documents."""
        ids = [UUID(id) for id in self.names]
        customers = [row["n"] for row in await self.chain.rows(CUSTOMERS, ids)]
        found = {}
        for name, sql in BOOKS.items():
            rows = await self.chain.rows(sql, customers if name in OF_PEOPLE else ids)
            found[name] = sorted(str(tuple(row.values())) for row in rows)
        renamed = dict(self.names) | {f"customer {n}": f"shopper {i}" for i, n in enumerate(customers)}
        for old, new in renamed.items():
            found = {name: sorted(row.replace(old, new) for row in rows) for name, rows in found.items()}
        return found


CUSTOMERS = """
    select distinct customer_number as n from pos_sale
     where check_id = any($1) and customer_number is not null order by 1
"""
# Sums of a check's returns, and not each by itself: which of two pieces bears the odd kopeck goes by who came first.
OF_PEOPLE = ("points", "lots", "standings")
BOOKS = {
    "points": """select 'customer ' || id / 256 as who, credits - debits as has, debits_held as held, debt
                   from ledger_wallet where id / 256 = any($1) and id > 0""",
    "lots": """select 'customer ' || wallet_id / 256 as who, granted, remaining, held, earned_at, expires_at
                 from ledger_lot where wallet_id / 256 = any($1)""",
    "money": """select d.code as gives, c.code as gets, sum(m.amount) as sum
                  from ledger_movement m join ledger_journal j on j.id = m.journal_id
                  join ledger_wallet d on d.id = m.debit join ledger_wallet c on c.id = m.credit
                 where j.document = any($1) and m.debit < 0 and m.credit < 0 group by 1, 2""",
    "sales": """select check_id::text as sale, rev, at, paid_minor, burned_minor, earned_minor, deviation_minor
                  from pos_sale where check_id = any($1)""",
    "returns": """select check_id::text as sale, count(*) as returns, min(status) as least, max(status) as most,
                         sum(refunded_minor) as money, sum(restored_minor) as restored, sum(taken_back_minor) as taken,
                         sum(owed_minor) as owed, min(at) as first, max(at) as last
                    from pos_return where check_id = any($1) group by 1""",
    "deviations": "select check_id::text as sale, kind, expected_minor, printed_minor, points_short_minor"
    " from pos_deviation where check_id = any($1)",
    "standings": """select 'customer ' || customer_number as who, spent_minor, points_minor, visits
                      from promotions_standing where customer_number = any($1)""",
    "limits": """select check_id::text as sale, offer, limit_id, amount, returned, state::text
                   from promotions_taking where check_id = any($1)""",
    "cards": """select c.loaded_minor, w.credits - w.debits as has, w.debits_held as held
                  from ledger_gift_card c join ledger_wallet w on w.id / 256 = c.number
                 where exists (select from ledger_movement m join ledger_journal j on j.id = m.journal_id
                                where j.document = any($1) and w.id in (m.debit, m.credit))""",
}


async def told(chain: Chain, bundle: Bundle, day: list[Check], order: list[int] | None) -> dict[str, list[str]]:
    telling = Told(chain, bundle)
    await telling.begin(len(day))
    await telling.prepare(day)
    here = len(telling.documents)
    for place in range(here) if order is None else in_order(order, here):
        await telling.documents[place]()
    return await telling.books()


def in_order(order: list[int], here: int) -> list[int]:
    """Every document at least once, as the random numbers have it."""
    chosen = [n % here for n in order]
    return chosen + [n for n in range(here) if n not in chosen]


@settings(
    max_examples=DAYS,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a day is made smaller by hand sooner than by telling it hundreds of times
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_a_day_in_any_order_ends_in_the_same_books(postgres_base: str, opened: Opened, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.tuples(days, st.lists(st.integers(0, 999), max_size=40)), min_size=1, max_size=4))

    async def tell() -> None:
        with copied(postgres_base, opened.database) as url:
            async with open_chain(url, opened) as chain:
                chain.services.clock = chain.checkout.clock = DayClock()
                await chain.publishes("thrice", THRICE)
                bundle = await taken_along(chain.till("S2", "T1"))
                for day, order in drawn:
                    first, second = [await told(chain, bundle, day, way) for way in (None, order)]
                    assert {name: (first[name], second[name]) for name in first if first[name] != second[name]} == {}
                await chain.balances()

    asyncio.run(tell())


THRICE = {
    "kind": "item_discount",
    "goods": {"skus": ["cheese"]},
    "benefit": {"kind": "percent", "percent_bp": 2000},
    "limits": [{"subject": "customer", "measure": "uses", "most": 3}],
}
