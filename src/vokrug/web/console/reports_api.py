"""Reports: each a plot, its table, and what it counts. All of them read rollups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from vokrug import analytics, promotions
from vokrug.analytics import Grain, Totals
from vokrug.kernel import Text
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web.console import sheets
from vokrug.web.console.here import PAGE, Here, at_console
from vokrug.web.console.sheets import Column, Kind, Sheet
from vokrug.web.console.staff import Duty

routes = Routes("console")

LOOK = (Duty.ANALYST, Duty.MARKETER, Duty.MANAGER, Duty.FRANCHISEE)
LONGEST_DAYS = 92
USUAL_DAYS = 28
QUERY: Mapping[str, Any] = {**sheets.QUERY, "from": str, "to": str}

SALES = Column("paid", Text(en="Sales", ru="Продажи"), Kind.MONEY)
CHECKS = Column("checks", Text(en="Checks", ru="Чеки"), Kind.NUMBER)
AVERAGE = Column("average", Text(en="Average check", ru="Средний чек"), Kind.MONEY)
RETURNS = Column("refunded", Text(en="Returns", ru="Возвраты"), Kind.MONEY)
DISCOUNT = Column("discount", Text(en="Discounts", ru="Скидки"), Kind.MONEY)
MEMBERS = Column("member_paid", Text(en="Sales to members", ru="Продажи участникам"), Kind.MONEY)
SHARE = Column("share", Text(en="Members' share, %", ru="Доля участников, %"), Kind.NUMBER)
EARNED = Column("earned", Text(en="Points issued", ru="Начислено баллов"), Kind.NUMBER)
BURNED = Column("burned", Text(en="Points burned", ru="Списано баллов"), Kind.NUMBER)
TAKEN_BACK = Column("taken_back", Text(en="Taken back by returns", ru="Снято при возвратах"), Kind.NUMBER)
LATE = Column("late", Text(en="Late checks", ru="Поздние чеки"), Kind.NUMBER)


@dataclass(frozen=True, slots=True)
class Report:
    """`plots` are the columns that are drawn; `about` is the definition of every number."""

    name: str
    title: Text
    about: Text
    grain: Grain
    columns: tuple[Column, ...]
    plots: tuple[str, ...]
    kind: str  # line, bar, or shelf: bars that lie
    unit: str  # money, or nothing


DAY = Column("key", Text(en="Day", ru="День"))
HOUR = Column("key", Text(en="Hour", ru="Час"))
SHOP = Column("key", Text(en="Shop", ru="Магазин"), Kind.DATA)
REPORTS = (
    Report(
        "sales",
        Text(en="Sales by day", ru="Продажи по дням"),
        Text(
            en="Sales are what buyers paid in money and gift cards, after discounts and points, by the day of the shop. Returns "
            "stand in the day of the return and are not taken off sales.",
            ru="Продажи — то, что покупатели заплатили деньгами и подарочными картами, после скидок и баллов, по дню магазина. "
            "Возвраты стоят в дне возврата и из продаж не вычтены.",
        ),
        Grain.DAY,
        (DAY, SALES, CHECKS, AVERAGE, DISCOUNT, RETURNS, LATE),
        ("paid",),
        "line",
        "money",
    ),
    Report(
        "members",
        Text(en="Members", ru="Участники программы"),
        Text(
            en="A member's check is one with a customer. The share is of the money paid, not of the count of checks.",
            ru="Чек участника — чек с покупателем. Доля считается от уплаченных денег, а не от числа чеков.",
        ),
        Grain.DAY,
        (DAY, MEMBERS, SALES, SHARE, CHECKS),
        ("paid", "member_paid"),
        "line",
        "money",
    ),
    Report(
        "points",
        Text(en="Points", ru="Баллы"),
        Text(
            en="Issued and burned with sales, in points. What returns took back stands apart, in the day of the return; points "
            "given by hand are not counted here.",
            ru="Начислено и списано продажами, в баллах. Снятое при возвратах — отдельно, в дне возврата; начисленное вручную "
            "здесь не считается.",
        ),
        Grain.DAY,
        (DAY, EARNED, BURNED, TAKEN_BACK),
        ("earned", "burned"),
        "bar",
        "",
    ),
    Report(
        "hours",
        Text(en="By the hour of the day", ru="По часам дня"),
        Text(
            en="All days of the period together, by the clock of each shop: when people come.",
            ru="Все дни периода вместе, по часам каждого магазина: когда приходят люди.",
        ),
        Grain.HOUR,
        (HOUR, SALES, CHECKS, AVERAGE, SHARE),
        ("paid",),
        "bar",
        "money",
    ),
    Report(
        "shops",
        Text(en="By shop", ru="По магазинам"),
        Text(
            en="The period as a whole, shop by shop. Late checks are those recorded as printed, otherwise than promised.",
            ru="Период целиком по магазинам. Поздние чеки — записанные как напечатаны, не так, как обещал центр.",
        ),
        Grain.SHOP,
        (SHOP, SALES, CHECKS, AVERAGE, SHARE, DISCOUNT, RETURNS, EARNED, BURNED, LATE),
        ("paid",),
        "shelf",
        "money",
    ),
)
BY_NAME = {report.name: report for report in REPORTS}
OFFERS = Column("key", Text(en="Offer", ru="Акция"), Kind.DATA)
OFFERS_TITLE = Text(en="What offers gave", ru="Что дали акции")
TABS = (
    *((f"/console/reports/{report.name}", report.title) for report in REPORTS),
    ("/console/reports/offers", OFFERS_TITLE),
)


@routes.get("/console/reports", query=QUERY, **PAGE)
async def reports(call: Call) -> Answer[bytes]:
    """The first report."""
    return await at_console(call, lambda here: shown(here, REPORTS[0]), *LOOK)


@routes.get("/console/reports/offers", query=QUERY, **PAGE)
async def offers_report(call: Call) -> Answer[bytes]:
    """What each offer took off, and from how many checks."""

    async def tell(here: Here) -> Answer[bytes]:
        first, last = period_of(here)
        async with call.services.reports.transaction(readonly=True) as tx:
            found = await analytics.offers_gave(tx, first, last + timedelta(days=1))
            names = {one.number: one.name for one in await promotions.list_offers(tx, limit=1000)}
        checks: dict[str, int] = {}
        gave: dict[str, int] = {}
        for one in found:
            number = int(one.offer.partition(".")[0])
            name = names.get(number, here.t("the cashier's own", "скидка кассира") if number == 0 else str(number))
            checks[name] = checks.get(name, 0) + one.checks
            gave[name] = gave.get(name, 0) + one.discount_minor
        rows: list[dict[str, Any]] = [
            {"key": key, "discount": gave[key], "checks": checks[key]}
            for key in sorted(gave, key=lambda key: -gave[key])
        ]
        plot = {
            "kind": "shelf",
            "unit": frame_unit(here, "money"),
            "x": [row["key"] for row in rows[:15]],
            "series": [
                {"name": DISCOUNT.words.say(here.language), "data": [row["discount"] / 100 for row in rows[:15]]}
            ],
        }
        about = Text(
            en="What each offer took off receipts, by the day of the shop; all versions of an offer together. Points that an offer "
            "gave are in the report on points.",
            ru="Сколько каждая акция сняла с чеков, по дню магазина; все версии акции вместе. Баллы, начисленные акциями, — в "
            "отчёте о баллах.",
        )
        return page_of(here, "offers", OFFERS_TITLE, about, (OFFERS, DISCOUNT, CHECKS), rows, plot)

    return await at_console(call, tell, Duty.ANALYST, Duty.MARKETER, Duty.MANAGER)


@routes.get("/console/reports/{name}", query=QUERY, **PAGE)
async def report(call: Call) -> Answer[bytes]:
    """A report by its name."""

    async def tell(here: Here) -> Answer[bytes]:
        found = BY_NAME.get(call.path["name"])
        return here.go("/console/reports") if found is None else await shown(here, found)

    return await at_console(call, tell, *LOOK)


async def shown(here: Here, asked: Report) -> Answer[bytes]:
    first, last = period_of(here)
    async with here.call.services.reports.transaction(readonly=True) as tx:
        found = await totals(here, tx, asked.grain, first, last)
    rows: list[dict[str, Any]] = [{"key": key, **measures(sums)} for key, sums in found]
    drawn = sorted(rows, key=lambda row: -row[asked.plots[0]])[:15] if asked.kind == "shelf" else rows
    words = {column.key: column.words for column in asked.columns}
    is_money = asked.unit == "money"
    plot = {
        "kind": asked.kind,
        "unit": frame_unit(here, asked.unit),
        "x": [row["key"] for row in drawn],
        "series": [
            {
                "name": words[name].say(here.language),
                "data": [row[name] / 100 if is_money else row[name] for row in drawn],
            }
            for name in asked.plots
        ],
    }
    return page_of(here, asked.name, asked.title, asked.about, asked.columns, rows, plot)


def page_of(
    here: Here,
    name: str,
    title: Text,
    about: Text,
    columns: tuple[Column, ...],
    rows: list[dict[str, Any]],
    plot: Mapping[str, Any],
) -> Answer[bytes]:
    first, last = period_of(here)
    sheet = Sheet(
        name=f"{name}-{first}-{last}",
        path=f"/console/reports/{name}",
        title=title,
        about=about,
        empty=Text(
            en="Nothing was sold in this period. Choose another one, or sell something at the till simulator.",
            ru="За этот период ничего не продавали. Выберите другой или продайте что-нибудь в имитаторе кассы.",
        ),
        columns=columns,
        rows=rows,
    )
    return sheets.show(
        here,
        sheet,
        page="console/report.html",
        tabs=TABS,
        first=first.isoformat(),
        last=last.isoformat(),
        longest=LONGEST_DAYS,
        plot=msgspec.json.encode(plot).decode().replace("<", "\\u003c"),
    )


async def totals(here: Here, tx: Tx, grain: Grain, first: date, last: date) -> list[tuple[str, Totals]]:
    """By key, in its order; a shop by its name, the largest first; days and hours of nothing are there too."""
    found = await analytics.stretch(tx, here.shops, first, last, grain)
    if not found:
        return []
    match grain:
        case Grain.SHOP:
            names = here.reference.shops
            pairs = [(names[code].name if code in names else code, sums) for code, sums in found.items()]
            return sorted(pairs, key=lambda pair: -pair[1].paid_minor)
        case Grain.DAY:
            days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
            return [(day, found.get(day, Totals())) for day in days]
        case Grain.HOUR:
            return [(f"{hour:02}", found.get(f"{hour:02}", Totals())) for hour in range(24)]
    return list(found.items())


def measures(sums: Totals) -> dict[str, Any]:
    return {
        "paid": sums.paid_minor,
        "checks": sums.checks,
        "average": sums.average_minor,
        "refunded": sums.refunded_minor,
        "discount": sums.discount_minor,
        "member_paid": sums.member_paid_minor,
        "share": sums.member_share_bp // 100,
        "earned": sums.earned_minor // 100,
        "burned": sums.burned_minor // 100,
        "taken_back": sums.taken_back_minor // 100,
        "late": sums.late_checks,
    }


def period_of(here: Here) -> tuple[date, date]:
    """As asked, a quarter at most; else the last four weeks until today."""
    today = analytics.today_of(here.home_zone, here.now)
    last = _day(here.call.query.get("to")) or today
    first = _day(here.call.query.get("from")) or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        first, last = last, first
    return max(first, last - timedelta(days=LONGEST_DAYS - 1)), last


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def frame_unit(here: Here, unit: str) -> str:
    return here.money(0).rpartition("\N{NO-BREAK SPACE}")[2] if unit == "money" else ""
