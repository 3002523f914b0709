"""Shelf labels say what the till will say."""

from typing import Any

import pytest

from tests.pos.chain import CAKE, COFFEE, Answer, Chain, Till
from vokrug.pos.checkout import Checkout
from vokrug.pos.tags.operations import renew_tags

PRICES = {"coffee": "100.00", "cake": "400.00", "cheese": "999.90"}


async def shelved(chain: Chain, shop: str = "S1", **prices: str | None) -> Answer:
    asked = [{"sku": sku, "price": price} for sku, price in prices.items()]
    return await chain.staff.sends("/v1/shelf-prices", {"shop": shop, "prices": asked}, "PUT")


async def told(till: Till, **query: Any) -> Answer:
    asked = "&".join(f"{name}={value}" for name, value in {"shop": till.shop, **query}.items())
    return await till.sends(f"/pos/v1/prices?{asked}", None, "GET")


async def labels(till: Till, **query: Any) -> dict[str, dict[str, Any]]:
    return {tag["sku"]: tag for tag in (await told(till, **query)).done()["tags"]}


async def renews(chain: Chain) -> int:
    """What the job does each minute."""
    return await renew_tags(chain.services.get(Checkout), chain.services.db, chain.services.clock.now())


async def test_a_label_says_what_the_till_will_say(chain: Chain, till: Till) -> None:
    taken = (await shelved(chain, **PRICES)).done()
    assert (taken["prices"], taken["changed"]) == (3, 3)
    await chain.publishes(
        "members",
        {
            "kind": "item_discount",
            "goods": {"skus": ["coffee"]},
            "benefit": {"kind": "percent", "percent_bp": 2000},
            "who": {"members_only": True},
        },
    )
    found = await labels(till, sku="coffee")
    assert found["coffee"] == {
        "sku": "coffee",
        "is_gone": False,
        "price": "100.00",
        "now": "100.00",
        "member": "80.00",
        "points": "4.00",
        "promos": found["coffee"]["promos"],
        "text_ru": "С картой −20 %, +4 баллов",
        "text_en": "With the card −20 %, +4 points",
    }
    cake = (await labels(till, sku="cake"))["cake"]
    assert (cake["now"], cake["member"], cake["text_ru"]) == ("360.00", "360.00", "Скидка −10 %, +18 баллов")
    anna = await till.registers()
    for who, line, sku, said in ((None, CAKE, "cake", "now"), (anna, COFFEE, "coffee", "member")):
        quote = await till.quotes(who, line)
        assert quote.to_pay == (await labels(till, sku=sku))[sku][said]


async def test_only_what_has_changed_is_told_again(chain: Chain, till: Till) -> None:
    (await shelved(chain, **PRICES)).done()
    whole = (await told(till)).done()
    assert (len(whole["tags"]), whole["is_whole"], whole["more"]) == (3, True, False)
    nothing = (await told(till, since=whole["version"])).done()
    assert (nothing["tags"], nothing["version"], nothing["is_whole"]) == ([], whole["version"], False)
    assert (await shelved(chain, coffee="100.00", cake="400.00")).done()["changed"] == 0, "said again"
    assert (await shelved(chain, coffee="110.00", tea="50.00")).done()["changed"] == 2
    assert (await shelved(chain, cheese=None)).done()["changed"] == 1
    delta = (await told(till, since=whole["version"])).done()
    assert {tag["sku"]: (tag["price"], tag["is_gone"]) for tag in delta["tags"]} == {
        "coffee": ("110.00", False),
        "tea": ("50.00", False),
        "cheese": (None, True),
    }
    assert (await told(till, since=delta["version"])).done()["tags"] == []
    lost = (await told(till, since=10**12)).done()
    assert (lost["is_whole"], len(lost["tags"])) == (True, 4), "a version from another life"


async def test_labels_follow_offers_and_clocks(chain: Chain, till: Till) -> None:
    (await shelved(chain, **PRICES)).done()
    await renews(chain)
    assert await renews(chain) == 0, "nothing new to say"
    version = (await told(till)).done()["version"]
    now = chain.services.clock.now()
    today = now.date().isoformat()
    await chain.publishes(
        "today",
        {
            "kind": "item_discount",
            "goods": {"skus": ["coffee"]},
            "benefit": {"kind": "percent", "percent_bp": 5000},
            "when": {"until_date": today},
        },
    )
    assert await renews(chain) == 1, "one of three labels"
    delta = await labels(till, since=version)
    assert {sku: tag["now"] for sku, tag in delta.items()} == {"coffee": "50.00"}
    version = (await told(till)).done()["version"]
    chain.passes(days=2)
    assert await renews(chain) == 1
    assert {sku: tag["now"] for sku, tag in (await labels(till, since=version)).items()} == {"coffee": "100.00"}


