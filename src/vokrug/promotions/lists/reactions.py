"""Segments of customers are lists to offers: `list:segment.<key>` is read at the till like any other."""

from datetime import datetime

from vokrug import customers, events
from vokrug.promotions import store as offers
from vokrug.promotions.lists import store
from vokrug.runtime.database import Tx

PREFIX = "segment."
BY = "segments"


@events.reaction("promotions.follow_segments", on=[customers.SegmentEntered, customers.SegmentLeft])
async def follow_segments(tx: Tx, told: events.Envelope, now: datetime) -> None:
    """Whoever enters a segment is put on its list, and whoever leaves is taken off."""
    enters = told.type == customers.SegmentEntered.__event__.name
    segment = told.read(customers.SegmentEntered).segment if enters else told.read(customers.SegmentLeft).segment
    key = PREFIX + segment
    number = await store.find(tx, key)
    if number is None:
        number = await store.save(tx, key, key, by=BY, now=now)
        await offers.raise_counter(tx)
    if enters:
        await store.add(tx, number, [told.key])
    else:
        await store.remove(tx, number, [told.key])
