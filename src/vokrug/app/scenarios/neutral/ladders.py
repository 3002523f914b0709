"""Tiers and moments: steps that ask what would become of a customer, each with a customer of its own."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from vokrug.app.scenarios.fields import Fields, NotUnderstood
from vokrug.app.scenarios.neutral.cases import moment
from vokrug.app.scenarios.neutral.points import activation_of
from vokrug.app.scenarios.neutral.programme import METRICS, code_of
from vokrug.app.scenarios.neutral.shop import Shop
from vokrug.app.scenarios.neutral.till import OPERATIONS, Seen, Till
from vokrug.app.scenarios.neutral.translating import minor, slug
from vokrug.kernel import format_minor

VALUES = (
    "value",
    "metric",
    "amount",
    "points",
    "earned_points",
    "active_points",
    "spend",
    "spent",
    "net_spend",
    "in_period",
    "period_points",
    "visits",
)
BEFORE = ("tier", "current", "current_tier", "from_tier", "before", "had", "has")


def tier_after(till: Till, told: Fields, seen: Seen, at: datetime | None) -> None:
    """Spent so much before, and buys for so much now: which tier then?"""
    step, shop = told.step, till.shop
    spent, sale = told.take("spent_before", "before", default="0"), told.take("sale", "amount", default="0")
    customer = f"tier/{step['step']}"
    shop.newcomer(customer)
    for n, money in enumerate((spent, sale)):
        if minor(money) or n:
            answer = buys(shop, customer, f"{step['step']}/{n}", money, seen, till)
    seen.values |= {"tier": name_of(shop, answer["tier"]["after"]), "status": "done"}


def buys(shop: Shop, customer: str, name: str, money: Any, seen: Seen, till: Till) -> dict[str, Any]:
    line = {"n": 1, "sku": "goods", "qty": "1", "price": format_minor(minor(money))}
    check = {"rev": 1, **shop.place, "identifier": {"type": "card", "value": shop.card_of(customer)}, "lines": [line]}
    uid = shop.id("tier sale", name)
    answer: dict[str, Any] = till.sends(seen, f"/pos/v1/checks/{uid}:commit", {"rev": 1, **shop.place, "check": check})
    return answer


def name_of(shop: Shop, code: str | None) -> str | None:
    """The case's name of a tier."""
    for one in shop.given.get("tiers") or ():
        name = one.get("tier") or one.get("id") or one.get("name") or one.get("code")
        if code is not None and code_of(name) == code:
            return str(name)
    return code


def tier_review(till: Till, told: Fields, seen: Seen, at: datetime | None) -> None:
    """At the review the metric of the period stands at so much: which tier then?"""
    step, shop = told.step, till.shop
    before = told.take(*BEFORE, default=None)
    value = told.take(*VALUES, default=None)
    if value is None:
        left = [name for name, one in step.items() if name not in told.asked and is_number(one)]
        if len(left) != 1:
            raise NotUnderstood("a review names the metric's value")
        value = told.take(left[0])
    customer = seen.customer = seen.customer or f"review/{step['step']}"
    if customer not in shop.customers:
        shop.newcomer(customer)
    if before is not None:
        assert shop.now is not None, "the case has begun"
        until = shop.now.date().isoformat()
        path = f"/v1/customers/{shop.customers[customer]}/tier:grant"
        shop.ask("POST", path, {"tier": code_of(before), "until": until})
    reaches(till, customer, value, seen)
    if at is None:
        shop.waits_until(next_review(shop))
    shop.ask("POST", "/v1/promotions/tiers:review")
    asked = {**shop.place, "identifier": {"type": "card", "value": shop.card_of(customer)}}
    found = shop.ask("POST", "/pos/v1/identify", asked)
    seen.values |= {"tier": name_of(shop, found["tier"]["code"]), "status": "done"}


def next_review(shop: Shop) -> datetime:
    """The first hour of the next year, where the case is."""
    assert shop.now is not None, "the case has begun"
    zone = ZoneInfo(shop.given.get("timezone", "UTC"))
    return datetime(shop.now.astimezone(zone).year + 1, 1, 1, 1, tzinfo=zone)


def reaches(till: Till, customer: str, value: Any, seen: Seen) -> None:
    """Bring the period's metric to a value by sales."""
    metric = METRICS[str(till.shop.given.get("tier_metric", "net_spend"))]
    if metric == "visits":
        for n in range(int(value)):
            buys(till.shop, customer, f"{customer}/{n}", "1.00", seen, till)
    elif minor(value):
        buys(till.shop, customer, customer, value, seen, till)


def is_number(value: Any) -> bool:
    try:
        Decimal(str(value))
    except ArithmeticError:
        return False
    return not isinstance(value, bool)


def activation_time(till: Till, told: Fields, seen: Seen, at: datetime | None) -> None:
    """Points earned at a moment: from when on may they be spent? Asked of the engine by a sale of that moment."""
    step, shop = told.step, till.shop
    earned = told.take("earned_at", "event_at", "earned", "from", default=None)
    sold_at = at if earned is None else moment(earned)
    terms = {name: told.take(name) for name in list(step) if name not in told.asked}
    activation = activation_of(terms) if terms else None
    if activation is None:
        activation = activation_of((shop.given.get("points") or {}).get("activation"))
    body: dict[str, Any] = {"kind": "earn", "reward": {"kind": "fixed", "points_minor": 100}}
    if activation is not None:
        body["active_from"] = activation
    name = f"activation.{step['step']}"
    offer = str(shop.id("offer", name))
    new = {"id": offer, "key": slug(f"{shop.tag}.{name}"), "name": name, "body": body}
    number = shop.ask("POST", "/v1/promotions", new)["offer"]["number"]
    line = {"n": 1, "sku": "x", "qty_milli": 1000, "price_minor": 100}
    basket = {"shop_id": 1, "zone": shop.given.get("timezone", "UTC"), "currency": shop.currency, "lines": [line]}
    ask: dict[str, Any] = {"basket": basket, "shopper": {}, "drafts": [offer]}
    if sold_at is not None:
        ask["at"] = sold_at.isoformat()
    answer = shop.ask("POST", "/v1/promotions:price", ask)
    (moment_of,) = [one["active_from"] for one in answer["points"] if one["offer_id"] == number]
    seen.values |= dict.fromkeys(("active_from", "active_at", "activates_at", "at", "activation"), moment_of)
    seen.values["status"] = "done"


OPERATIONS["tier_after"] = tier_after
OPERATIONS["tier_review"] = tier_review
OPERATIONS["activation_time"] = activation_time
