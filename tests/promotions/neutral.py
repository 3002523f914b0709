"""The neutral format of conformance cases, read for the engine alone: prices, discounts, points of one check."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec

from tests.promotions.shop import NOON
from vokrug.kernel import parse_minor
from vokrug.promotions import (
    Basket,
    Burn,
    CompiledOffers,
    Line,
    OfferVersion,
    Policy,
    Priced,
    Shopper,
    Tender,
    compile_offers,
    price,
)
from vokrug.promotions.engine import OfferBody

MODES: dict[str, dict[str, Any]] = {
    "stack": {"mode": "all"},
    "stack_on_original": {"mode": "all", "base": "original"},
    "priority": {"mode": "priority"},
    "best_one": {"mode": "highest"},
    "worst_one": {"mode": "lowest"},
    "best_combination": {"mode": "best_for_customer"},
}
PRICING = {"calculate", "commit"}


def policy_of(given: dict[str, Any]) -> Policy:
    layers = []
    for layer in given["policy"]["layers"]:
        mode = dict(MODES[layer["resolve"]])
        if layer["name"] == "price":
            mode["per"] = "article"
        layers.append({"key": layer["name"], **mode})
    layers.append({"key": "delivery", "mode": "all"})
    threshold_on = given["policy"].get("condition_amount", "original")
    return msgspec.convert({"name": "case", "layers": layers, "threshold_on": threshold_on}, Policy)


@dataclass
class Case:
    """One case with its offers compiled."""

    given: dict[str, Any]
    names: dict[int, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    offers: CompiledOffers = field(init=False)

    def __post_init__(self) -> None:
        articles = self.given.get("catalogue", [])
        categories = sorted({each for article in articles for each in article.get("categories", [])})
        self.categories = {name: at for at, name in enumerate(categories, 1)}
        self.articles = {article["sku"]: article for article in articles}
        bodies = [(each["id"], self.discount(each)) for each in self.given.get("promotions", [])]
        bodies += list(self.points(self.given.get("points", {})))
        versions = []
        for number, (name, body) in enumerate(bodies, 1):
            self.names[number] = name
            read = msgspec.convert(body, OfferBody)
            versions.append(OfferVersion(offer_id=number, version=1, key=f"o{number}", body=read))
            if body.get("code"):
                self.codes[body["code"]] = number
        self.offers = compile_offers(versions, policy=policy_of(self.given))

    # Offers

    def goods(self, target: dict[str, Any]) -> dict[str, Any]:
        categories = [self.categories.get(name, 0) for name in target.get("categories", [])]
        return {"skus": target.get("skus", []), "categories": categories}

    def discount(self, promotion: dict[str, Any]) -> dict[str, Any]:
        effect = promotion["effect"]
        target = effect.get("target", {})
        body: dict[str, Any] = {"kind": "discount", "layer": promotion.get("layer", "item"), "conditions": []}
        body |= {each: promotion[each] for each in ("priority", "order", "exclusive") if each in promotion}
        body["benefit"] = self.benefit(effect)
        if promotion.get("trigger") == "code":
            body["code"] = promotion["code"]
        if "channels" in promotion:
            body["where"] = {"channels": promotion["channels"]}
        if "valid_to" in promotion:
            body["when"] = {"until_date": promotion["valid_to"]}
        if effect["kind"] == "add_gift":
            body["goods"] = self.goods(effect["per"])
        elif effect["kind"] != "buy_get":
            body["goods"] = self.goods(target)
        if target.get("pick") == "cheapest_unit":
            body["units"] = {"which": "cheapest"}
        if "max_units_per_line" in target:
            body.setdefault("units", {})["max_per_line"] = target["max_units_per_line"]
        if target.get("exclude_discounted"):
            body["skip_discounted_in"] = ["price"]
        if target.get("include_shipping"):
            body["with_delivery"] = True
        if "cap" in effect:
            body["max_minor"] = parse_minor(effect["cap"])
        conditions = promotion.get("conditions", {})
        goods = {"goods": self.goods(conditions)} if "skus" in conditions else {"goods": {}}
        if "min_units" in conditions:
            body["conditions"].append({"kind": "units", "at_least_milli": conditions["min_units"] * 1000, **goods})
        if "min_amount" in conditions:
            least = parse_minor(conditions["min_amount"])
            body["conditions"].append({"kind": "amount", "at_least_minor": least, **goods})
        if "over_amount" in conditions:
            over = parse_minor(conditions["over_amount"])
            body["conditions"].append({"kind": "amount", "over_minor": over, **goods})
        if "skus" in conditions and len(body["conditions"]) == 0:
            body["conditions"].append({"kind": "units", "at_least_milli": 1, **goods})
        return body

    def benefit(self, effect: dict[str, Any]) -> dict[str, Any]:
        match effect["kind"]:
            case "percent":
                return {"kind": "percent", "percent_bp": bp(effect["value"]), "per": effect.get("per", "total")}
            case "amount":
                amount = parse_minor(effect["value"])
                return {"kind": "amount", "amount_minor": amount, "per": effect.get("per", "total")}
            case "buy_get":
                buy, get = effect["buy"], effect["get"]
                return {
                    "kind": "buy_get",
                    "buy_units": buy["qty"],
                    "get_units": get["qty"],
                    "buy": self.goods(buy),
                    "get": self.goods(get),
                    "percent_bp": bp(get.get("percent", "100")),
                    "partial": get.get("partial", False),
                    **({"most_sets": effect["sets"]} if "sets" in effect else {}),
                }
            case "add_gift":
                choice = {"sku": effect["gift"]["sku"], "units": effect["gift"].get("qty", 1)}
                return {"kind": "gift", "choices": [choice], "per_units": effect["per"]["qty"]}
            case "free_shipping":
                return {"kind": "delivery"}
        raise AssertionError(effect)

    def points(self, points: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """A point has two digits here, so that halves of one can be told from whole ones."""
        num, den = 1, 1
        burn = points.get("burn", {})
        if "point_value" in burn:
            value = Fraction(burn["point_value"])
            num, den = value.numerator, value.denominator
        yield "programme", {"kind": "point_programme", "value_num": num, "value_den": den}
        for rule in points.get("earn", []):
            body: dict[str, Any] = {"kind": "earn", "goods": self.goods(rule)}
            base = rule.get("base", "net_of_discounts")
            if base.startswith("paid_by:"):
                body["paid_by"] = [base.removeprefix("paid_by:")]
            else:
                body["base"] = "net_of_points" if base == "net_after_points" else base
            if "per_unit" in rule:
                body["reward"] = {"kind": "per_unit", "points_minor": parse_minor(rule["per_unit"])}
            else:
                per, each = parse_minor(rule["per_amount"]), parse_minor(rule["points"])
                body["reward"] = {"kind": "per_amount", "per_minor": per, "points_minor": each}
            yield rule["id"], body
        for times in points.get("multipliers", []):
            yield (
                times["id"],
                {
                    "kind": "earn_multiplier",
                    "factor_bp": bp(times["value"]) * 100,
                    "step_minor": 100,
                    "stack": "best",
                    "group": "multipliers",
                    "where": {"channels": times.get("channels", [])},
                },
            )
        if "step" in burn or "max_share" in burn or "exclude_categories" in burn:
            yield (
                "cap",
                {
                    "kind": "burn_cap",
                    "step_minor": parse_minor(burn.get("step", "1")),
                    "share_bp": int(Fraction(burn.get("max_share", "1")) * 10_000),
                    "closed": {"categories": [self.categories[name] for name in burn.get("exclude_categories", [])]},
                },
            )
        if "reward" in burn:
            effect = burn["reward"]["effect"]
            yield (
                "reward",
                {
                    "kind": "points_reward",
                    "points_minor": parse_minor(burn["reward"]["points"]),
                    "benefit": self.benefit({"per": "total", **effect}),
                    "same_sale": burn.get("same_sale_points_usable", False),
                },
            )

    # Steps

    def run(self, step: dict[str, Any], balance_minor: int = 0) -> Priced:
        lines = []
        for n, asked in enumerate(step["lines"], 1):
            article = self.articles[asked["sku"]]
            lines.append(
                Line(
                    n=n,
                    sku=asked["sku"],
                    qty_milli=round(Fraction(str(asked["qty"])) * 1000),
                    price_minor=parse_minor(asked.get("price", article["price"])),
                    min_price_minor=parse_minor(article.get("min_price", "0")),
                    category_ids=tuple(self.categories[each] for each in article.get("categories", [])),
                )
            )
        redeem = step.get("redeem_points")
        burn = Burn("max") if redeem == "max" else Burn("amount", parse_minor(redeem)) if redeem else Burn()
        if step.get("redeem_reward"):
            burn = Burn("reward")
        basket = Basket(
            shop_id=1,
            zone=self.given.get("timezone", "UTC"),
            lines=tuple(lines),
            channel=step.get("channel", "pos"),
            currency=self.given["currency"],
            burn=burn,
            codes=tuple(step.get("codes", ())),
            delivery_minor=parse_minor(self.given.get("shipping", "0")),
            tenders=tuple(
                Tender(tender["type"], parse_minor(tender.get("amount", "0"))) for tender in step.get("tenders", [])
            ),
        )
        shopper = Shopper(available_minor=max(0, balance_minor)) if step.get("customer") else None
        at = datetime.fromisoformat(step["at"].replace("Z", "+00:00")) if "at" in step else NOON
        return price(basket, shopper, self.offers, at)


def bp(percent: str) -> int:
    return parse_minor(percent)  # hundredths of a per cent are basis points
