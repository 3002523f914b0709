"""From one version of a fact to the next: by a function in code, or by a few plain steps for other systems' types.

    @upcaster(SoldV1, SoldV2)
    def raise_sold(old: SoldV1) -> SoldV2: ...

    [{"op": "rename", "from": "sum", "to": "total_minor"}, {"op": "default", "field": "currency", "value": "RUB"},
     {"op": "constant", "field": "channel", "value": "shop"}, {"op": "drop", "field": "memo"}]

A reader that asks for v2 is given v1 facts raised to it. Personal data are revealed before, so that they are raised
with the rest.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar, Union

import msgspec

from vokrug.events.catalogue import CATALOGUE, Catalogue
from vokrug.events.extras import put_together, take_apart
from vokrug.events.types import Envelope, Event, Older, TypeCard

Old = TypeVar("Old", bound=Event)
New = TypeVar("New", bound=Event)

_encoder = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical")
FieldName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Rename(msgspec.Struct, tag_field="op", tag="rename", rename={"source": "from"}, forbid_unknown_fields=True):
    """A field of the whole fact under another name."""

    source: FieldName
    to: FieldName


class Default(msgspec.Struct, tag_field="op", tag="default", forbid_unknown_fields=True):
    """A value where there is none."""

    field: FieldName
    value: Any


class Constant(msgspec.Struct, tag_field="op", tag="constant", forbid_unknown_fields=True):
    """A value whatever there was."""

    field: FieldName
    value: Any


class Drop(msgspec.Struct, tag_field="op", tag="drop", forbid_unknown_fields=True):
    """A field less."""

    field: FieldName


Step = Union[Rename, Default, Constant, Drop]  # noqa: UP007  a name for msgspec


def upcaster(old: type[Old], new: type[New]) -> Callable[[Callable[[Old], New]], Callable[[Old], New]]:
    """Declares how a fact of one version becomes one of the next."""
    before, after = old.__event__, new.__event__
    same_family = before.name.rpartition(".v")[0] == after.name.rpartition(".v")[0]
    if not same_family or after.version != before.version + 1:
        raise ValueError(f"{after.name} does not follow {before.name}")

    def declare(function: Callable[[Old], New]) -> Callable[[Old], New]:
        new.__older__ = Older(old, function)
        return function

    return declare


def lineage(kind: type[Event]) -> Iterator[type[Event]]:
    """A class of facts, and every older one that can be raised to it."""
    yield kind
    while kind.__older__ is not None:
        kind = kind.__older__.kind
        yield kind


def previous_name(name: str) -> str | None:
    family, _, version = name.rpartition(".v")
    return f"{family}.v{int(version) - 1}" if int(version) > 1 else None


@dataclass(frozen=True, slots=True)
class Upcasts:
    """Every step from a version to the next that this installation knows."""

    steps: Mapping[str, Callable[[Any], Any]]  # by the name of the newer version

    @classmethod
    def of(cls, cards: Iterable[TypeCard], catalogue: Catalogue = CATALOGUE) -> "Upcasts":
        steps: dict[str, Callable[[Any], Any]] = {
            card.name: _by_steps(card.upcast) for card in cards if card.upcast is not None
        }
        for type in catalogue:
            if type.model.__older__ is not None:
                steps[type.name] = _by_function(type.model.__older__)
        return cls(steps)

    def older(self, name: str) -> list[str]:
        """The versions that can be raised to this one, the nearest first."""
        found = []
        while name in self.steps and (previous := previous_name(name)) is not None:
            found.append(name := previous)
        return found

    def names_to_read(self, names: Collection[str]) -> set[str]:
        """What has to be read of the log for somebody who asked for these."""
        return set(names).union(*(self.older(name) for name in names))

    def raise_to(self, told: Envelope, names: Collection[str]) -> Envelope:
        """The fact as a version that was asked for; as it is when that is one of them."""
        if told.type in names:
            return told
        wanted = next(name for name in names if told.type in self.older(name))
        fact, extras = take_apart(told.data)
        for name in [*reversed([each for each in self.older(wanted) if _is_later(each, told.type)]), wanted]:
            fact = self.steps[name](fact)
        return replace(told, type=wanted, data=put_together(fact, extras))


def _is_later(name: str, other: str) -> bool:
    return int(name.rpartition(".v")[2]) > int(other.rpartition(".v")[2])


def _by_function(older: Older) -> Callable[[Any], Any]:
    def raised(fact: Any) -> Any:
        before = msgspec.convert(fact, older.kind)
        return msgspec.json.decode(_encoder.encode(older.upcast(before)))

    return raised


def _by_steps(upcast: Sequence[Mapping[str, Any]]) -> Callable[[Any], Any]:
    steps = msgspec.convert(upcast, list[Step])
    return lambda fact: apply_steps(steps, fact)


def apply_steps(steps: Iterable[Step], fact: Mapping[str, Any]) -> dict[str, Any]:
    """One step after the other; the fact given stays as it was."""
    raised = dict(fact)
    for step in steps:
        match step:
            case Rename(source, to):
                if source in raised:
                    raised[to] = raised.pop(source)
            case Default(field, value):
                raised.setdefault(field, value)
            case Constant(field, value):
                raised[field] = value
            case Drop(field):
                raised.pop(field, None)
    return raised
