"""What a part of a line is worth, down to the unit, from what was stored at the sale.

Units come back in their order, and what k units are worth is a difference of two running totals: so
partial returns in any order add up to the whole, to the kopeck and to the point.
"""

from dataclasses import dataclass

from vokrug.kernel import Rounding, round_ratio
from vokrug.pos.document import PricedLine


@dataclass(frozen=True)
class Portion:
    """Money and points of a part of a line."""

    net_minor: int
    points_off_minor: int
    points_burn_minor: int
    earn_by_grant: tuple[int, ...]

    def __sub__(self, other: "Portion") -> "Portion":
        return Portion(
            self.net_minor - other.net_minor,
            self.points_off_minor - other.points_off_minor,
            self.points_burn_minor - other.points_burn_minor,
            tuple(a - b for a, b in zip(self.earn_by_grant, other.earn_by_grant, strict=True)),
        )

    def __add__(self, other: "Portion") -> "Portion":
        return Portion(
            self.net_minor + other.net_minor,
            self.points_off_minor + other.points_off_minor,
            self.points_burn_minor + other.points_burn_minor,
            tuple(a + b for a, b in zip(self.earn_by_grant, other.earn_by_grant, strict=True)),
        )


def up_to(line: PricedLine, qty_milli: int, grants: int) -> Portion:
    """The running total of a line's first `qty_milli` thousandths. A part of a unit (weighed goods) gets its
    exact share, rounded half to even.
    """
    total = Portion(0, 0, 0, (0,) * grants)
    left = qty_milli
    for run in line.units:
        earn = tuple(run.earn_by_grant) + (0,) * (grants - len(run.earn_by_grant))
        whole = min(run.units, left // run.unit_qty_milli)
        total = total + Portion(
            whole * run.net_minor,
            whole * run.points_off_minor,
            whole * run.points_burn_minor,
            tuple(whole * part for part in earn),
        )
        left -= whole * run.unit_qty_milli
        if whole < run.units:
            if left:
                net, off, burn, *parts = (
                    round_ratio(part * left, run.unit_qty_milli, Rounding.HALF_EVEN)
                    for part in (run.net_minor, run.points_off_minor, run.points_burn_minor, *earn)
                )
                total = total + Portion(net, off, burn, tuple(parts))
            break
    return total


def portion(line: PricedLine, from_milli: int, to_milli: int, grants: int) -> Portion:
    """What the units between two running quantities are worth."""
    return up_to(line, to_milli, grants) - up_to(line, from_milli, grants)
