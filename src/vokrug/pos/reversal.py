"""How much of a sale a return takes with it, decided without I/O: the return policy at work.

What a sale brought is given back by units. A policy may say otherwise for points, and it was pinned with the sale.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec

from vokrug import ledger
from vokrug.kernel import Rounding, format_minor, round_ratio, share_out
from vokrug.pos.document import Document, ReturnTerms
from vokrug.pos.errors import RefundExceeds, ReturnEmpty, ReturnExceeds, ReturnGoodsUnknown, ReturnLineUnknown
from vokrug.pos.portions import Portion, portion

Asked = list[tuple[int | str, int | None]]  # line, or sku; thousandths; None: all that is left
AskedLines = list[tuple[int, int | None]]
Taken = list[tuple[int, int, int]]  # lot, amount, funder
LineBack = tuple[int, int, int, int, int]  # line, thousandths, money, points restored, points taken back


@dataclass(slots=True)
class SoFar:
    """What earlier returns of the sale gave back and took."""

    qty_milli: dict[int, int] = field(default_factory=dict)
    by_line: dict[int, int] = field(default_factory=dict)
    refunded: int = 0
    restored: int = 0
    taken_back: int = 0
    to_cards: dict[int, int] = field(default_factory=dict)
    to_money: int = 0

    @classmethod
    def of(cls, rows: Sequence[Any]) -> "SoFar":
        so_far = cls()
        for row in rows:
            for n, qty, refunded, *_ in msgspec.json.decode(row["lines"], type=list[LineBack]):
                so_far.qty_milli[n] = so_far.qty_milli.get(n, 0) + qty
                so_far.by_line[n] = so_far.by_line.get(n, 0) + refunded
            so_far.refunded += row["refunded_minor"]
            so_far.restored += row["restored_minor"]
            so_far.taken_back += row["taken_back_minor"] + row["written_off_minor"]
            for number, _, amount in msgspec.json.decode(row["tenders"], type=list[tuple[int, str, int]]):
                if number:
                    so_far.to_cards[number] = so_far.to_cards.get(number, 0) + amount
                else:
                    so_far.to_money += amount
        return so_far


@dataclass(frozen=True, slots=True)
class Worth:
    """What comes back, line by line. A refund of money alone has no lines."""

    lines: list[tuple[int, int, Portion]]  # line, thousandths, its share
    total: Portion
    is_rest: bool  # nothing is left to come back after it


def by_lines(document: Document, asked: Asked, so_far: SoFar) -> AskedLines:
    """Goods named by what they are, shared out over the lines that sold them: those that cost least come back first,
    for nobody can tell which of them it is.
    """
    lines: dict[int, int | None] = {what: qty for what, qty in asked if isinstance(what, int)}
    gone = {line.n: so_far.qty_milli.get(line.n, 0) for line in document.sold}
    for line in document.sold:
        if line.n in lines:
            gone[line.n] = line.qty_milli if lines[line.n] is None else gone[line.n] + (lines[line.n] or 0)
    for what, qty in asked:
        if isinstance(what, int):
            continue
        sold = [line for line in document.sold if line.sku == what]
        left = {line.n: max(0, line.qty_milli - gone[line.n]) for line in sold}
        wanted = sum(left.values()) if qty is None else qty
        if not sold or wanted > sum(left.values()):
            raise ReturnGoodsUnknown(sku=what, left=format_minor(sum(left.values()), 3))
        for line in sorted(sold, key=lambda one: (Fraction(one.net_minor, one.qty_milli), one.n)):
            if part := min(wanted, left[line.n]):
                lines[line.n] = (lines.get(line.n) or 0) + part
                gone[line.n] += part
                wanted -= part
    if asked and not lines:
        raise ReturnEmpty()
    return list(lines.items())


def worth_of(document: Document, asked: AskedLines, so_far: SoFar) -> Worth:
    """The share of the lines asked for, after what came back before. No lines named: everything that is left."""
    by_number = {line.n: line for line in document.sold}
    grants = len(document.grants)
    lines, total = [], Portion(0, 0, 0, (0,) * grants)
    for n, qty_milli in asked or [(line.n, None) for line in document.sold]:
        line = by_number.get(n)
        if line is None:
            raise ReturnLineUnknown(n=n)
        before = so_far.qty_milli.get(n, 0)
        left = line.qty_milli - before
        qty = left if qty_milli is None else qty_milli
        if qty > left:
            raise ReturnExceeds(n=n, left=format_minor(left, 3))
        if qty == 0:
            continue
        share = portion(line, before, before + qty, grants)
        lines.append((n, qty, share))
        total = total + share
    if not lines:
        raise ReturnEmpty()
    came = dict(so_far.qty_milli)
    for n, qty, _ in lines:
        came[n] = came.get(n, 0) + qty
    return Worth(lines, total, all(came.get(line.n, 0) == line.qty_milli for line in document.sold))


def money_only(document: Document, asked_minor: int, paid_minor: int, so_far: SoFar) -> Worth:
    """A reduction after the sale: money without goods, and its share of the points."""
    left = paid_minor - so_far.refunded
    if asked_minor > left:
        raise RefundExceeds(left=format_minor(left))
    if asked_minor == 0:
        raise ReturnEmpty()
    earned = []
    for i in range(len(document.grants)):
        points = document.grants[i].points_minor
        before = round_ratio(points * so_far.refunded, paid_minor, Rounding.DOWN)
        earned.append(round_ratio(points * (so_far.refunded + asked_minor), paid_minor, Rounding.DOWN) - before)
    return Worth([], Portion(asked_minor, 0, 0, tuple(earned)), asked_minor == left)


def refund_of(worth: Worth, paid_minor: int, so_far: SoFar) -> Worth:
    """Units are refunded as they were paid, less what a reduction after the sale gave back already."""
    left = max(0, paid_minor - so_far.refunded)
    if worth.total.net_minor <= left:
        return worth
    shares = share_out(left, [part.net_minor for _, _, part in worth.lines])
    lines = [
        (n, qty, Portion(share, part.points_off_minor, part.points_burn_minor, part.earn_by_grant))
        for (n, qty, part), share in zip(worth.lines, shares, strict=True)
    ]
    total = worth.total
    cut = Portion(left, total.points_off_minor, total.points_burn_minor, total.earn_by_grant)
    return Worth(lines, cut, worth.is_rest)


def earned_back(
    terms: ReturnTerms,
    document: Document,
    worth: Worth,
    paid_minor: int,
    so_far: SoFar,
    for_money: Callable[[int, int], int],
) -> list[int]:
    """Earned points to take, grant by grant. `for_money` says what a grant's rule gives for so much money."""
    grants = [grant.points_minor for grant in document.grants]
    refunded = worth.total.net_minor
    match terms.earned:
        case "reverse":
            return list(worth.total.earn_by_grant)
        case "by_refund_amount":
            if not paid_minor:
                return list(worth.total.earn_by_grant)
            to, before = so_far.refunded + refunded, so_far.refunded
            return [
                round_ratio(points * to, paid_minor, Rounding.DOWN)
                - round_ratio(points * before, paid_minor, Rounding.DOWN)
                for points in grants
            ]
        case _:
            left = sum(grants) - so_far.taken_back
            back = []
            for i in range(len(grants)):
                part = min(left, grants[i], for_money(i, refunded))
                back.append(part)
                left -= part
            return back


