"""An offer's body as people would say it, part by part. What a part does not say needs no words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vokrug.kernel import format_minor
from vokrug.web.console.here import Here

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """What numbers and codes of offers stand for."""

    categories: Mapping[int, str]
    shops: Mapping[int, str]
    tiers: Mapping[str, str]


WEEKDAYS = (("Mon", "пн"), ("Tue", "вт"), ("Wed", "ср"), ("Thu", "чт"), ("Fri", "пт"), ("Sat", "сб"), ("Sun", "вс"))


def describe(here: Here, body: Body, names: Names) -> list[tuple[str, str]]:
    """Pairs of a question and its answer; the first says what the offer gives."""
    t = here.t
    pairs = [
        (t("Gives", "Даёт"), gives(here, body)),
        (t("On", "На что"), goods(here, body.get("goods", {}), names)),
        (t("Not on", "Кроме"), besides(here, body, names)),
        (t("From", "Порог"), threshold(here, body)),
        (t("To", "Кому"), who(here, body.get("who", {}), names)),
        (t("When", "Когда"), when(here, body.get("when", {}))),
        (t("Where", "Где"), where(here, body.get("where", {}), names)),
        (t("By a word", "По слову"), body.get("code") or ""),
        (t("By a coupon", "По купону"), t("issued for it", "выпущенному для неё") if body.get("coupon") else ""),
        (t("Also", "Ещё условия"), ", ".join(str(one.get("kind")) for one in body.get("conditions", ()))),
        (t("At most", "Не больше"), limits(here, body)),
        (t("Points lapse", "Баллы сгорают"), expires(here, body.get("expires", {}))),
        (t("Paid by", "Платит"), paid_by(body)),
    ]
    return [(question, answer) for question, answer in pairs if answer]


def gives(here: Here, body: Body) -> str:
    t = here.t
    match body["kind"]:
        case "item_discount" | "basket_discount" | "discount" | "points_reward":
            said = benefit(here, body["benefit"])
            if body["kind"] == "points_reward":
                said += t(" for {} points", " за {} баллов").format(here_points(here, body["points_minor"]))
            if most := body.get("max_minor"):
                said += t(", no more than {}", ", не больше {}").format(here.money(most))
            return said
        case "earn":
            return reward(here, body["reward"])
        case "earn_multiplier":
            return t("points × {}", "баллы × {}").format(trimmed(body["factor_bp"], 10_000))
        case "burn_cap":
            return t("points pay up to {} % of the check", "баллами до {} % чека").format(
                trimmed(body.get("share_bp", 10_000), 100)
            )
        case "point_programme":
            worth = here.money(100 * body.get("value_num", 1) // body.get("value_den", 1))
            return t("a point pays {}", "балл платит {}").format(worth)
    return str(body["kind"])


def benefit(here: Here, said: Body) -> str:
    t = here.t
    per_unit = t(" each", " за штуку") if said.get("per", "") == "unit" else ""
    match said["kind"]:
        case "percent":
            return f"−{trimmed(said['percent_bp'], 100)} %"
        case "amount":
            return f"−{here.money(said['amount_minor'])}{per_unit}"
        case "fixed_price":
            return t("for {}", "по {}").format(here.money(said["price_minor"]))
        case "buy_get":
            return t("buy {}, get {}", "купи {}, получи {}").format(said["buy_units"], said.get("get_units", 1))
        case "set":
            return t("a set of {} parts", "набор из {} частей").format(len(said["parts"]))
        case "gift":
            return t("a gift", "подарок")
        case "delivery":
            return t("cheaper delivery", "дешевле доставка")
        case "coupon":
            return t("a coupon for next time", "купон на следующий раз")
        case "tier":
            return t("a level for {} days", "уровень на {} дней").format(said["days"])
    return str(said["kind"])


def reward(here: Here, said: Body) -> str:
    t = here.t
    match said["kind"]:
        case "rate":
            steps = said["steps"]
            rates = [
                (
                    t("{} % in points", "{} % баллами") if step["from_minor"] == 0 else t("{} % from {}", "{} % от {}")
                ).format(trimmed(step["rate_bp"], 100), here.money(step["from_minor"], kopecks=False))
                for step in steps
            ]
            return "; ".join(rates)
        case "per_step":
            return t("{} points for every {}", "{} баллов за каждые {}").format(
                here_points(here, said["points_minor"]), here.money(said["step_minor"])
            )
        case "per_amount":
            return t("{} points per {}", "{} баллов на {}").format(
                here_points(here, said["points_minor"]), here.money(said["per_minor"])
            )
        case "per_unit":
            return t("{} points each", "{} баллов за штуку").format(here_points(here, said["points_minor"]))
        case "fixed":
            return t("{} points", "{} баллов").format(here_points(here, said["points_minor"]))
    return str(said["kind"])


def goods(here: Here, said: Body, names: Names) -> str:
    t = here.t
    parts = [names.categories.get(number, str(number)) for number in said.get("categories", ())]
    parts += [str(sku) for sku in said.get("skus", ())]
    parts += [t("article {}", "товар {}").format(number) for number in said.get("articles", ())]
    parts += list(said.get("brands", ()))
    parts += list(said.get("attributes", ()))
    return shortened(here, parts) or t("everything", "всё")


def besides(here: Here, body: Body, names: Names) -> str:
    said, closed = body.get("goods", {}), body.get("closed", {})
    numbers = [*said.get("except_categories", ()), *closed.get("categories", ())]
    parts = [names.categories.get(number, str(number)) for number in numbers]
    parts += [str(sku) for sku in (*said.get("except_skus", ()), *closed.get("skus", ()))]
    return shortened(here, parts)


def threshold(here: Here, body: Body) -> str:
    t = here.t
    parts = []
    if qty := body.get("min_qty_milli"):
        parts.append(t("{} pieces", "{} шт.").format(trimmed(qty, 1000)))
    if minor := body.get("min_minor"):
        parts.append(here.money(minor))
    return t(" and ", " и ").join(parts)


def who(here: Here, said: Body, names: Names) -> str:
    t = here.t
    parts = [t("level “{}”", "уровень «{}»").format(names.tiers.get(code, code)) for code in said.get("tiers", ())]
    parts += [t("list {}", "список {}").format(name) for name in said.get("segments", ())]
    if said.get("personal"):
        parts.append(t("those it was given to", "кому она выдана"))
    if said.get("members_only") and not parts:
        parts.append(t("members of the programme", "участникам программы"))
    return shortened(here, parts) or t("everybody", "всем")


def when(here: Here, said: Body) -> str:
    t = here.t
    parts = []
    if days := said.get("weekdays"):
        parts.append(", ".join(t(*WEEKDAYS[day - 1]) for day in days))
    parts += [f"{hours['start']}–{hours['end']}" for hours in said.get("hours", ())]
    if first := said.get("from_date"):
        parts.append(t("from {}", "с {}").format(dated(first)))
    if last := said.get("until_date"):
        parts.append(t("until {}", "по {}").format(dated(last)))
    if said.get("on_calendar") or said.get("not_on_calendar"):
        parts.append(t("by a calendar", "по календарю"))
    return ", ".join(parts) or t("always", "всегда")


def where(here: Here, said: Body, names: Names) -> str:
    t = here.t
    parts = [names.shops.get(number, str(number)) for number in said.get("shops", ())]
    parts += [t("group {}", "группа {}").format(key) for key in said.get("shop_groups", ())]
    parts += [t("channel {}", "канал {}").format(code) for code in said.get("channels", ())]
    return shortened(here, parts) or t("everywhere", "везде")


SUBJECTS = {
    "customer": ("a customer", "на клиента"),
    "offer": ("in all", "на всю акцию"),
    "shop": ("a shop", "на магазин"),
    "check": ("a check", "на чек"),
    "card": ("a card", "на карту"),
    "code": ("a code", "на код"),
}
PERIODS = {
    "day": (" a day", " в день"),
    "week": (" a week", " в неделю"),
    "month": (" a month", " в месяц"),
    "year": (" a year", " в год"),
}


def limits(here: Here, body: Body) -> str:
    t = here.t
    said = []
    for one in body.get("limits", ()):
        most = one["most"]
        measure = {
            "uses": t("{} times", "{} раз").format(most),
            "units": t("{} pieces", "{} шт.").format(most),
            "amount": here.money(most),
            "points": t("{} points", "{} баллов").format(here_points(here, most)),
        }[one["measure"]]
        subject = t(*SUBJECTS.get(one["subject"], (one["subject"], one["subject"])))
        period = t(*PERIODS[one["period"]]) if one.get("period", "ever") in PERIODS else ""
        said.append(f"{measure} {subject}{period}")
    return "; ".join(said)


def expires(here: Here, said: Body) -> str:
    t = here.t
    match said.get("kind"):
        case "days":
            return t("after {} days", "через {} дней").format(said["days"])
        case "end_of_month":
            return t("at the end of a month", "в конце месяца")
        case "end_of_year":
            return t("at the end of a year", "в конце года")
    return ""


def paid_by(body: Body) -> str:
    if funding := body.get("funding"):
        return ", ".join(f"{one['funder']} {trimmed(one['share_bp'], 100)} %" for one in funding)
    funder = body.get("funder", "merchant")
    return "" if funder == "merchant" else str(funder)


def dated(text: str) -> str:
    year, month, day = text.split("-")
    return f"{day}.{month}.{year}"


def trimmed(value: int, unit: int) -> str:
    """2500 hundredths are 25; 1250 are 12.5."""
    whole, part = divmod(value, unit)
    return str(whole) if not part else f"{whole}.{part * 10_000 // unit:04}".rstrip("0")


def here_points(here: Here, minor: int) -> str:
    return format_minor(minor).removesuffix(".00")


def shortened(here: Here, parts: Sequence[str]) -> str:
    shown = ", ".join(parts[:8])
    return shown + here.t(" and {} more", " и ещё {}").format(len(parts) - 8) if len(parts) > 8 else shown
