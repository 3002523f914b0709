"""An offer tried on the chain's own receipts, through the doors of tills and of staff."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, CHEESE, COFFEE, Answer, Chain, Shopper, Till, times
from vokrug import promotions
from vokrug.runtime.jobs import Worker

FIFTH_OFF_COFFEE: dict[str, Any] = {
    "kind": "item_discount",
    "goods": {"skus": ["coffee"]},
    "benefit": {"kind": "percent", "percent_bp": 2000},
}


def tried(key: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"key": key, "name": key, "owner": "marketing", "body": body}


class Analyst:
    """Staff who ask the past."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        today = chain.services.clock.now().date()  # the shops' calendar may be a day ahead
        self.days = {"from_date": str(today), "until_date": str(today + timedelta(days=1))}

    async def asks(self, **question: Any) -> Answer:
        body = {"id": str(uuid4()), **self.days, **question}
        return await self.chain.staff.sends("/promotions/v1/backtests", body)

    async def works(self) -> None:
        """The queue, until it is empty."""
        await Worker(self.chain.url, self.chain.services, [promotions.backtest_jobs], grace_s=300).run_due()

    async def looks(self, run: Answer) -> Answer:
        return await self.chain.staff.sends(f"/promotions/v1/backtests/{run['id']}", b"", "GET")

    async def learns(self, **question: Any) -> dict[str, Any]:
        run = (await self.asks(**question)).done()
        await self.works()
        found = (await self.looks(run)).done()
        assert found["state"] == "done", found.body
        report: dict[str, Any] = found["report"]
        return report


@pytest.fixture
async def sold(till: Till, shopper: Shopper, chain: Chain) -> list[str]:
    """Three sales: coffee and cake to a member, two coffees and cheese to nobody in particular, a cake."""
    checks = []
    for who, lines in ((shopper, (COFFEE, CAKE)), (None, (times(COFFEE, "2"), CHEESE)), (shopper, (CAKE,))):
        quote, _ = await till.sells(who, *lines)
        checks.append(str(quote.check))
    return checks


async def test_a_draft_is_tried_on_what_was_sold(chain: Chain, sold: list[str]) -> None:
    """A fifth off three coffees is 60.00; the member's points shrink by 5 % of 20.00. Nothing else changes."""
    before = await chain.fingerprint()
    report = await Analyst(chain).learns(offers=[tried("coffee-20", FIFTH_OFF_COFFEE)])
    total = report["total"]
    assert (total["receipts"], total["redeemed"], total["changed"]) == (3, 2, 2)
    assert (total["extra_discount_minor"], total["extra_points_minor"]) == (60_00, -1_00)
    assert total["extra_paid_minor"] == -60_00
    assert (report["cost_minor"], report["points_value_minor"]) == (59_00, -1_00)
    assert (report["redemption_bp"], report["customers"]) == (6667, 1)
    assert report["by_offer"] == {"coffee-20": {"redeemed": 2, "discount_minor": 60_00, "points_minor": 0}}
    assert [one["worth_minor"] for one in report["most_changed"]] == [40_00, 19_00]
    assert [one["check_uid"] for one in report["most_changed"]] == [sold[1], sold[0]]
    assert sum(bar["receipts"] for bar in report["histogram"]) == 2
    assert report["by_shop"]["S1"]["receipts"] == 3
    assert report["margin"]["lines"] == 0, "nobody said what anything costs"
    after = await chain.fingerprint()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"promotions_backtest"}, "only the question and its answer are written"


async def test_an_offer_switched_off_and_margins(chain: Chain, sold: list[str]) -> None:
    """Without a tenth off cakes two of them bring 80.00 more, and members 4.00 points more."""
    articles = [{"sku": "cake", "name": "Торт", "category": "sweets", "cost": "300.00"}]
    (await chain.staff.sends("/v1/catalogue", {"categories": [], "articles": articles}, "PUT")).done()
    (cakes,) = await chain.rows("select id from promotions_offer where key = 'cakes'")
    report = await Analyst(chain).learns(off=[str(cakes["id"])])
    assert (report["total"]["extra_discount_minor"], report["total"]["extra_points_minor"]) == (-80_00, 4_00)
    margin = report["margin"]
    assert (margin["lines"], margin["of_lines"]) == (2, 5)
    assert (margin["before_minor"], margin["after_minor"]) == (120_00, 200_00)
    points = report["liability"]
    assert points["added_minor"] == 4_00
    assert not points["breakage_observed"]


async def test_other_days_and_shops_are_left_out(chain: Chain, sold: list[str]) -> None:
    analyst = Analyst(chain)
    offers = [tried("coffee-20", FIFTH_OFF_COFFEE)]
    assert (await analyst.learns(offers=offers, shops=["S2"]))["total"]["receipts"] == 0
    past = await analyst.learns(offers=offers, from_date="2020-01-01", until_date="2020-02-01")
    assert past["total"]["receipts"] == 0


async def test_a_question_is_asked_once_and_may_be_cancelled(chain: Chain, sold: list[str]) -> None:
    analyst = Analyst(chain)
    question = {"id": str(uuid4()), "offers": [tried("coffee-20", FIFTH_OFF_COFFEE)]}
    run = (await analyst.asks(**question)).done()
    assert (await analyst.asks(**question)).done().body == run.body
    other = await analyst.asks(id=question["id"], policy="odoo")
    assert other.code == (409, "backtest_id_reused")
    gone = await chain.staff.sends(f"/promotions/v1/backtests/{run['id']}", b"", "DELETE")
    assert gone["state"] == "cancelled"
    await analyst.works()
    assert (await analyst.looks(run))["state"] == "cancelled"


@pytest.mark.parametrize(
    ("question", "code", "field"),
    [
        ({"policy": "odoo", "until_date": "2001-01-01"}, "backtest_nonsense", "until_date"),
        ({"policy": "odoo", "from_date": "2001-01-01"}, "backtest_nonsense", "from_date"),
        ({}, "backtest_nonsense", "drafts"),
        ({"policy": "unheard-of"}, "offer_nonsense", "policy"),
        ({"drafts": [str(uuid4())]}, "offer_unknown", ""),
        ({"offers": [tried("x", {**FIFTH_OFF_COFFEE, "where": {"shop_groups": ["no"]}})]}, "offer_nonsense", "where"),
    ],
)
async def test_nonsense_is_refused_and_nothing_is_written(
    chain: Chain, question: dict[str, Any], code: str, field: str
) -> None:
    before = await chain.fingerprint()
    refused = await Analyst(chain).asks(**question)
    assert (refused.body["code"], refused.status in (404, 422)) == (code, True), refused.body
    assert field in str(refused.body)
    assert await chain.fingerprint() == before
