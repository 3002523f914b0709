"""Another system declares a type of its own, over HTTP, or changes one it declared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from vokrug.events import rules
from vokrug.events.catalogue import DIALECT, schema_urn
from vokrug.events.errors import (
    EventMalformed,
    EventTypeNotYours,
    ExampleMalformed,
    SchemaMalformed,
    TypeNameMalformed,
    UpcastMalformed,
    UpcastMissing,
)
from vokrug.events.registry import store, writing
from vokrug.events.registry.upcasts import Step, apply_steps, previous_name
from vokrug.events.registry.validation import closed, require_fit, require_schema
from vokrug.events.types import Origin, TypeCard
from vokrug.runtime.database import Tx

# What names a customer without saying anything about a person: our own id, or another system's number.
IMPERSONAL = ("id", "ext:")


async def declare_type(tx: Tx, card: TypeCard, *, by: str, is_staff: bool, now: datetime) -> tuple[TypeCard, list[str]]:
    """Write a type down as another system tells it. Answers with it, and with those who read its previous version.

    Safe to repeat. Examples of the previous version have to become facts of this one by its own steps.
    """
    if not rules.NAME.fullmatch(card.name):
        raise TypeNameMalformed(given=card.name[:80])
    card = replace(
        card,
        schema={**card.schema, "$schema": DIALECT, "$id": schema_urn(card.name)},
        changed_at=now,
    )
    require_schema(card.name, card.schema)
    card = replace(card, personal=[msgspec.structs.asdict(tag) for tag in _personal(card)])
    _require_impersonal(card)
    _require_examples(card.name, card.schema, card.examples)
    await store.lock_types(tx)
    everybody = await store.list_types(tx)
    before = next((each for each in everybody if each.name == card.name), None)
    require_owner(card.name, before, everybody, by=by, is_staff=is_staff)
    card = replace(card, publishers=_publishers(card, before, by=by, is_staff=is_staff))
    previous = next((each for each in everybody if each.name == previous_name(card.name)), None)
    _require_step(card, previous)
    if before is not None and _same(card, before):
        return before, await _affected(tx, previous)
    history = [revision.schema for revision in await store.revisions(tx, [card.name])]
    written = await writing.write(tx, card, before, history, by=by)
    return written, await _affected(tx, previous)


class _Tag(msgspec.Struct):
    field: str
    purpose: str


def _personal(card: TypeCard) -> list[_Tag]:
    return [_Tag(tag.field, tag.purpose) for tag in rules.personal_fields(card.schema)]


def require_owner(
    name: str, before: TypeCard | None, everybody: Sequence[TypeCard], *, by: str, is_staff: bool
) -> None:
    """Our own domains are ours; a domain that somebody has begun is theirs; staff may act for them."""
    domain = name.partition(".")[0]
    neighbours = [before] if before is not None else [each for each in everybody if each.name.startswith(f"{domain}.")]
    for neighbour in neighbours:
        if neighbour.origin is Origin.CODE or not (is_staff or by in neighbour.publishers):
            raise EventTypeNotYours(name=name, owner=neighbour.owner)


def _publishers(card: TypeCard, before: TypeCard | None, *, by: str, is_staff: bool) -> list[str]:
    """Whoever declares a type may publish it; a key that comes to replace another is named beside it."""
    given = card.publishers or (before.publishers if before else [])
    return sorted({*given, *(() if is_staff else (by,))})


def _same(card: TypeCard, before: TypeCard) -> bool:
    return replace(card, revision=before.revision, changed_at=before.changed_at) == before


def _require_impersonal(card: TypeCard) -> None:
    """A phone that finds the customer is personal data: it does not lie in the log in the open."""
    personal = {tag["field"] for tag in card.personal}
    for place in card.identify:
        field = place["field"]
        if field != "subject" and not place["type"].startswith(IMPERSONAL) and field not in personal:
            raise SchemaMalformed(
                name=card.name,
                field=field,
                problem="it names a person, so mark it with `x-personal`",
                problem_ru="поле называет человека, пометьте его `x-personal`",
            )


def _require_examples(name: str, schema: Mapping[str, Any], examples: Sequence[Mapping[str, Any]]) -> None:
    encoded = msgspec.json.encode(closed(schema))
    for number, example in enumerate(examples, 1):
        try:
            require_fit(name, encoded, example)
        except EventMalformed as refusal:
            raise ExampleMalformed(name=name, number=number, field=refusal.facts["field"]) from None


def _require_step(card: TypeCard, previous: TypeCard | None) -> None:
    if previous is None:
        return
    if card.upcast is None:
        raise UpcastMissing(name=card.name, previous=previous.name)
    steps = msgspec.convert(card.upcast, list[Step])
    encoded = msgspec.json.encode(closed(card.schema))
    for example in previous.examples:
        try:
            require_fit(card.name, encoded, apply_steps(steps, example))
        except EventMalformed as refusal:
            field = refusal.facts["field"]
            raise UpcastMalformed(name=card.name, previous=previous.name, field=field) from None


async def _affected(tx: Tx, previous: TypeCard | None) -> list[str]:
    if previous is None:
        return []
    return sorted({one.consumer for one in await store.readings(tx, types=[previous.name])})
