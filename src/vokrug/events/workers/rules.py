"""Who should hold what, without I/O."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from vokrug.events.workers.types import Lease, Share


def fair_share(works: Collection[str], sizes: Mapping[str, int], workers: Mapping[UUID, Collection[str]]) -> float:
    """How many shares a worker with these works should hold: of each work an equal part."""
    offering = Counter(work for offered in workers.values() for work in offered)
    return sum(sizes[work] / offering[work] for work in works if work in sizes)


def plan(me: UUID, workers: Mapping[UUID, Collection[str]], leases: Sequence[Lease]) -> tuple[list[Share], list[Share]]:
    """What to let go of, and what to take: nothing moves that need not.

    Nobody holds more than the next whole number above a fair share. While somebody has less than the whole
    number below it, nobody keeps more than that either.
    """
    sizes = Counter(lease.work for lease in leases)
    held = Counter(lease.worker for lease in leases if lease.worker in workers)
    fair = {worker: fair_share(works, sizes, workers) for worker, works in workers.items()}
    most = math.ceil(fair[me])
    is_free = {lease.share for lease in leases if lease.worker not in workers and lease.work in workers[me]}
    if any(held[worker] < math.floor(share) for worker, share in fair.items() if worker != me) and not is_free:
        most = max(1, math.floor(fair[me]))
    mine = sorted(lease.share for lease in leases if lease.worker == me)
    lets_go = [share for share in mine if share.work not in workers[me]]
    keeps = [share for share in mine if share.work in workers[me]]
    lets_go += keeps[most:]
    return lets_go, sorted(is_free)[: max(0, most - len(keeps))]
