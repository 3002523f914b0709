"""An offer as a sentence with gaps, both ways: from the gaps to a body, and from a body to the gaps if they can say it."""

from collections.abc import Mapping
from typing import Any

from vokrug.kernel import format_minor, parse_minor

KINDS = ("item_discount", "basket_discount", "earn")
Form = Mapping[str, str]


class GapWrong(Exception):
    """What was written into a gap is not what belongs there."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def built(form: Form) -> dict[str, Any]:
    """The body that the sentence says. Raises GapWrong with the gap's name."""
    kind = form.get("kind", "")
    if kind not in KINDS:
        raise GapWrong("kind")
    body: dict[str, Any] = {"kind": kind}
    if kind == "earn":
        body["reward"] = {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": hundredths(form, "value")}]}
        if form.get("expires"):
            body["expires"] = {"kind": "days", "days": whole(form, "expires")}
    else:
        body["benefit"] = benefit(form, kind)
        if form.get("min_qty"):
            body["min_qty_milli"] = thousandths(form, "min_qty")
    if form.get("min_sum"):
        body["min_minor"] = hundredths(form, "min_sum")
    if kind == "basket_discount" and form.get("max_sum"):
        body["max_minor"] = hundredths(form, "max_sum")
    parts = {"goods": goods(form), "who": who(form), "when": when(form), "where": where(form)}
    body |= {name: part for name, part in parts.items() if part}
    if form.get("code"):
        body["code"] = form["code"].strip().upper()
    if most := limits(form):
        body["limits"] = most
    return body


def benefit(form: Form, kind: str) -> dict[str, Any]:
    match form.get("benefit"):
        case "percent":
            return {"kind": "percent", "percent_bp": hundredths(form, "value")}
        case "amount":
            return {"kind": "amount", "amount_minor": hundredths(form, "value")}
        case "fixed_price" if kind == "item_discount":
            return {"kind": "fixed_price", "price_minor": hundredths(form, "value")}
    raise GapWrong("benefit")


def goods(form: Form) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if categories := numbered(form, "category_"):
        chosen["categories"] = categories
    if skus := [sku for sku in form.get("skus", "").replace("\n", ",").replace(" ", ",").split(",") if sku]:
        chosen["skus"] = skus
    return chosen


def who(form: Form) -> dict[str, Any]:
    tiers = [name.removeprefix("tier_") for name in form if name.startswith("tier_")]
    if tiers:
        return {"tiers": tiers}
    return {"members_only": True} if form.get("who") == "members" else {}


def when(form: Form) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if days := numbered(form, "weekday_"):
        said["weekdays"] = days
    if form.get("hour_from") or form.get("hour_until"):
        end = form.get("hour_until") or "24:00"
        said["hours"] = [{"start": form.get("hour_from") or "00:00", "end": "24:00" if end == "00:00" else end}]
    for name in ("from_date", "until_date"):
        if form.get(name):
            said[name] = form[name]
    return said


def where(form: Form) -> dict[str, Any]:
    return {"shops": shops} if (shops := numbered(form, "shop_")) else {}


def limits(form: Form) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    if form.get("budget"):
        measure = "points" if form.get("kind") == "earn" else "amount"
        said.append({"subject": "offer", "measure": measure, "most": hundredths(form, "budget")})
    if form.get("per_customer"):
        said.append({"subject": "customer", "measure": "uses", "most": whole(form, "per_customer")})
    return said


def numbered(form: Form, beginning: str) -> list[int]:
    return sorted(
        int(rest) for name in form if name.startswith(beginning) and (rest := name[len(beginning) :]).isdigit()
    )


def hundredths(form: Form, field: str, scale: int = 2) -> int:
    try:
        value = parse_minor(form.get(field, "").replace(",", ".").replace(" ", "").strip(), scale)
    except ValueError:
        raise GapWrong(field) from None
    if value <= 0:
        raise GapWrong(field)
    return value


def thousandths(form: Form, field: str) -> int:
    return hundredths(form, field, 3)


def whole(form: Form, field: str) -> int:
    text = form.get(field, "").strip()
    if not text.isdigit() or not 0 < int(text) < 100_000:
        raise GapWrong(field)
    return int(text)


def gaps_of(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The gaps filled as this body has them. None: it says more than the sentence can."""
    form = _gaps(body)
    try:
        return form if form is not None and _plain(built(form)) == _plain(body) else None
    except GapWrong:
        return None


def _gaps(body: Mapping[str, Any]) -> dict[str, str] | None:
    kind = body["kind"]
    if kind not in KINDS:
        return None
    form = {"kind": str(kind)}
    if kind == "earn":
        steps = body["reward"].get("steps", ())
        if len(steps) != 1:
            return None
        form["value"] = said(steps[0]["rate_bp"])
        form["expires"] = str(body.get("expires", {}).get("days", ""))
    else:
        form["benefit"] = str(body["benefit"]["kind"])
        names = ("percent_bp", "amount_minor", "price_minor")
        form["value"] = said(next((body["benefit"][name] for name in names if name in body["benefit"]), 0))
    form["min_qty"] = said(body.get("min_qty_milli", 0), 3)
    form["min_sum"], form["max_sum"] = said(body.get("min_minor", 0)), said(body.get("max_minor", 0) or 0)
    form["skus"] = ", ".join(body.get("goods", {}).get("skus", ()))
    form["code"] = body.get("code") or ""
    who_, when_ = body.get("who", {}), body.get("when", {})
    form["who"] = "members" if who_.get("members_only") else ""
    for hours in when_.get("hours", ())[:1]:
        form["hour_from"], form["hour_until"] = hours["start"], hours["end"]
    form["from_date"], form["until_date"] = when_.get("from_date") or "", when_.get("until_date") or ""
    marks = {
        "category_": body.get("goods", {}).get("categories", ()),
        "weekday_": when_.get("weekdays", ()),
        "tier_": who_.get("tiers", ()),
        "shop_": body.get("where", {}).get("shops", ()),
    }
    form |= {f"{beginning}{one}": "on" for beginning, each in marks.items() for one in each}
    for limit in body.get("limits", ()):
        if limit["subject"] == "offer":
            form["budget"] = said(limit["most"])
        elif limit["subject"] == "customer":
            form["per_customer"] = str(limit["most"])
    return {name: value for name, value in form.items() if value}


def said(minor: int, scale: int = 2) -> str:
    if not minor:
        return ""
    text = format_minor(minor, scale)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(value: Any) -> Any:
    """Tuples and lists say the same, and in no order where there is none."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items() if each not in ((), [], {}, "", None)}
    if isinstance(value, list | tuple):
        return sorted((_plain(each) for each in value), key=str)
    return value
