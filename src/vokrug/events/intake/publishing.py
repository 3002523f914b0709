"""Facts of other systems, in through the same door: each is checked, keyed to its customer, and told once."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from prometheus_client import Counter

from vokrug.events import operations, personal
from vokrug.events.errors import (
    EventCustomerUnknown,
    EventIdReused,
    EventMalformed,
    EventNotCloud,
    EventTypeNotYours,
    EventTypeUnknown,
)
from vokrug.events.extras import Extras
from vokrug.events.intake import store
from vokrug.events.intake.arrivals import Arrival
from vokrug.events.registry.store import list_types
from vokrug.events.registry.validation import closed, require_fit
from vokrug.events.rules import type_id_of
from vokrug.events.types import Origin, Row, TypeCard
from vokrug.kernel import Refusal, new_id
from vokrug.runtime.database import Database, Tx

TAKEN = Counter("vokrug_events_intake", "Events of other systems.", ["outcome"])

# What a person or a correction can still mend. The rest is the sender's own affair and is only declined.
MENDABLE = (EventNotCloud, EventTypeUnknown, EventMalformed, EventCustomerUnknown)


class Found(NamedTuple):
    """A customer, by whatever an event named them."""

    number: int
    id: UUID


class CustomerFinder(Protocol):
    """Who is behind each (type, value), in the order asked; "id" is the customer ID itself. None: nobody."""

    async def find(self, tx: Tx, wanted: Sequence[tuple[str, str]]) -> Sequence[Found | None]: ...


def provide_customers(db: Database, finder: CustomerFinder) -> None:
    """Let transactions of this database find customers. Done once, where the process is wired."""
    db.shared[CustomerFinder] = finder


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whose key it is, and how far it reaches."""

    key: str
    role: str
    is_staff: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an arrival: taken (also when it had been before), or refused, perhaps with a dead letter."""

    arrival: Arrival
    refusal: Refusal | None = None
    letter: UUID | None = None


async def publish_arrivals(tx: Tx, given: Sequence[Arrival], publisher: Publisher, now: datetime) -> list[Outcome]:
    """Take what can be taken, and keep what cannot as dead letters. One outcome for each, in the order given.

    The same source and id again with the same body is taken again and appends nothing.
    """
    outcomes = await take(tx, given, publisher, now)
    dead = [i for i, each in enumerate(outcomes) if isinstance(each.refusal, MENDABLE)]
    if dead:
        letters = {}
        for i in dead:
            letter = letter_of(new_id(), outcomes[i])
            letters[letter.digest] = letter
        kept = await store.keep(tx, list(letters.values()), publisher.key, publisher.role, now)
        for i in dead:
            outcomes[i] = replace(outcomes[i], letter=kept[_raw_digest(outcomes[i].arrival)])
    taken = [(each.arrival.source, each.arrival.id) for each in outcomes if each.refusal is None]
    if taken:
        await store.end_mended(tx, publisher.key, taken, now)
    for name, count in (("taken", len(taken)), ("dead", len(dead)), ("refused", len(given) - len(taken) - len(dead))):
        TAKEN.labels(name).inc(count)
    return outcomes


def letter_of(id: UUID, outcome: Outcome) -> store.NewLetter:
    arrival, refusal = outcome.arrival, outcome.refusal
    assert refusal is not None, "what was taken is no dead letter"
    field = str(refusal.facts.get("field", "type" if isinstance(refusal, EventTypeUnknown) else ""))
    facts = msgspec.json.encode(refusal.facts, enc_hook=str).decode()
    name = (arrival.type, arrival.source, arrival.id)
    return store.NewLetter(id, arrival.raw, _raw_digest(arrival), *name, refusal.code, field, facts)


def _raw_digest(arrival: Arrival) -> bytes:
    return hashlib.sha256(arrival.raw).digest()


class _Candidate(NamedTuple):
    place: int  # among the arrivals
    arrival: Arrival
    card: TypeCard


async def take(tx: Tx, given: Sequence[Arrival], publisher: Publisher, now: datetime) -> list[Outcome]:
    """Tell what can be told; a refusal for everything else. Each step is one statement for the whole batch."""
    outcomes = [Outcome(arrival) for arrival in given]

    def refuse(place: int, refusal: Refusal) -> None:
        outcomes[place] = Outcome(given[place], refusal)

    cards = {card.name: card for card in await list_types(tx, {arrival.type for arrival in given})}
    candidates = []
    for place, arrival in enumerate(given):
        if (refusal := _at_first_sight(arrival, cards.get(arrival.type), publisher)) is not None:
            refuse(place, refusal)
        else:
            candidates.append(_Candidate(place, arrival, cards[arrival.type]))
    fresh = _one_of_each(candidates, await store.find_published(tx, _names(candidates)), refuse)
    cards = {each.card.name: each.card for each in fresh}
    schemas = {name: msgspec.json.encode(closed(card.schema)) for name, card in cards.items()}
    fitting = [each for each in fresh if _fits(each, schemas[each.card.name], refuse)]
    keyed = await _keyed(tx, fitting, refuse)
    claimed = await _claimed(tx, keyed, now, refuse)
    await _append(tx, claimed, now)
    return outcomes


def _at_first_sight(arrival: Arrival, card: TypeCard | None, publisher: Publisher) -> Refusal | None:
    if arrival.problem is not None:
        return EventNotCloud(field=arrival.problem)
    if card is None:
        return EventTypeUnknown(name=arrival.type)
    if card.origin is Origin.CODE or not (publisher.is_staff or publisher.key in card.publishers):
        return EventTypeNotYours(name=card.name, owner=card.owner)
    return None


def _names(candidates: Collection[_Candidate]) -> list[store.Name]:
    return [(each.arrival.source, each.arrival.id) for each in candidates]


def _one_of_each(candidates: Sequence[_Candidate], known: Mapping[store.Name, bytes], refuse: Any) -> list[_Candidate]:
    """Those told for the first time, here or ever; a repeat is taken by doing nothing."""
    digests, fresh = dict(known), []
    for each in candidates:
        name = (each.arrival.source, each.arrival.id)
        if name not in digests:
            digests[name] = each.arrival.digest
            fresh.append(each)
        elif digests[name] != each.arrival.digest:
            refuse(each.place, EventIdReused(source=name[0], id=name[1]))
    return fresh


def _fits(each: _Candidate, schema: bytes, refuse: Any) -> bool:
    try:
        require_fit(each.card.name, schema, each.arrival.data)
    except EventMalformed as refusal:
        refuse(each.place, refusal)
        return False
    return True


class _Keyed(NamedTuple):
    candidate: _Candidate
    key: int
    subject: str


async def _keyed(tx: Tx, fitting: Sequence[_Candidate], refuse: Any) -> list[_Keyed]:
    """With the key of the order, and whom or what each is about: all customers are found by one question."""
    named = {each.place: _identifiers(each) for each in fitting if each.card.key == "customer"}
    wanted = list(dict.fromkeys((kind, value) for places in named.values() for _, kind, value in places))
    found: dict[tuple[str, str], Found | None] = {}
    if wanted:
        finder: CustomerFinder = tx.shared[CustomerFinder]
        found = dict(zip(wanted, await finder.find(tx, wanted), strict=True))
    keyed = []
    for each in fitting:
        if each.card.key != "customer":
            if subject := _subject(each):
                keyed.append(_Keyed(each, _key_of_text(each.card.key, subject), subject))
            else:
                refuse(each.place, EventNotCloud(field="subject"))
            continue
        places = named[each.place]
        person = next((one for _, kind, value in places if (one := found[kind, value]) is not None), None)
        if person is not None:
            keyed.append(_Keyed(each, person.number, str(person.id)))
        else:
            asked = places or [(place["field"], "", "") for place in each.card.identify]
            refuse(each.place, EventCustomerUnknown(field=", ".join(field for field, _, _ in asked)))
    return keyed


def _identifiers(each: _Candidate) -> list[tuple[str, str, str]]:
    """What this event names its customer by, in the order its type asks for: (field, kind, value)."""
    found = []
    for place in each.card.identify:
        value = _value_at(each, place["field"])
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            found.append((place["field"], place["type"], str(value)))
    return found


def _value_at(each: _Candidate, field: str) -> Any:
    if field == "subject":
        return each.arrival.subject
    value = each.arrival.data
    for step in field.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _subject(each: _Candidate) -> str:
    named = _identifiers(each)
    return named[0][2] if named else each.arrival.subject or ""


def _key_of_text(kind: str, value: str) -> int:
    """A number for what has none: 63 bits of its name's SHA-256."""
    return int.from_bytes(hashlib.sha256(f"{kind}\0{value}".encode()).digest()[:8]) >> 1


