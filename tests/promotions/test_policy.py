"""The policy through the doors staff use, and what it changes at the till."""

from datetime import date
from typing import Any

import pytest

from tests.promotions.shop import basket, line
from tests.promotions.test_offers import NOW, Marketing
from vokrug import events, promotions
from vokrug.promotions import api, rules, schemas
from vokrug.promotions.errors import OfferNonsense
from vokrug.promotions.policies import api as policy_api
from vokrug.promotions.policies.errors import CalendarNonsense, PolicyMoved, PolicyNonsense
from vokrug.promotions.policies.types import PolicyVersion
from vokrug.runtime.database import Database


@pytest.fixture
async def marketing(db: Database) -> Marketing:
    async with db.transaction() as tx:
        await events.synchronise(tx, NOW)
    return Marketing(db)


async def puts(marketing: Marketing, **more: Any) -> PolicyVersion:
    return (await policy_api.save_policy(marketing.call(), policy_api.SavePolicy(**more))).body


DEEP = {"key": "a", "groups": [{"key": "b", "groups": [{"key": "c"}]}]}


def off(percent_bp: int, **more: Any) -> dict[str, Any]:
    benefit = {"kind": "percent", "percent_bp": percent_bp, "per": "total"}
    return {"kind": "discount", "layer": "basket", "benefit": benefit, **more}


async def test_a_preset_takes_force_at_the_next_check_and_every_version_stays(marketing: Marketing) -> None:
    """10 % and 20 %: the best of the two by default, one after the other by the coupon engine's ways."""
    await marketing.launches("ten", off(1000, order=2))
    await marketing.launches("twenty", off(2000, order=1))
    assert await marketing.till_pays() == 800
    first = await puts(marketing, preset="voucherify", if_version=0)
    assert await marketing.till_pays() == 720
    assert await puts(marketing, preset="voucherify") == first, "sent again, nothing changes"
    await puts(marketing, preset="odoo")
    assert await marketing.till_pays() == 800
    view = (await policy_api.get_policy(marketing.call())).body
    assert [(each.policy.name, each.created_by) for each in view.history] == [("odoo", "anna"), ("voucherify", "anna")]
    assert set(view.presets) == {"default", "1c-tree", "odoo", "sylius", "voucherify"}
    with pytest.raises(PolicyMoved):
        await puts(marketing, preset="default", if_version=first.version)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "policy"),
        ({"preset": "sap"}, "preset"),
        ({"preset": "odoo", "policy": {"layers": [{"key": "item"}]}}, "policy"),
        ({"policy": {"layers": []}}, "policy.layers"),
        ({"policy": {"layers": [{"key": "item", "mode": "luck"}]}}, "policy.layers[0].mode"),
        ({"policy": {"layers": [{"key": "item"}, {"key": "item"}]}}, "policy.layers"),
        ({"policy": {"layers": [{"key": "item", "exclusive_with": ["x"]}]}}, "policy.layers[0]"),
        ({"policy": {"layers": [{"key": "item", "groups": [{"key": "a"}, {"key": "a"}]}]}}, "policy.layers[0]"),
        ({"policy": {"layers": [{"key": "item", "groups": [DEEP]}]}}, "policy.layers[0]"),
    ],
)  # fmt: skip
async def test_a_nonsensical_policy_is_refused_by_its_field(
    marketing: Marketing, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(PolicyNonsense) as refused:
        await puts(marketing, **body)
    assert refused.value.facts["field"] == field
    assert (await policy_api.get_policy(marketing.call())).body.current.version == 0


async def test_offers_and_policy_agree_on_layers(marketing: Marketing) -> None:
    """An offer for a layer that is not there does not pass its check, and a policy does not drop a running one's."""
    await marketing.launches("ten", off(1000))
    with pytest.raises(PolicyNonsense, match="ten"):
        await puts(marketing, policy={"layers": [{"key": "item"}]})
    id = (await marketing.writes("odd", off(1000, layer="moon"))).offer.id
    with pytest.raises(OfferNonsense, match="moon"):
        await marketing.checks(id)


async def test_a_calendar_of_holidays(marketing: Marketing) -> None:
    with pytest.raises(OfferNonsense, match="holidays"):
        await marketing.launches("may", off(1000, when={"on_calendar": "holidays"}))
    days = policy_api.SaveCalendar("Праздники", (date(2026, 5, 1), date(2026, 5, 5)))
    await policy_api.save_calendar(marketing.call({"key": "holidays"}), days)
    await marketing.launches("may2", off(1000, when={"on_calendar": "holidays"}))
    assert await marketing.till_pays() == 900
    await policy_api.save_calendar(marketing.call({"key": "holidays"}), policy_api.SaveCalendar("Праздники", ()))
    assert await marketing.till_pays() == 1000
    with pytest.raises(CalendarNonsense):
        await policy_api.save_calendar(marketing.call({"key": "ПРАЗДНИКИ"}), days)


async def test_a_group_of_groups_with_an_exception(marketing: Marketing) -> None:
    """The south is the city and the coast, but not shop 6."""
    for key, shops in (("city", (1, 2)), ("coast", (5, 6))):
        await api.save_shop_group(marketing.call({"key": key}), schemas.SaveGroup(key, shops))
    south = schemas.SaveGroup("Юг", includes=("city", "coast"), except_shop_ids=(6,))
    await api.save_shop_group(marketing.call({"key": "south"}), south)
    await marketing.launches("may", off(1000, where={"shop_groups": ["south"]}))
    async with marketing.db.transaction() as tx:
        offers = await marketing.live.refresh(tx)
    pays = [
        promotions.price(basket(line(1, 1000), shop_id=shop), None, offers, NOW).totals.net_minor for shop in (1, 5, 6)
    ]
    assert pays == [900, 900, 1000]


def test_groups_in_a_circle_have_each_others_shops() -> None:
    groups = {"a": ([1], ["b"], []), "b": ([2], ["a"], [1])}
    assert rules.resolve_groups(groups) == {"a": {1, 2}, "b": {2}}
