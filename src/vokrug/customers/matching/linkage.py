"""Records into people: average linkage over pairs with weights.

Chains (a like b, b like c, and so on to somebody else) are what transitive closure makes of many records. Two
groups become one while the mean weight between all their members is high enough; a pair that was never looked at, for
it shares no key, counts as mild evidence against. Sokal and Michener (1958), UPGMA, on a sparse graph.
"""

import heapq
from collections.abc import Iterable, Iterator

Edge = tuple[int, int, float]
MOST = 15.0  # bits: one pair, however sure, does not outvote many
UNSEEN = -3.0  # bits, of a pair that shares no key
ENOUGH = -1.0  # bits, mean between two groups that are one person


def people(edges: Iterable[Edge]) -> Iterator[list[int]]:
    """Groups of two records and more. Edges are (record, record, weight in bits)."""
    edges = list(edges)
    root: dict[int, int] = {}

    def find(one: int) -> int:
        while (above := root.setdefault(one, one)) != one:
            root[one] = root.setdefault(above, above)
            one = above
        return one

    for a, b, weight in edges:
        if weight > ENOUGH:
            root[find(a)] = find(b)
    together: dict[int, list[Edge]] = {}
    for edge in edges:
        if edge[0] in root and edge[1] in root and (where := find(edge[0])) == find(edge[1]):
            together.setdefault(where, []).append(edge)
    edges.clear()
    for component in together.values():
        yield from linked(component)


def linked(edges: Iterable[Edge]) -> Iterator[list[int]]:
    """The groups of one component."""
    near: dict[int, dict[int, tuple[float, int]]] = {}
    members: dict[int, list[int]] = {}
    for a, b, bits in edges:
        weight = max(-MOST, min(MOST, bits))
        near.setdefault(a, {})[b] = near.setdefault(b, {})[a] = (weight, 1)
        members[a], members[b] = [a], [b]
    heap = [(-weight, a, b) for a in near for b, (weight, _) in near[a].items() if a < b and weight > ENOUGH]
    heapq.heapify(heap)
    new = max(near) + 1
    while heap:
        _, a, b = heapq.heappop(heap)
        if a not in members or b not in members:
            continue
        joined = join(near, a, b, new)
        members[new] = members.pop(a) + members.pop(b)
        for other, (weight, seen) in joined.items():
            pairs = len(members[new]) * len(members[other])
            mean = (weight + UNSEEN * (pairs - seen)) / pairs
            if mean > ENOUGH:
                heapq.heappush(heap, (-mean, other, new))
        new += 1
    for group in members.values():
        if len(group) > 1:
            yield sorted(group)


def join(near: dict[int, dict[int, tuple[float, int]]], a: int, b: int, new: int) -> dict[int, tuple[float, int]]:
    """One group of two: what was near either is near it, with sums of weights and how many pairs they are of."""
    large, small = near.pop(a), near.pop(b)
    if len(large) < len(small):
        large, small = small, large
    for other, (weight, seen) in small.items():
        known, count = large.get(other, (0.0, 0))
        large[other] = (known + weight, count + seen)
    large.pop(a, None)
    large.pop(b, None)
    for other, sums in large.items():
        theirs = near[other]
        theirs.pop(a, None)
        theirs.pop(b, None)
        theirs[new] = sums
    near[new] = large
    return large