def percent(key: str, percent_bp: int, **more: Any) -> tuple[str, dict[str, Any]]:
    return key, {"kind": "item_discount", "benefit": {"kind": "percent", "percent_bp": percent_bp}, **more}


STEPS: list[tuple[str, dict[str, Any]]] = [
    percent("sweets", 1500, goods={"categories": [1]}),
    percent("coffee", 500, goods={"skus": ["coffee"]}),
    percent("coffee-better", 2500, goods={"skus": ["coffee"]}, exclusive=True),
    percent("everything", 700),
    percent("all-but-cake", 1200, goods={"except_skus": ["cake"]}),
    ("double", {"kind": "earn", "reward": {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": 2000}]}}),
    ("basket", {"kind": "basket_discount", "benefit": {"kind": "amount", "amount_minor": 1000}}),
]


async def test_whatever_offers_come_and_go_no_label_is_left_behind(chain: Chain, till: Till) -> None:
    """Only the labels that an offer has a say in are drawn again; all of them say what they would say afresh."""
    (await shelved(chain, **PRICES, tea="77.70")).done()
    await renews(chain)

    async def agree(step: str) -> None:
        await renews(chain)
        kept = await labels(till)
        fresh = (
            await till.sends("/pos/v1/prices?shop=S1&" + "&".join(f"sku={sku}" for sku in kept), None, "GET")
        ).done()
        assert kept == {tag["sku"]: tag for tag in fresh["tags"]}, step

    for key, body in STEPS:
        await chain.publishes(key, body)
        await agree(f"{key} came")
    for row in await chain.rows("select id, key from promotions_offer where key = any($1)", [key for key, _ in STEPS]):
        gone = await chain.staff.sends(f"/v1/promotions/{row['id']}:pause", {"version": 1})
        assert gone.status == 200, gone.body
        async with chain.services.db.transaction(readonly=True) as tx:
            await chain.checkout.offers.refresh(tx)
        await agree(f"{row['key']} went")


async def test_what_an_offer_for_newcomers_gives_is_not_on_the_label(chain: Chain, till: Till) -> None:
    (await shelved(chain, **PRICES)).done()
    await chain.publishes(
        "gold",
        {
            "kind": "item_discount",
            "goods": {"skus": ["coffee"]},
            "benefit": {"kind": "percent", "percent_bp": 3000},
            "who": {"tiers": ["gold"]},
        },
    )
    await chain.publishes(
        "three",
        {
            "kind": "item_discount",
            "goods": {"skus": ["coffee"]},
            "benefit": {"kind": "percent", "percent_bp": 3000},
            "conditions": [{"kind": "units", "at_least_milli": 3000}],
        },
    )
    coffee = (await labels(till, sku="coffee"))["coffee"]
    assert (coffee["now"], coffee["member"]) == ("100.00", "100.00")


async def test_many_labels_are_read_in_pages_and_none_is_missed(chain: Chain, till: Till) -> None:
    (await shelved(chain, **{f"sku-{n:04d}": "10.00" for n in range(1_501)})).done()
    first = (await told(till)).done()
    assert (len(first["tags"]), first["more"]) == (1_000, True)
    second = (await told(till, since=first["version"])).done()
    assert (len(second["tags"]), second["more"]) == (501, False)
    skus = {tag["sku"] for page in (first, second) for tag in page["tags"]}
    assert len(skus) == 1_501


async def test_a_shops_labels_are_its_own(chain: Chain, till: Till) -> None:
    (await shelved(chain, **PRICES)).done()
    (await shelved(chain, "S2", coffee="120.00")).done()
    other = chain.till("S2", "T1")
    assert {sku: tag["price"] for sku, tag in (await labels(other)).items()} == {"coffee": "120.00"}
    foreign = await other.sends("/pos/v1/prices?shop=S1", None, "GET")
    assert foreign.code == (403, "foreign_shop")
    assert (await chain.staff.sends("/pos/v1/prices?shop=S9", None, "GET")).code == (404, "shop_unknown")
    gone = (await labels(till, sku="nothing"))["nothing"]
    assert gone["is_gone"] is True


@pytest.mark.parametrize(
    ("shop", "prices", "status"),
    [("S9", {"x": "1.00"}, 404), ("S1", {"x": "0"}, 422), ("S1", {"x": "-1"}, 422), ("S1", {}, 422)],
)
async def test_a_price_that_is_none(chain: Chain, shop: str, prices: dict[str, str], status: int) -> None:
    before = await chain.fingerprint()
    assert (await shelved(chain, shop, **prices)).status == status
    assert (await chain.till().sends("/v1/shelf-prices", {"shop": "S1", "prices": []}, "PUT")).status == 403
    assert await chain.fingerprint() == before