def burned_back(terms: ReturnTerms, worth: Worth, burned_minor: int, so_far: SoFar) -> int:
    """Burned points to give back."""
    left = max(0, burned_minor - so_far.restored)
    match terms.burned:
        case "restore_to_lot":
            return min(worth.total.points_burn_minor, left)
        case "restore_on_full_return":
            return left if worth.is_rest else 0
        case _:
            return 0


def lots_to_restore(
    burned: Sequence[Any], skip: int, amount: int, now: datetime
) -> tuple[list[tuple[int, int, int]], int]:
    """Which lots get burned points back: the last taken first, so the points that live longest come back
    first. The second answer is how many belong to lots that have lapsed since.
    """
    restore, lapsed = [], 0
    for row in reversed(burned):
        passed = min(skip, row["amount"])
        skip -= passed
        part = min(amount, row["amount"] - passed)
        if part <= 0:
            continue
        amount -= part
        if row["expires_at"] <= now:
            lapsed += part
        else:
            restore.append((row["lot_id"], part, row["funder"]))
    return restore, lapsed


@dataclass(frozen=True, slots=True)
class Reach:
    """Where earned points are taken from, what stays owed, and what is given up."""

    lots: Taken
    owed: int
    written_off: int


def points_in_reach(
    shortfall: str,
    own: Sequence[ledger.FreeLot],
    pending: set[int],
    others: Sequence[ledger.FreeLot],
    earned: Sequence[int],
) -> Reach:
    """Earned points are taken from the lots the sale granted, then from others in burn order. What is no longer
    there is owed, or written off, as the policy says; the most careful one touches only what nobody could spend.
    """
    if shortfall == "only_pending":
        own = [ledger.FreeLot(lot.id, lot.free if lot.id in pending else 0, lot.funder) for lot in own]
        others = []
    lots, short = lots_to_take(own, others, earned)
    if shortfall in ("only_pending", "within_balance"):
        return Reach(lots, 0, short)
    return Reach(lots, short, 0)


def lots_to_take(
    own: Sequence[ledger.FreeLot], others: Sequence[ledger.FreeLot], earned: Sequence[int]
) -> tuple[Taken, int]:
    taken: dict[int, tuple[int, int]] = {}
    short = 0
    for lot, part in zip(own, earned, strict=False):
        got = min(lot.free, part)
        if got:
            taken[lot.id] = (got, lot.funder)
        short += part - got
    short += sum(earned[len(own) :])
    for lot_id, got, funder in ledger.choose_lots(
        [ledger.FreeLot(lot.id, lot.free - taken.get(lot.id, (0, 0))[0], lot.funder) for lot in others], short
    ):
        before = taken.get(lot_id, (0, funder))[0]
        taken[lot_id] = (before + got, funder)
        short -= got
    return [(lot_id, part, funder) for lot_id, (part, funder) in taken.items()], short
