"""The format's points as the product's offers: what earns, what multiplies, how points pay, when they lapse."""

import re
from fractions import Fraction
from typing import Any

from vokrug.app.scenarios.fields import Fields, NotUnderstood
from vokrug.app.scenarios.neutral.translating import (
    BASES,
    POINT,
    ROUNDINGS,
    Translator,
    benefit_of,
    minor,
    percent_bp,
    points_minor,
    whole,
)

DAY_S = 86_400
SPAN = re.compile(r"p?t?(?P<count>\d+) ?(?P<unit>w|d|h|m|s|weeks?|days?|hours?|min|minutes?|sec|seconds?)?")
ROUNDED = {"u": "up", "d": "down"}  # the suffix of a rounded span: 1D_U
SPANS = {"minutes": 60, "hours": 3600, "days": DAY_S, "weeks": 7 * DAY_S}
ROUND_TO = {
    "none": "",
    "exact": "",
    "down": "day_start",
    "round_down": "day_start",
    "round_up": "day_end",
    "start_of_day": "day_start",
    "day_start": "day_start",
    "up": "day_end",
    "end_of_day": "day_end",
    "day_end": "day_end",
    "week_start": "week_start",
    "start_of_week": "week_start",
    "week_end": "week_end",
    "end_of_week": "week_end",
    "month_start": "month_start",
    "start_of_month": "month_start",
    "month_end": "month_end",
    "end_of_month": "month_end",
}


def offers_of(translator: Translator, given: dict[str, Any], currency: str) -> dict[str, dict[str, Any]]:
    """Offers by key."""
    told = Fields(given, "points")
    expires = expiry_of(told.take("expiry", "expires", default=None))
    activation = activation_of(told.take("activation", "pending", "activate", default=None))
    terms: dict[str, Any] = {}
    if expires:
        terms["expires"] = expires
    if activation:
        terms["active_from"] = activation
    offers: dict[str, dict[str, Any]] = {}
    for rule in told.take("earn", default=[]):
        offers[f"earn.{rule['id']}"] = terms | earn_of(translator, rule)
    rounding = told.take("multiplier_round", default="floor")
    for rule in told.take("multipliers", default=[]):
        offers[f"multiplier.{rule['id']}"] = terms | multiplier_of(translator, rule, rounding)
    burn = told.take("burn", default=None)
    offers |= burn_of(translator, burn, currency)
    told.take("return", default=None)
    told.done()
    return offers


def earn_of(translator: Translator, given: dict[str, Any]) -> dict[str, Any]:
    told = Fields(given, f"earn rule {given.get('id')}")
    told.take("id")
    body: dict[str, Any] = {"kind": "earn", "goods": translator.goods(told)}
    base = told.take("base", default="net_of_discounts")
    if base.startswith("paid_by:"):
        body |= {"base": "net_of_points", "paid_by": [base.partition(":")[2]]}
    elif base in BASES:
        body["base"] = BASES[base]
    else:
        raise NotUnderstood(f"earn rule {given['id']} counts {base!r}")
    round_word = told.take("round", default="floor_per_check")
    if (each := told.take("per_unit", default=None)) is not None:
        body["reward"] = {"kind": "per_unit", "points_minor": points_minor(each)}
    elif (amount := told.take("per_amount", default=None)) is not None:
        points = told.take("points", default="1")
        body["reward"] = per_amount(minor(amount), points_minor(points), round_word)
    elif (percent := told.take("percent", default=None)) is not None:
        body["reward"] = per_amount(100 * 100, percent_bp(percent), round_word)
    else:
        body["reward"] = {"kind": "fixed", "points_minor": points_minor(told.take("points"))}
    if channels := told.take("channels", default=None):
        body["where"] = {"channels": channels}
    if tiers := told.take("tiers", default=None):
        body["who"] = {"tiers": tiers}
    if (least := told.take("min_amount", default=None)) is not None:
        body["min_minor"] = minor(least)
    if activation := activation_of(told.take("activation", "pending", default=None)):
        body["active_from"] = activation
    if (above := told.take("approve_above", default=None)) is not None:
        body["approve_above_minor"] = points_minor(above)
    told.done()
    return body


def per_amount(per_minor: int, points: int, round_word: str) -> dict[str, Any]:
    word, _, where = round_word.partition("_per_")
    if where not in ("", "check"):
        raise NotUnderstood(f"points are rounded {round_word!r}")
    reward = {"kind": "per_amount", "per_minor": per_minor, "points_minor": points}
    if word in ("none", "exact", "two_digits"):
        return reward | {"step_minor": 1}
    if word not in ROUNDINGS:
        raise NotUnderstood(f"points are rounded {round_word!r}")
    return reward | {"rounding": ROUNDINGS[word], "step_minor": POINT}


def multiplier_of(translator: Translator, given: dict[str, Any], rounding: str) -> dict[str, Any]:
    """Of several multipliers on one check the best one applies."""
    told = Fields(given, f"multiplier {given.get('id')}")
    told.take("id")
    if rounding not in ROUNDINGS:
        raise NotUnderstood(f"multiplied points are rounded {rounding!r}")
    body: dict[str, Any] = {
        "kind": "earn_multiplier",
        "factor_bp": whole(told.take("value", "factor"), 10_000, "a multiplier"),
        "rounding": ROUNDINGS[rounding],
        "step_minor": POINT,
        "stack": "best",
        "group": "multipliers",
        "goods": translator.goods(told),
    }
    if channels := told.take("channels", default=None):
        body["where"] = {"channels": channels}
    if tiers := told.take("tiers", default=None):
        body["who"] = {"tiers": tiers}
    if rules := told.take("rules", "of", default=None):
        body["of_rules"] = [f"earn.{rule}" for rule in rules]
    told.done()
    return body


