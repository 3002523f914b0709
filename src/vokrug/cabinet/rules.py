"""Decisions without I/O: how a history is put together, which consents a person changes by themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime

from vokrug.cabinet.types import HistoryPage, Line, LineKind
from vokrug.customers import ConsentState
from vokrug.kernel import format_minor
from vokrug.ledger import PointsLine
from vokrug.pos import Receipt
from vokrug.promotions import METRICS, Done, Needs

PAGE = 30
SYMBOLS = {"RUB": "₽", "EUR": "€", "USD": "$", "GBP": "£"}
NO_BREAK = "\N{NO-BREAK SPACE}"

KINDS = {"grant": LineKind.GIFT, "expiry": LineKind.LAPSED}


def history(receipts: Sequence[Receipt], beside: Sequence[PointsLine], *, size: int = PAGE) -> HistoryPage:
    """One page of two lists, each with one line more than a page if it has more. Lines of one moment stay together."""
    lines = sorted([*map(_bought, receipts), *map(_moved, beside)], key=lambda line: line.at, reverse=True)
    if len(lines) <= size:
        return HistoryPage(lines, None)
    shown = [line for line in lines[:size] if line.at > lines[size].at]
    if not shown:  # more lines of one moment than a page has; of earlier ones not all may have been brought
        shown = [line for line in lines if line.at == lines[0].at]
    return HistoryPage(shown, shown[-1].at)


def _bought(receipt: Receipt) -> Line:
    return Line(
        at=receipt.at,
        kind=LineKind(receipt.kind),
        received_minor=receipt.received_minor,
        given_minor=receipt.given_minor,
        money_minor=receipt.money_minor,
        currency=receipt.currency,
        shop=receipt.shop,
        zone=receipt.zone,
    )


def _moved(line: PointsLine) -> Line:
    kind = KINDS.get(line.kind, LineKind.OTHER)
    return Line(line.at.astimezone(UTC), kind, max(0, line.amount), max(0, -line.amount))


def is_own(consent: ConsentState) -> bool:
    """Does the person take it back with a switch? Products are left, and the account's terms end with the account."""
    return not consent.purpose.startswith(("share.", "link.", "accounts."))


def said_amount(minor: int, language: str) -> str:
    """12345.60 as people write it: 12 345,60 or 12,345.60."""
    whole, _, rest = format_minor(abs(minor)).partition(".")
    mark, gap = (",", NO_BREAK) if language == "ru" else (".", ",")
    sign = "−" if minor < 0 else ""
    return f"{sign}{int(whole):,}".replace(",", gap) + (f"{mark}{rest}" if rest and rest != "00" else "")


def said_money(minor: int, currency: str, language: str) -> str:
    return f"{said_amount(minor, language)}{NO_BREAK}{SYMBOLS.get(currency, currency)}"


def progress(needs: Needs, done: Done, match: str) -> int:
    """How much of what a tier asks is done, in whole per cent: the least of it, or with `any` the most."""
    shares = [
        100 if not asked else min(100, done.of(metric) * 100 // asked)
        for metric in METRICS
        if (asked := needs.of(metric)) is not None
    ]
    if not shares:
        return 100
    return max(shares) if match == "any" else min(shares)


def older_than(said: datetime | None, now: datetime) -> datetime:
    return now if said is None else min(said, now)
