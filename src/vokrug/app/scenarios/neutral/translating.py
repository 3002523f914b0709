"""The format's promotions, points and policy as the product's offers and its stacking policy."""

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from vokrug.app.scenarios.fields import Fields, NotUnderstood
from vokrug.kernel import parse_minor

POINT = 100  # minor units of a point
MODES: dict[str, dict[str, str]] = {
    "stack": {"mode": "all"},
    "stack_on_original": {"mode": "all", "base": "original"},
    "priority": {"mode": "priority"},
    "best_one": {"mode": "highest"},
    "worst_one": {"mode": "lowest"},
    "best_combination": {"mode": "best_for_customer"},
}
BASES = {
    "net_of_discounts": "net_of_discounts",
    "before_own_reward": "before_own_reward",
    "net_after_points": "net_of_points",
    "net_of_points": "net_of_points",
    "gross": "gross",
}
ROUNDINGS = {"floor": "down", "down": "down", "ceil": "up", "up": "up", "half_up": "half_up", "half_even": "half_even"}


def slug(name: str) -> str:
    """A name as keys are written."""
    plain = re.sub(r"[^a-z0-9_.-]+", "-", name.lower()).strip("-_.")
    return plain[:60] or "x"


def minor(value: Any) -> int:
    return parse_minor(str(value))


def whole(value: Any, scale: int, what: str) -> int:
    """A decimal in units of 1/scale; finer than that is not understood."""
    try:
        exact = Fraction(Decimal(str(value))) * scale
    except (InvalidOperation, ValueError):
        raise NotUnderstood(f"{what} is {value!r}") from None
    if exact.denominator != 1:
        raise NotUnderstood(f"{what} is finer than 1/{scale}: {value}")
    return int(exact)


def percent_bp(value: Any) -> int:
    return whole(value, 100, "a percentage")


def points_minor(value: Any) -> int:
    return whole(value, POINT, "points")


# Policy


def policy_of(given: dict[str, Any]) -> dict[str, Any]:
    """The stacking policy: each layer is a group of its own, resolved in its mode."""
    told = Fields(given.get("policy") or {}, "policy")
    layers = told.take("layers", default=None)
    promotions = given.get("promotions") or []
    if layers is None:
        layers = [{"name": name} for name in dict.fromkeys(str(one.get("layer", "basket")) for one in promotions)]
    told.take("commit_tolerance", "condition_amount", default=None)
    told.done()
    return {"name": "scenario", "layers": [layer_of(layer) for layer in layers or [{"name": "basket"}]]}


def layer_of(layer: dict[str, Any]) -> dict[str, Any]:
    told = Fields(layer, "a layer")
    name, resolve = told.take("name"), told.take("resolve", default="stack")
    if resolve not in MODES:
        raise NotUnderstood(f"layer {name} is resolved by {resolve!r}")
    group: dict[str, Any] = {"key": slug(name), **MODES[resolve]}
    if resolve == "best_one" and name == "price":
        group["per"] = "article"
    if (most := told.take("max_promotions", "max", default=None)) is not None:
        group["max_promotions"] = most
    told.done()
    return group


# Promotions