def burn_of(translator: Translator, given: dict[str, Any] | None, currency: str) -> dict[str, dict[str, Any]]:
    programme: dict[str, Any] = {"kind": "point_programme", "currency": currency}
    if given is None:
        return {"programme": programme, "burn": {"kind": "burn_cap", "share_bp": 0}}
    told = Fields(given, "burn")
    worth = Fraction(str(told.take("point_value", default="1.00")))
    programme |= {"value_num": worth.numerator, "value_den": worth.denominator}
    offers = {"programme": programme}
    cap: dict[str, Any] = {"kind": "burn_cap"}
    if (step := told.take("step", default=None)) is not None:
        cap["step_minor"] = points_minor(step)
    if (share := told.take("max_share", default=None)) is not None:
        cap["share_bp"] = share_bp(share)
    if (closed := told.take("exclude_categories", default=None)) is not None:
        cap["closed"] = {"categories": [translator.category(code) for code in closed]}
    if (closed := told.take("exclude_skus", default=None)) is not None:
        cap.setdefault("closed", {})["skus"] = closed
    if (least := told.take("min_points", "minimum", default=None)) is not None:
        cap["min_minor"] = points_minor(least)
    if (least := told.take("min_amount", "min_check", default=None)) is not None:
        cap["min_check_minor"] = minor(least)
    same_sale = bool(told.take("same_sale_points_usable", default=False))
    if (reward := told.take("reward", default=None)) is not None:
        offers["reward"] = reward_of(translator, Fields(reward, "the reward"), same_sale)
    told.done()
    if len(cap) > 1:
        offers["burn"] = cap
    return offers


def reward_of(translator: Translator, told: Fields, same_sale: bool) -> dict[str, Any]:
    effect = Fields(told.take("effect"), "the reward's effect")
    body: dict[str, Any] = {
        "kind": "points_reward",
        "points_minor": points_minor(told.take("points")),
        "benefit": benefit_of(effect.take("kind"), effect.take("value"), effect.take("per", default="total")),
        "same_sale": same_sale,
    }
    if target := effect.take("target", default=None):
        body["goods"] = translator.goods(Fields(target, "the reward's target"))
    if (cap := effect.take("cap", default=None)) is not None:
        body["max_minor"] = minor(cap)
    effect.done()
    told.done()
    return body


def share_bp(text: Any) -> int:
    """`"0.3"`, `"30"` and `"30%"` are three tenths."""
    value = str(text)
    if value.endswith("%"):
        return percent_bp(value[:-1])
    return whole(value, 10_000, "a share") if Fraction(value) <= 1 else percent_bp(value)


def expiry_of(given: Any) -> dict[str, Any] | None:
    if given is None or given == "none":
        return None
    told = Fields(given if isinstance(given, dict) else {"after_days": given}, "expiry")
    if (days := told.take("after_days", "days", default=None)) is not None:
        found: dict[str, Any] = {"kind": "days", "days": int(days)}
    elif (months := told.take("end_of_month", "months", default=None)) is not None:
        found = {"kind": "end_of_month", "months": 0 if months is True else int(months)}
    else:
        years = told.take("end_of_year", "years")
        found = {"kind": "end_of_year", "years": 0 if years is True else int(years)}
    told.done()
    return found


def activation_of(given: Any) -> dict[str, Any] | None:
    """When points become spendable: after a while, rounded to the start or the end of a day, a week, a month."""
    if given is None:
        return None
    if not isinstance(given, dict):
        given = {"after_days" if isinstance(given, int) else "after": given}
    told = Fields(given, "activation")
    seconds = 0
    for unit, length in SPANS.items():
        if (count := told.take(f"after_{unit}", unit, f"delay_{unit}", default=None)) is not None:
            seconds += int(count) * length
    suffix = ""
    if (delay := told.take("after", "delay", "duration", default=None)) is not None:
        span, _, suffix = str(delay).lower().partition("_")
        seconds += duration(span)
    word = told.take("round", "rounding", "round_to", default=ROUNDED.get(suffix, suffix)) or "none"
    if word not in ROUND_TO:
        raise NotUnderstood(f"activation is rounded {word!r}")
    found: dict[str, Any] = {"delay_s": seconds}
    if ROUND_TO[word]:
        found["round_to"] = ROUND_TO[word]
    if (event := told.take("on", "on_event", "event", default=None)) is not None:
        found["on_event"] = event
    told.done()
    return found


def duration(given: Any) -> int:
    """`"1d"`, `"36h"`, `"P1D"`, `"PT12H"`, `"1 day"` or plain seconds, in seconds."""
    found = SPAN.fullmatch(str(given).strip().lower())
    if found is None:
        raise NotUnderstood(f"a duration of {given!r}")
    lengths = {"w": 7 * DAY_S, "d": DAY_S, "h": 3600, "m": 60, "s": 1, "": 1}
    return int(found["count"]) * lengths[(found["unit"] or "")[:1]]
