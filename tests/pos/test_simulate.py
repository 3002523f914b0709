"""Baskets of any moment, priced with a change and without it; what the lint says on the way to publication."""

from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.pos.chain import COFFEE, Answer, Chain, Shopper, Till

HALF: dict[str, Any] = {"kind": "item_discount", "benefit": {"kind": "percent", "percent_bp": 5000}}
BASKET: dict[str, Any] = {
    "shop_id": 1,
    "zone": "Europe/Moscow",
    "lines": [{"n": 1, "sku": "coffee", "qty_milli": 1000, "price_minor": 100_00}],
}


async def simulated(chain: Chain, **asked: Any) -> Answer:
    return await chain.staff.sends("/promotions/v1/simulate", {"basket": BASKET, **asked})


async def drafted(chain: Chain, key: str, body: dict[str, Any]) -> str:
    made = await chain.staff.sends("/v1/promotions", {"id": str(uuid4()), "key": key, "name": key, "body": body})
    return str(made["offer"]["id"])


async def test_what_ran_at_a_moment_is_what_counts(chain: Chain) -> None:
    """Published, then paused: before it there was nothing, in between half the price, after it nothing again."""
    before = chain.services.clock.now()
    chain.passes(minutes=1)
    await chain.publishes("sale-50", HALF)
    between = chain.services.clock.now()
    chain.passes(minutes=1)
    (row,) = await chain.rows("select id from promotions_offer where key = 'sale-50'")
    (await chain.staff.sends(f"/v1/promotions/{row['id']}:pause", b"")).done()
    mark = await chain.fingerprint()
    for at, net in ((before, 100_00), (between, 50_00), (chain.services.clock.now(), 100_00)):
        told = (await simulated(chain, at=at.isoformat())).done()
        assert told["priced"]["totals"]["net_minor"] == net, at
        assert told["difference"]["net_minor"] == 0, "nothing was tried"
    assert await chain.fingerprint() == mark, "looking changes nothing"


async def test_a_draft_for_next_week_and_an_offer_switched_off(chain: Chain) -> None:
    week = chain.services.clock.now() + timedelta(days=7)
    draft = await drafted(chain, "next-week", {**HALF, "when": {"from_date": str((week - timedelta(days=1)).date())}})
    now, then = [(await simulated(chain, drafts=[draft], at=at.isoformat())).done() for at in (
        chain.services.clock.now(), week,
    )]  # fmt: skip
    assert now["difference"]["net_minor"] == 0
    assert then["difference"]["net_minor"] == -50_00
    assert [(one["key"], one["before"], one["after"]) for one in then["difference"]["offers"]] == [
        ("next-week", None, "applied")
    ]
    (base,) = await chain.rows("select id from promotions_offer where key = 'base'")
    off = (await simulated(chain, off=[str(base["id"])], tier="silver")).done()
    assert off["difference"]["earn_minor"] == -5_00


async def test_a_customer_is_known_by_an_id(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, COFFEE)
    (who,) = await chain.rows("select id from customers_customer order by number desc limit 1")
    gold = await drafted(chain, "gold", {**HALF, "who": {"tiers": ["gold"]}})
    known = (await simulated(chain, customer=str(who["id"]), drafts=[gold])).done()
    assert known["priced"]["totals"]["earn_minor"] == 5_00, "somebody with a card earns"
    assert known["difference"]["net_minor"] == 0, "silver is not gold"
    assert (await simulated(chain, customer=str(who["id"]), tier="gold", drafts=[gold])).done()["difference"][
        "net_minor"
    ] == -50_00
    stranger = await simulated(chain, customer=str(uuid4()))
    assert stranger.code == (404, "customer_unknown")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"drafts": [str(uuid4())]}, (404, "offer_unknown")),
        ({"policy": "unheard-of"}, (422, "offer_nonsense")),
        ({"offers": [{"key": "x", "name": "x", "owner": "x", "body": {**HALF, "code": " "}}]}, (422, "offer_nonsense")),
        ({"offers": [{"key": "x", "name": "x", "owner": "x", "body": {"kind": "gift"}}]}, (422, "offer_nonsense")),
    ],
)
async def test_nonsense_is_refused(chain: Chain, asked: dict[str, Any], code: tuple[int, str]) -> None:
    assert (await simulated(chain, **asked)).code == code


async def test_warnings_are_kept_and_refusals_stop(chain: Chain) -> None:
    """Half off every article and a fifth off the check take more than half: told twice, kept, and it runs."""
    await chain.publishes("sale-50", HALF)
    fifth = {"kind": "basket_discount", "benefit": {"kind": "percent", "percent_bp": 2000}}
    offer = await drafted(chain, "fifth", fifth)
    told = (await chain.staff.sends(f"/promotions/v1/offers/{offer}:lint", {})).done()
    assert [one["code"] for one in told["findings"]["fifth"]] == ["together_over_limit"]
    assert "sale-50" in told["findings"]["fifth"][0]["others"]
    for step in ("check", "publish"):
        card = (await chain.staff.sends(f"/v1/promotions/{offer}:{step}", {"version": 1})).done()
        assert [one["code"] for one in card["audit"][-1]["findings"]] == ["together_over_limit"]
    bad = await drafted(chain, "never", {**HALF, "when": {"from_date": "2026-02-02", "until_date": "2026-02-01"}})
    mark = await chain.fingerprint()
    refused = await chain.staff.sends(f"/v1/promotions/{bad}:check", {"version": 1})
    assert refused.code == (422, "offer_nonsense")
    assert await chain.fingerprint() == mark


async def test_a_customer_is_simulated_as_the_till_knows_them(chain: Chain, till: Till) -> None:
    """Born today, bought once before: offers that ask for either are granted in a trial too."""
    today = chain.services.clock.now().astimezone(ZoneInfo("Europe/Moscow"))
    told = {"request_id": str(uuid4()), "phone": "+79160000003", "called": "Анна"}
    born = {"birthday": {"month": today.month, "day": today.day}}
    made = await chain.staff.sends("/v1/customers", told | born)
    tenth = {"kind": "percent", "percent_bp": 1_000}
    windows = {
        "birthday": {"kind": "birthday"},
        "lately": {"kind": "since_last", "at_most_days": 30},
        "second": {"kind": "visit", "numbers": [2]},
    }
    drafts = {
        key: await drafted(chain, key, {"kind": "discount", "benefit": tenth, "conditions": [asks]})
        for key, asks in windows.items()
    }

    async def granted() -> set[str]:
        customer = made["customer"]["id"]
        found = set()
        for key, draft in drafts.items():
            told = (await simulated(chain, drafts=[draft], customer=customer)).done()
            found |= {key} if told["difference"]["net_minor"] else set()
        return found

    assert await granted() == {"birthday"}
    shopper = await till.registers(phone="+79160000003")
    await till.sells(shopper, COFFEE)
    assert await granted() == {"birthday", "lately", "second"}
