"""A receipt that was printed otherwise than promised: what each unit was sold for, so that a return gives
back what was paid.
"""

from collections.abc import Sequence

from vokrug.kernel import share_out
from vokrug.pos.baskets import amount
from vokrug.pos.document import Document, PricedLine, Unit, replace
from vokrug.pos.schemas import Claimed


def as_printed(document: Document, claimed: Claimed) -> list[PricedLine]:
    """The lines with the till's own sums if it named them all; else each bears its share of the total."""
    printed = amount(claimed.to_pay, "claimed/to_pay") + document.cards_minor - document.delivery_minor
    named = {line.n: amount(line.sum, "claimed/lines") for line in claimed.lines}
    if named.keys() == {line.n for line in document.lines} and sum(named.values()) == printed:
        sums = [named[line.n] for line in document.lines]
    else:
        sums = shared(printed, [line.net_minor for line in document.lines])
    return [
        replace(line, net_minor=net, units=units_of(line.units, net))
        for line, net in zip(document.lines, sums, strict=True)
    ]


def units_of(runs: Sequence[Unit], net_minor: int) -> list[Unit]:
    """A line's sum down to its units; within a run the first ones bear the odd kopecks."""
    units = []
    for run, part in zip(runs, shared(net_minor, [run.units * run.net_minor for run in runs]), strict=True):
        each, odd = divmod(part, run.units)
        for count, net in ((odd, each + 1), (run.units - odd, each)):
            if count:
                units.append(replace(run, units=count, net_minor=net))
    return units


def shared(total: int, weights: Sequence[int]) -> list[int]:
    return share_out(total, weights if any(weights) else [1] * len(weights))
