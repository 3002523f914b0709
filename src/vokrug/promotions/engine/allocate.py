"""Sharing whole amounts: over lines, over units, over rows of a receipt. Nothing lost, nothing made up."""

from collections.abc import Sequence
from operator import le

from vokrug.kernel import share_out
from vokrug.promotions.engine.priced import Split


def share_with_room(total: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Share by weight, no part larger than its room; what one cannot take moves to the others.

    Rooms are never larger than weights. When all the rooms together are too small, less is shared.
    """
    left = min(total, sum(rooms))
    if left <= 0:
        return [0] * len(weights)
    shares = share_out(left, weights)
    if all(map(le, shares, rooms)):
        return shares  # nobody is full: the usual case
    shares = [0] * len(weights)
    open_parts = [i for i, room in enumerate(rooms) if room > 0]
    while left > 0:
        tried = dict(zip(open_parts, share_out(left, [weights[i] for i in open_parts]), strict=True))
        full = [i for i, share in tried.items() if share > rooms[i]]
        for i in full or open_parts:
            shares[i] = min(tried[i], rooms[i])
            left -= shares[i]
        open_parts = [i for i in open_parts if i not in set(full)]
    return shares


def deal(total: int, runs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Share by weight over units that come as runs of `(units, weight of each)`.

    Largest remainder, equal ones to the earlier unit. Answers `(run, units, share of each)`: the last
    run to receive an odd minor unit is cut in two, so the runs stay few however many units there are.
    """
    if total == 0:
        return [(run, units, 0) for run, (units, _) in enumerate(runs)]
    if len(runs) == 1:
        units = runs[0][0]
        share, odd = divmod(total, units)
        first = [(0, odd, share + 1)] if odd else []
        return [*first, (0, units - odd, share)]
    whole = sum(units * weight for units, weight in runs)
    if whole == 0:  # nothing to weigh by: every unit alike
        runs = [(units, 1) for units, _ in runs]
        whole = sum(units for units, _ in runs)
    floors = [total * weight // whole for _, weight in runs]
    odd = total - sum(units * floor for (units, _), floor in zip(runs, floors, strict=True))
    extra = [0] * len(runs)
    for run in sorted(range(len(runs)), key=lambda run: (-(total * runs[run][1] % whole), run)):
        extra[run] = min(odd, runs[run][0])
        odd -= extra[run]
    dealt = []
    for run, (units, _) in enumerate(runs):
        if extra[run]:
            dealt.append((run, extra[run], floors[run] + 1))
        if units > extra[run]:
            dealt.append((run, units - extra[run], floors[run]))
    return dealt


def split_weighed(qty_milli: int, price_minor: int, sum_minor: int) -> tuple[Split, ...]:
    """Receipt rows of a weighed line: one if some price gives the sum, else two prices a kopeck apart."""
    if times(price_minor, qty_milli) == sum_minor:
        return (Split(qty_milli, price_minor, sum_minor),)
    low = sum_minor * 1000 // qty_milli
    for price in (low, low + 1):
        if times(price, qty_milli) == sum_minor:
            return (Split(qty_milli, price, sum_minor),)
    # Exactly `dearer` thousandths at the next kopeck make up what the lower price leaves short; a
    # neighbour is tried because both halves may round up.
    dearer = sum_minor * 1000 - low * qty_milli
    for dear in (dearer, dearer - 1, dearer + 1):
        rows = (qty_milli - dear, low), (dear, low + 1)
        if 0 < dear < qty_milli and sum(times(price, qty) for qty, price in rows) == sum_minor:
            return tuple(Split(qty, price, times(price, qty)) for qty, price in rows)
    return (Split(qty_milli, low, sum_minor),)


def times(price_minor: int, qty_milli: int) -> int:
    """Price × quantity, rounded half up, as every till does."""
    return (price_minor * qty_milli + 500) // 1000


def deal_with_room(total: int, runs: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Share by weight over units that come as runs of `(units, weight of each, room of each)`.

    Like `deal`, but no unit gets more than its room; what one cannot take moves to the others. The total is
    no more than all the rooms. Runs keep their order; a run may be cut in two.
    """
    if len(runs) == 1:
        units = runs[0][0]
        share, odd = divmod(total, units)
        first = [(0, odd, share + 1)] if odd else []
        return [*first, (0, units - odd, share)]
    full: dict[int, int] = {}
    while True:
        rest = [(at, units, weight) for at, (units, weight, _) in enumerate(runs) if at not in full]
        left = total - sum(runs[at][0] * room for at, room in full.items())
        dealt = deal(left, [(units, weight) for _, units, weight in rest])
        over = {rest[run][0] for run, _, share in dealt if share > runs[rest[run][0]][2]}
        if not over:
            break
        full |= {at: runs[at][2] for at in over}
    found = [(rest[run][0], units, share) for run, units, share in dealt]
    found += [(at, runs[at][0], room) for at, room in full.items()]
    return sorted(found, key=lambda part: part[0])