class Translator:
    """Knows the ids that the product gave to categories."""

    def __init__(self, given: dict[str, Any], categories: dict[str, int]) -> None:
        self.given, self.categories = given, categories
        policy = given.get("policy") or {}
        self.first_layer = next((layer["name"] for layer in policy.get("layers") or ()), None)
        self.condition_amount = policy.get("condition_amount")

    def goods(self, told: Fields) -> dict[str, Any]:
        goods = {
            "skus": told.take("skus", "sku", default=None),
            "categories": told.take("categories", "category", default=None),
            "except_skus": told.take("exclude_skus", "except_skus", default=None),
            "except_categories": told.take("exclude_categories", "except_categories", default=None),
        }
        found: dict[str, Any] = {}
        for name, values in goods.items():
            if values is not None:
                listed = values if isinstance(values, list) else [values]
                found[name] = [self.category(each) for each in listed] if "categories" in name else listed
        return found

    def category(self, code: str) -> int:
        if code not in self.categories:
            raise NotUnderstood(f"no article is in category {code}")
        return self.categories[code]

    def promotion(self, given: dict[str, Any]) -> dict[str, Any]:
        """One promotion as a body of kind `discount`."""
        told = Fields(given, f"promotion {given.get('id')}")
        told.take("id")
        layer = told.take("layer", default="basket")
        body: dict[str, Any] = {
            "kind": "discount",
            "layer": slug(layer),
            "order": told.take("order", default=0),
            "priority": told.take("priority", default=0),
            "exclusive": bool(told.take("exclusive", default=False)),
        }
        trigger, code = told.take("trigger", default="auto"), told.take("code", default=None)
        if trigger not in ("auto", "code") or (trigger == "code") != (code is not None):
            raise NotUnderstood(f"promotion {given['id']} is triggered by {trigger!r} with code {code!r}")
        if code is not None:
            body["code"] = code
        if channels := told.take("channels", default=None):
            body["where"] = {"channels": channels}
        if when := dates(told):
            body["when"] = when
        body["conditions"] = self.conditions(told.take("conditions", default={}), layer)
        body["limits"] = limits_of(told.take("limits", default={}))
        if (kept := told.take("on_return", default=None)) is not None:
            body["on_return"] = kept
        body |= self.effect(Fields(told.take("effect"), f"the effect of {given['id']}"))
        told.done()
        return body

    def conditions(self, given: dict[str, Any], layer: str) -> list[dict[str, Any]]:
        """Thresholds look at the amount that a layer begins with, unless the policy says otherwise: what is left by
        the promotions already applied.
        """
        told = Fields(given, "conditions")
        of = self.condition_amount or ("original" if layer == self.first_layer else "remaining")
        goods = self.goods(told)
        found: list[dict[str, Any]] = []
        if (units := told.take("min_units", "min_qty", default=None)) is not None:
            found.append({"kind": "units", "at_least_milli": whole(units, 1000, "min_units"), "goods": goods})
        if (least := told.take("min_amount", default=None)) is not None:
            found.append({"kind": "amount", "at_least_minor": minor(least), "goods": goods, "of": of})
        if (over := told.take("over_amount", default=None)) is not None:
            found.append({"kind": "amount", "over_minor": minor(over), "goods": goods, "of": of})
        if goods and not found:
            found.append({"kind": "units", "over_milli": 0, "goods": goods})
        if told.take("first_purchase", default=False):
            found.append({"kind": "first_purchase"})
        told.done()
        return found

    def effect(self, told: Fields) -> dict[str, Any]:
        kind = told.take("kind")
        if kind == "buy_get":
            body: dict[str, Any] = {"benefit": self.buy_get(told)}
        elif kind == "add_gift":
            per, gift = Fields(told.take("per"), "per"), Fields(told.take("gift"), "the gift")
            choice = {"sku": gift.take("sku"), "units": gift.take("qty", default=1)}
            body = {
                "benefit": {"kind": "gift", "choices": [choice], "per_units": per.take("qty", default=1)},
                "goods": self.goods(per),
            }
            if (most := told.take("sets", "times", default=None)) is not None:
                body["benefit"]["most"] = most
            per.done()
            gift.done()
        elif kind == "free_shipping":
            body = {"benefit": {"kind": "delivery"}}
            told.take("per", "target", default=None)
        else:
            body = self.money_off(kind, told)
        if (cap := told.take("cap", default=None)) is not None:
            body["max_minor"] = minor(cap)
        told.done()
        return body

    def money_off(self, kind: str, told: Fields) -> dict[str, Any]:
        value, per = told.take("value"), told.take("per", default="total")
        body: dict[str, Any] = {"benefit": benefit_of(kind, value, per)}
        target = Fields(told.take("target", default={}), "the target")
        body["goods"] = self.goods(target)
        pick = target.take("pick", default=None)
        units: dict[str, Any] = {}
        if pick is not None:
            which = {"cheapest_unit": "cheapest", "dearest_unit": "dearest", "most_expensive_unit": "dearest"}
            if pick not in which:
                raise NotUnderstood(f"the target picks {pick!r}")
            units = {"which": which[pick], "units": 1}
        if (most := target.take("max_units_per_line", default=None)) is not None:
            units["max_per_line"] = most
        if units:
            body["units"] = units
        if target.take("exclude_discounted", default=False):
            body["skip_discounted_in"] = ["price"]
        if target.take("include_shipping", default=False):
            body["with_delivery"] = True
        target.done()
        return body

    def buy_get(self, told: Fields) -> dict[str, Any]:
        buy, get = Fields(told.take("buy"), "buy"), Fields(told.take("get"), "get")
        benefit = {
            "kind": "buy_get",
            "buy_units": buy.take("qty"),
            "get_units": get.take("qty"),
            "buy": self.goods(buy),
            "get": self.goods(get),
            "percent_bp": percent_bp(get.take("percent", default="100")),
            "partial": bool(get.take("partial", default=told.take("partial", default=False))),
        }
        if (sets := told.take("sets", default=None)) is not None:
            benefit["most_sets"] = sets
        buy.done()
        get.done()
        return benefit


def benefit_of(kind: str, value: Any, per: str) -> dict[str, Any]:
    if kind == "percent":
        return {"kind": "percent", "percent_bp": percent_bp(value), "per": per}
    if kind == "amount":
        return {"kind": "amount", "amount_minor": minor(value), "per": per}
    if kind in ("fixed_price", "price"):
        return {"kind": "fixed_price", "price_minor": minor(value), "per": per}
    raise NotUnderstood(f"there is no effect {kind!r}")


def dates(told: Fields) -> dict[str, Any]:
    found = {
        "from_date": told.take("valid_from", default=None),
        "until_date": told.take("valid_to", default=None),
    }
    return {name: value[:10] for name, value in found.items() if value is not None}


def limits_of(given: dict[str, Any]) -> list[dict[str, Any]]:
    told = Fields(given, "limits")
    found = []
    for name, subject in (("uses_total", "offer"), ("uses_per_customer", "customer")):
        if (most := told.take(name, default=None)) is not None:
            found.append({"subject": subject, "measure": "uses", "most": most})
    for name, subject in (("budget_total", "offer"), ("budget_per_customer", "customer")):
        if (most := told.take(name, default=None)) is not None:
            found.append({"subject": subject, "measure": "amount", "most": minor(most)})
    told.done()
    return found
