"""Types are written down here, whoever declares them: our code at its start, other systems over HTTP.

A schema is compared with every schema the type ever had, and with what registered consumers read. What would break
somebody is refused with their name, in the transaction that would have written it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from vokrug.events import rules
from vokrug.events.catalogue import CATALOGUE, Catalogue
from vokrug.events.errors import ConsumerWouldBreak, EventTypeNotYours, SchemaIncompatible
from vokrug.events.registry import store
from vokrug.events.registry.compatibility import Change, changes
from vokrug.events.registry.store import Reading
from vokrug.events.types import Compatibility, EventType, Origin, TypeCard
from vokrug.runtime.database import Tx

BY_CODE = "code"


async def synchronise(
    tx: Tx, now: datetime, catalogue: Catalogue = CATALOGUE, *, allow_older: bool = False
) -> list[str]:
    """Write this process's types into the database; the names of those that were new or changed.

    A schema that breaks a promise or a consumer is refused. `allow_older` is for going back to a previous
    release: a database that knows more fields than we do keeps them.
    """
    await store.lock_types(tx)
    declared = [card_of(type, now) for type in catalogue]
    known = {card.name: card for card in await store.list_types(tx, [card.name for card in declared])}
    news = [card for card in declared if not _is_known(card, known.get(card.name))]
    history = await _history(tx, [card.name for card in news])
    written = []
    for card in news:
        before = known.get(card.name)
        if before is not None and allow_older and _is_older(card, before):
            continue
        await write(tx, card, before, history.get(card.name, []), by=BY_CODE)
        written.append(card.name)
    return written


def card_of(type: EventType, now: datetime) -> TypeCard:
    """A type of our code as the database keeps it."""
    return TypeCard(
        name=type.name,
        version=type.version,
        owner=type.owner,
        key=type.key,
        words=type.words,
        schema=dict(type.schema),
        personal=[{"field": tag.field, "purpose": tag.purpose} for tag in type.personal],
        retention_days=type.retention_days,
        purpose=type.purpose,
        examples=[dict(example) for example in type.examples],
        compatibility=type.compatibility,
        acknowledge_days=type.acknowledge_days,
        origin=Origin.CODE,
        publishers=[],
        identify=[],
        upcast=None,
        revision=1,
        changed_at=now,
    )


def _is_known(card: TypeCard, known: TypeCard | None) -> bool:
    return known is not None and replace(card, revision=known.revision, changed_at=known.changed_at) == known


def _is_older(card: TypeCard, known: TypeCard) -> bool:
    """Would the database's schema be a fair next revision of ours?"""
    if card.schema == known.schema:
        return False
    return not any(change.is_forbidden_by(Compatibility.FULL) for change in changes(card.schema, known.schema))


async def _history(tx: Tx, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    history: dict[str, list[dict[str, Any]]] = {}
    for revision in await store.revisions(tx, names):
        history.setdefault(revision.name, []).append(revision.schema)
    return history


async def write(
    tx: Tx, card: TypeCard, before: TypeCard | None, history: Sequence[Mapping[str, Any]], *, by: str
) -> TypeCard:
    """Write a type that is new or changed, if nobody is broken by it. Answers with it as written."""
    if before is None:
        differences: list[Change] = []
    else:
        if before.origin is not card.origin:
            raise EventTypeNotYours(name=card.name, owner=before.owner)
        differences = changes(before.schema, card.schema)
        require_readers(card.name, differences, await store.readings(tx, types=[card.name]))
        promise = max(before.compatibility, card.compatibility)  # "full" after "backward": giving less comes later
        for schema in history or [before.schema]:
            require_promise(card, schema, promise)
    is_new_schema = before is None or before.schema != card.schema
    revision = 1 if before is None else before.revision + is_new_schema
    written = replace(card, revision=revision)
    id = rules.type_id_of(card.name)
    await store.write_type(tx, id, written)
    if is_new_schema:
        await store.write_revision(tx, id, written, differences, by)
    return written


def require_readers(name: str, differences: Sequence[Change], readings: Sequence[Reading]) -> None:
    """Refuse what a registered consumer would not survive, and say who that is."""
    for change in differences:
        broken = [one.consumer for one in readings if change.breaks(one.fields, is_closed=one.is_closed)]
        if broken:
            raise ConsumerWouldBreak(name=name, consumer=", ".join(broken), consumers=broken, **said(change))


def require_promise(card: TypeCard, earlier: Mapping[str, Any], promise: Compatibility) -> None:
    """Refuse what a type does not allow itself after an earlier schema."""
    for change in changes(earlier, card.schema):
        if change.is_forbidden_by(promise):
            raise SchemaIncompatible(name=card.name, **said(change))


def said(change: Change) -> dict[str, str]:
    """A change as the facts of a refusal."""
    field = change.field or "(the whole event)"
    return {"field": field, "reason": change.say("en"), "reason_ru": change.say("ru"), "change": change.what}
