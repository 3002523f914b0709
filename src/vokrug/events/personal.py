"""Personal data in facts: sealed under the person's own key when told, revealed to who may read them.

A field marked `Personal(purpose)` is taken out of the fact and sealed, all fields of one purpose together, under
the key of the person who is the fact's subject. The key lies with the customers, outside the log: once it is
destroyed the sealed text is noise in the log, in its copies and in every backup. Reading without `reveal` shows
the fields as absent, so whoever forgets it discloses nothing.
"""

import base64
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from vokrug.events import rules
from vokrug.events.extras import Box, Extras, has_extras, put_together, take_apart
from vokrug.events.types import PERSONAL, Envelope
from vokrug.runtime.database import Database, Tx

Path = tuple[str | int, ...]


class PersonKey(Protocol):
    """Seals and opens what belongs to one person; `use` binds a text to the place it was sealed for."""

    def seal(self, text: str, use: str) -> bytes: ...

    def open(self, sealed: bytes, use: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Person:
    """A person's key, and the purposes they said no to."""

    key: PersonKey
    declined: frozenset[str]


class PersonalKeys(Protocol):
    """Where keys of people come from. Who is not in the answer has none: unknown, or erased."""

    async def people(self, tx: Tx, ids: Collection[UUID]) -> Mapping[UUID, Person]: ...


def provide_personal_keys(db: Database, keys: PersonalKeys) -> None:
    """Let transactions of this database seal and reveal. Done once, where the process is wired."""
    db.shared[PersonalKeys] = keys


class Draft(NamedTuple):
    """A fact on its way into the log, before sealing."""

    id: UUID
    subject: str
    schema: Mapping[str, Any]
    fact: Any


async def seal(tx: Tx, drafts: Sequence[Draft], extras: Sequence[Extras] | None = None) -> list[bytes]:
    """The JSON texts that lie in the log: personal fields sealed, what else rides along beside them."""
    given: Sequence[Extras] = extras if extras is not None else [Extras() for _ in drafts]
    found = [dict(personal_places(draft.schema, draft.fact)) for draft in drafts]
    wanted = [draft.subject for draft, places in zip(drafts, found, strict=True) if places]
    people = await _people(tx, wanted)
    return [
        put_together(*_sealed(draft, places, people.get(draft.subject), extra))
        for draft, places, extra in zip(drafts, found, given, strict=True)
    ]


def _sealed(draft: Draft, places: Mapping[Path, str], person: Person | None, extras: Extras) -> tuple[Any, Extras]:
    if not places:
        return draft.fact, extras
    fact, values = _split(draft.fact, places, ())
    boxes = []
    for purpose in dict.fromkeys(places.values()):
        inside = [(path, values[path]) for path in places if places[path] == purpose]
        sealed = None
        if person is not None:
            text = msgspec.json.encode(inside).decode()
            sealed = base64.b64encode(person.key.seal(text, _use(draft.id, purpose))).decode()
        fields = list(dict.fromkeys(_field(path) for path, _ in inside))
        boxes.append(Box(purpose=purpose, fields=fields, sealed=sealed))
    return fact, {**extras, "sealed": boxes}


def personal_places(schema: Mapping[str, Any], fact: Any) -> Iterator[tuple[Path, str]]:
    """Where personal data lie in this very fact, and for which purpose. Nothing is looked for within them."""
    return _places(schema, schema, fact, ())


def _places(schema: Any, root: Any, value: Any, at: Path) -> Iterator[tuple[Path, str]]:
    schema = rules.follow(schema, root)
    if PERSONAL in schema and at:
        yield at, schema[PERSONAL]
        return
    for keyword in ("anyOf", "oneOf", "allOf"):
        for option in schema.get(keyword, ()):
            yield from _places(option, root, value, at)
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, inner in value.items():
            if isinstance(part := known.get(name, others), dict):
                yield from _places(part, root, inner, (*at, name))
    elif isinstance(value, list):
        first, rest = schema.get("prefixItems", ()), schema.get("items")
        for i, inner in enumerate(value):
            if isinstance(part := first[i] if i < len(first) else rest, dict):
                yield from _places(part, root, inner, (*at, i))


def _split(value: Any, places: Collection[Path], at: Path) -> tuple[Any, dict[Path, Any]]:
    """The same without what lies at these places, and what lay there. The value given stays as it was."""
    if isinstance(value, dict):
        kept: dict[str, Any] = {}
        taken: dict[Path, Any] = {}
        for name, inner in value.items():
            if (*at, name) in places:
                taken[*at, name] = inner
            else:
                kept[name], more = _split(inner, places, (*at, name))
                taken |= more
        return kept, taken
    if isinstance(value, list):
        pairs = [_split(inner, places, (*at, i)) for i, inner in enumerate(value)]
        return [inner for inner, _ in pairs], {path: it for _, more in pairs for path, it in more.items()}
    return value, {}


def _field(path: Path) -> str:
    return "".join("[]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _use(id: UUID, purpose: str) -> str:
    return f"event {id} {purpose}"


async def _people(tx: Tx, subjects: Sequence[str]) -> Mapping[str, Person]:
    """By subject as it is written in facts."""
    if not subjects:
        return {}
    keys: PersonalKeys | None = tx.shared.get(PersonalKeys)
    assert keys is not None, "personal data need keys: provide_personal_keys at the start"
    ids = {id for subject in subjects if (id := _customer(subject)) is not None}
    return {str(id): person for id, person in (await keys.people(tx, ids)).items()} if ids else {}


def _customer(subject: str) -> UUID | None:
    try:
        return UUID(subject)
    except ValueError:
        return None


async def reveal(tx: Tx, envelopes: Sequence[Envelope], purposes: frozenset[str]) -> list[Envelope]:
    """The same facts with the personal fields that these purposes allow; the others stay absent, and marked.

    A field is absent because the reader has no such purpose, because the person said no to it, or because the
    person was erased and nobody can read it any more. The mark travels in the CloudEvent as `hiddenfields`.
    """
    opened = {i: take_apart(each.data) for i, each in enumerate(envelopes) if has_extras(each.data)}
    sealed = [envelopes[i].subject for i, (_, extras) in opened.items() if extras.get("sealed")]
    people = await _people(tx, sealed)
    return [
        replace(each, data=put_together(*_revealed(each, *opened[i], people.get(each.subject), purposes)))
        if i in opened
        else each
        for i, each in enumerate(envelopes)
    ]


def _revealed(
    told: Envelope, fact: Any, extras: Extras, person: Person | None, purposes: frozenset[str]
) -> tuple[Any, Extras]:
    hidden = dict(extras.get("hidden", {}))
    for box in extras.get("sealed", ()):
        why = _why_hidden(box, person, purposes)
        if why is not None:
            hidden |= dict.fromkeys(box["fields"], why)
            continue
        assert person is not None, "who has no key was hidden"
        assert box["sealed"] is not None, "what was not sealed was hidden"
        text = person.key.open(base64.b64decode(box["sealed"]), _use(told.id, box["purpose"]))
        for path, value in msgspec.json.decode(text):
            _put(fact, path, value)
    rest: Extras = {name: extras[name] for name in extras if name not in ("sealed", "hidden")}  # type: ignore[literal-required, assignment]
    return fact, {**rest, "hidden": hidden} if hidden else rest


def _why_hidden(box: Box, person: Person | None, purposes: frozenset[str]) -> str | None:
    if box["sealed"] is None or person is None:
        return "erased"
    if box["purpose"] not in purposes:
        return "purpose"
    return "declined" if box["purpose"] in person.declined else None


def _put(fact: Any, path: Sequence[str | int], value: Any) -> None:
    for step in path[:-1]:
        fact = fact[step]
    fact[path[-1]] = value
