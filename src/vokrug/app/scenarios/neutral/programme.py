"""The format's tiers as the product's tier programme."""

from decimal import Decimal
from typing import Any

from vokrug.app.scenarios.fields import Fields, NotUnderstood
from vokrug.app.scenarios.neutral.translating import minor, slug

METRICS = {
    "net_spend": "spend",
    "spend": "spend",
    "turnover": "spend",
    "earned_points": "points",
    "points": "points",
    "visits": "visits",
}
DOWN = {"by_value": "by_value", "one_down": "one_down", "recount": "by_value", "at_once": "at_once", "none": "by_value"}


def ladder_of(given: dict[str, Any]) -> dict[str, Any] | None:
    """The tier programme of a case."""
    tiers = given.get("tiers")
    if not tiers:
        return None
    metric = METRICS.get(str(given.get("tier_metric", "net_spend")))
    if metric is None:
        raise NotUnderstood(f"tiers count {given['tier_metric']!r}")
    rungs = []
    for one in tiers:
        told = Fields(one, "a tier")
        name, least = told.take("tier", "id", "name", "code"), told.take("from", "min", "threshold", default="0")
        needs = {metric: least_of(metric, least)} if Decimal(str(least)) else {}
        rung: dict[str, Any] = {"code": code_of(name), "name_ru": name, "name_en": name, "needs": needs}
        if (keep := told.take("keep", "keep_from", default=None)) is not None:
            rung["keep"] = {metric: least_of(metric, keep)}
        told.done()
        rungs.append(rung)
    programme: dict[str, Any] = {"tiers": rungs, "zone": given.get("timezone", "UTC")}
    told = Fields(given.get("tier_policy") or {}, "the tier policy")
    if (down := told.take("down", "downgrade", default=None)) is not None:
        programme["down"] = DOWN.get(down, down)
    if (window := told.take("window", "span", default=None)) is not None:
        programme["span"] = window
    if (review := told.take("review", default=None)) is not None:
        programme["review"] = review
    told.done()
    return programme


def code_of(name: str) -> str:
    return slug(str(name))


def least_of(metric: str, value: Any) -> int:
    return int(value) if metric == "visits" else minor(value)