async def _claimed(tx: Tx, keyed: Sequence[_Keyed], now: datetime, refuse: Any) -> list[_Keyed]:
    """Those that nobody faster has told meanwhile."""
    told = [(each.candidate.arrival.source, each.candidate.arrival.id, each.candidate.arrival.digest) for each in keyed]
    ours = await store.claim(tx, told, now)
    if len(ours) < len(told):
        lost = [each.candidate for each in keyed if _names([each.candidate])[0] not in ours]
        _one_of_each(lost, await store.find_published(tx, _names(lost)), refuse)
    return [each for each in keyed if _names([each.candidate])[0] in ours]


async def _append(tx: Tx, claimed: Sequence[_Keyed], now: datetime) -> None:
    drafts, extras = [], []
    for candidate, _, subject in claimed:
        arrival = candidate.arrival
        beside = Extras(source=arrival.source, id=arrival.id)
        if arrival.attributes:
            beside["attributes"] = dict(arrival.attributes)
        extras.append(beside)
        drafts.append(personal.Draft(id_of(arrival), subject, candidate.card.schema, arrival.data))
    texts = await personal.seal(tx, drafts, extras)
    rows = [
        Row(key, type_id_of(candidate.card.name), draft.id, candidate.arrival.time or now, subject, text)
        for (candidate, key, subject), draft, text in zip(claimed, drafts, texts, strict=True)
    ]
    for row in rows:
        await operations.publish_row(tx, row)


def id_of(arrival: Arrival) -> UUID:
    """The id a fact has in our log. Readers outside see the source and id that its teller gave."""
    return uuid5(NAMESPACE_URL, f"{arrival.source}\n{arrival.id}")
