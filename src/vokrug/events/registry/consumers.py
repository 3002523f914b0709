"""Who reads facts: they say so themselves, are asked before a change, and answer for what must be acted upon."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vokrug.events import rules
from vokrug.events.errors import (
    ConsumerNameMalformed,
    ConsumerNotYours,
    ConsumerUnknown,
    EventFieldUnknown,
    EventTypeUnknown,
    NothingToAcknowledge,
)
from vokrug.events.registry import store
from vokrug.events.registry.store import Consumer, Owed, Reading
from vokrug.runtime.database import Tx

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


async def register_consumer(
    tx: Tx, consumer: Consumer, readings: Sequence[Reading], *, by: str, is_staff: bool
) -> Consumer:
    """Write down who reads what. Safe to repeat; the last word counts. Only fields that exist can be read."""
    if not NAME.fullmatch(consumer.name):
        raise ConsumerNameMalformed(given=consumer.name[:80])
    await require_consumers_key(tx, consumer.name, by=by, is_staff=is_staff, must_exist=False)
    cards = {card.name: card for card in await store.list_types(tx, [one.type for one in readings])}
    for one in readings:
        if (card := cards.get(one.type)) is None:
            raise EventTypeUnknown(name=one.type)
        known = fields_of(card.schema)
        for field in one.fields or ():
            if field not in known:
                raise EventFieldUnknown(name=one.type, field=field[:100])
    keys = sorted({*consumer.keys, *(() if is_staff else (by,))})
    await store.write_consumer(tx, replace(consumer, keys=keys), readings)
    (written,) = await store.consumers(tx, consumer.name)
    return written


async def require_consumers_key(tx: Tx, name: str, *, by: str, is_staff: bool, must_exist: bool = True) -> None:
    """The one check of who may speak for a consumer. Locks it until the commit."""
    keys = await store.lock_consumer(tx, name)
    if keys is None and must_exist:
        raise ConsumerUnknown(name=name)
    if keys is not None and not is_staff and by not in keys:
        raise ConsumerNotYours(name=name)


async def forget_consumer(tx: Tx, name: str, *, by: str, is_staff: bool) -> None:
    """A system that reads no more: it is asked no more, and owes nothing."""
    await require_consumers_key(tx, name, by=by, is_staff=is_staff)
    await store.forget_consumer(tx, name)


async def acknowledge(tx: Tx, name: str, events: Collection[UUID], *, by: str, is_staff: bool, now: datetime) -> None:
    """A consumer says that it acted on these facts. All or nothing; said twice, the first time counts."""
    await require_consumers_key(tx, name, by=by, is_staff=is_staff)
    known = await store.acknowledge(tx, name, events, now, by)
    for event in events:
        if str(event) not in known:
            raise NothingToAcknowledge(consumer=name, event=str(event))


async def missing_acknowledgements(
    tx: Tx, now: datetime, *, consumer: str | None, within_days: int, limit: int, after: Owed | None = None
) -> list[Owed]:
    """Who has not acted on what: due by now, or within so many days from now. The longest overdue first."""
    return await store.missing(tx, now + timedelta(days=within_days), consumer, limit, after)


def fields_of(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every field of a fact by its path, "lines[].sku", with the schema it is described by."""
    found: dict[str, Mapping[str, Any]] = {}
    _collect(schema, schema, "", (), found)
    return found


def _collect(schema: Any, root: Any, at: str, path: tuple[str, ...], found: dict[str, Mapping[str, Any]]) -> None:
    if "$ref" in schema:
        if schema["$ref"] in path:
            return
        path = (*path, schema["$ref"])
    schema = rules.follow(schema, root)
    for step, part in rules.parts(schema):
        place = f"{at}{step}".lstrip(".")
        if step.startswith("."):
            found.setdefault(place, part)
        _collect(part, root, place, path, found)
