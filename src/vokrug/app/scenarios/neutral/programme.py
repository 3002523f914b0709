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
DOWN = {"by_value": "by_value", "value": "by_value", "one_down": "one_down", "one": "one_down", "at_once": "at_once"}
WINDOWS = {"calendar_year": "year", "year": "year", "lifetime": "lifetime", "anniversary": "anniversary"}


def ladder_of(given: dict[str, Any], *, is_reviewed: bool) -> dict[str, Any] | None:
    """The tier programme of a case. Where a step asks for a review there is one each year, over that year."""
    if not given.get("tiers"):
        return None
    metric = METRICS.get(str(given.get("tier_metric", "net_spend")))
    if metric is None:
        raise NotUnderstood(f"tiers count {given['tier_metric']!r}")
    programme: dict[str, Any] = {
        "tiers": [rung_of(one, metric) for one in given["tiers"]],
        "zone": given.get("timezone", "UTC"),
        "points_of": "all",
    }
    if is_reviewed:
        programme |= {"span": "year", "review": "year", "down": "by_value"}
    policy = given.get("tier_policy") or {}
    told = Fields({"down": policy} if isinstance(policy, str) else policy, "the tier policy")
    if (down := told.take("down", "downgrade", "mode", default=None)) is not None:
        if down not in DOWN:
            raise NotUnderstood(f"tiers fall {down!r}")
        programme["down"] = DOWN[down]
    if (window := told.take("window", "span", default=None)) is not None:
        rolling = isinstance(window, dict) or window not in WINDOWS
        programme |= {"span": "rolling", "days": days_of(window)} if rolling else {"span": WINDOWS[window]}
    if (grace := told.take("grace_days", "grace", default=None)) is not None:
        programme["grace_days"] = int(grace)
    told.take("review", "period", default=None)
    told.done()
    return programme


def rung_of(given: dict[str, Any], metric: str) -> dict[str, Any]:
    told = Fields(given, "a tier")
    name, least = told.take("tier", "id", "name", "code"), told.take("from", "min", "threshold", default="0")
    needs = {metric: least_of(metric, least)} if Decimal(str(least)) else {}
    rung: dict[str, Any] = {"code": code_of(name), "name_ru": str(name), "name_en": str(name), "needs": needs}
    if (keep := told.take("keep", "keep_from", default=None)) is not None:
        rung["keep"] = {metric: least_of(metric, keep)}
    told.done()
    return rung


def days_of(window: Any) -> int:
    if isinstance(window, dict):
        window = window.get("days", window.get("rolling_days"))
    digits = "".join(character for character in str(window) if character.isdigit())
    if not digits:
        raise NotUnderstood(f"tiers count over {window!r}")
    return int(digits)


def code_of(name: object) -> str:
    return slug(str(name))


def least_of(metric: str, value: Any) -> int:
    return int(value) if metric == "visits" else minor(value)
