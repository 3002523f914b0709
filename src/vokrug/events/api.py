"""The log over HTTP."""

import msgspec

from vokrug.events import operations, rules, store
from vokrug.events.envelopes import cloud_event_json
from vokrug.events.errors import CursorMalformed, EventTypeUnknown, LimitMalformed
from vokrug.events.personal import reveal
from vokrug.events.schemas import EventPage
from vokrug.events.types import Installation
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("events")

READERS = [Role.PARTNER, Role.STAFF]
MOST_EVENTS = 1_000


@routes.get(
    "/v1/events",
    answers={200: EventPage},
    refusals=[CursorMalformed, LimitMalformed, EventTypeUnknown],
    roles=READERS,
    query={"partition": int, "after": str, "limit": int, "types": str},
)
async def read_events(call: Call) -> Answer[EventPage]:
    """Read the log from a place on.

    Without `after` from its beginning; without `partition` all of them, each with an equal share of
    `limit`. `types` is a comma-separated list; who asks for a version is given older ones raised to it. Order
    holds within a partition: one key is always in one. Personal data are absent: subscriptions reveal them.
    """
    limit, types = _limit(call), call.query.get("types")
    names = types.split(",") if types else None
    async with call.db.transaction(readonly=True) as tx:
        await operations.require_types(tx, names or ())
        page = await operations.read_page(tx, _after(call, await store.partitions(tx)), limit, names)
        told = await reveal(tx, page.envelopes, frozenset())
    installation = call.services.parts.get(Installation, Installation())
    events = [msgspec.Raw(cloud_event_json(envelope, installation)) for envelope in told]
    return Answer(EventPage(events, rules.format_cursor(page.next), page.has_more))


def _after(call: Call, partitions: int) -> dict[int, int]:
    after, given = call.query.get("after", ""), call.query.get("partition", "")
    if not given:
        return rules.parse_cursor(after, partitions)
    if (only := rules.whole(given, partitions - 1)) is None:
        raise CursorMalformed(given=given[:80])
    return rules.parse_cursor(after, partitions, only)


def _limit(call: Call) -> int:
    given = call.query.get("limit", "100")
    if not (limit := rules.whole(given, MOST_EVENTS)):
        raise LimitMalformed(most=MOST_EVENTS, given=given[:80])
    return limit
