"""Receipts that were printed otherwise than the centre would have had them, as shops look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.runtime.database import Tx

# The newest of all shops walk one index; those of some shops, each shop's own.
DEVIATIONS = """
    select d.check_id, s.code as shop, s.currency, d.at, d.kind, d.expected_minor, d.printed_minor, d.points_short_minor
      from pos_deviation d join pos_shop s on s.id = d.shop_id
     where d.at >= $2 and s.code = any($1) order by d.at desc limit $3
"""


@dataclass(frozen=True, slots=True)
class Deviation:
    """What the centre would have charged, and what was printed."""

    check_id: UUID
    shop: str
    currency: str
    at: datetime
    kind: str
    expected_minor: int
    printed_minor: int
    points_short_minor: int


async def deviations(tx: Tx, shops: Sequence[str], since: datetime, limit: int) -> Sequence[Deviation]:
    """Of these shops, the newest first."""
    return await tx.all(Deviation, DEVIATIONS, list(shops), since, limit)
