"""Offers, findings and backtests for a person at a terminal."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vokrug import promotions
from vokrug.kernel import format_minor
from vokrug.promotions.engine import Finding
from vokrug.promotions.exchange import LineTaken
from vokrug.promotions.types import OfferCard, OfferRow

COLOURS = {"refuse": "red", "warn": "yellow"}


def show_rows(console: Console, rows: Sequence[OfferRow]) -> None:
    table = Table("number", "key", "name", "kind", "owner", "newest", "runs")
    for row in rows:
        live = f"{row.live_version} {row.live_state}" if row.live_version else ""
        newest = f"{row.newest_version} {row.newest_state}"
        table.add_row(str(row.number), row.key, escape(row.name), row.kind, escape(row.owner), newest, live)
    console.print(table)


def show_card(console: Console, card: OfferCard) -> None:
    table = Table("version", "did", "by", "at", "said", title=escape(f"{card.offer.key}: {card.offer.name}"))
    for entry in card.audit:
        said = "\n".join(f"{finding.severity}: {finding.en}" for finding in entry.findings)
        table.add_row(str(entry.version), entry.action, escape(entry.by), f"{entry.at:%Y-%m-%d %H:%M}", escape(said))
    console.print(table)


def show_findings(console: Console, findings: Mapping[str, Sequence[Finding]], language: str) -> None:
    for key, each in findings.items():
        for finding in each:
            colour, text = COLOURS[finding.severity], finding.ru if language == "ru" else finding.en
            console.print(f"[{colour}]{finding.severity:6}[/] {key} {finding.field}: {escape(text)} ({finding.code})")


def show_taken(console: Console, where: str, taken: LineTaken) -> None:
    if taken.outcome == "refused":
        console.print(f"[red]refused[/] {escape(where)} {escape(taken.field)}: {escape(taken.why)}")
    elif taken.outcome != "unchanged":
        console.print(f"{taken.outcome:7} {taken.key}")
        for edit in taken.edits:
            console.print(f"          {escape(f'{edit.path}: {edit.before!r} → {edit.after!r}')}")


def show_report(console: Console, report: promotions.BacktestReport) -> None:
    total, points, margin = report.total, report.liability, report.margin
    table = Table(show_header=False, box=None)
    table.add_column(justify="left")
    table.add_column(justify="right")
    for name, value in (
        ("receipts", f"{total.receipts:,}"),
        ("redeemed", f"{total.redeemed:,} ({report.redemption_bp / 100:g} %)"),
        ("changed", f"{total.changed:,}"),
        ("customers", f"{report.customers:,}"),
        ("extra discount", format_minor(total.extra_discount_minor)),
        ("extra points", format_minor(total.extra_points_minor)),
        ("cost, points at their value", format_minor(report.cost_minor)),
        ("paid in money, more or less", format_minor(total.extra_paid_minor)),
        ("liability today", format_minor(points.today_minor)),
        ("liability it would add", format_minor(points.added_minor)),
        ("breakage", f"{points.breakage_bp / 100:g} %" + ("" if points.breakage_observed else " (not observed)")),
    ):
        table.add_row(name, value)
    if margin.lines:
        table.add_row("margin, where cost is known", format_minor(margin.before_minor))
        table.add_row("the same with the change", format_minor(margin.after_minor))
    else:
        table.add_row("margin", "no article's cost is known")
    console.print(table)
    if report.by_offer:
        offers = Table("offer", "redeemed", "discount", "points")
        for key, sums in report.by_offer.items():
            offers.add_row(
                key, f"{sums.redeemed:,}", format_minor(sums.discount_minor), format_minor(sums.points_minor)
            )
        console.print(offers)
    if report.most_changed:
        changed = Table("receipt", "shop", "paid before", "paid after", "worth", title="changed most")
        for one in report.most_changed[:5]:
            paid = format_minor(one.paid_before_minor), format_minor(one.paid_after_minor)
            changed.add_row(one.check_uid, one.shop, *paid, format_minor(one.worth_minor))
        console.print(changed)
