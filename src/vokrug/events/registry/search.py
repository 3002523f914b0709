"""Finding a type in the catalogue."""

from collections.abc import Iterable, Sequence

from vokrug.events.registry.consumers import fields_of
from vokrug.events.registry.store import Reading
from vokrug.events.types import TypeCard


def find(cards: Iterable[TypeCard], words: str, owner: str | None = None) -> list[TypeCard]:
    """Types of this owner in which every word occurs: in the name, the words, the fields or a purpose."""
    wanted = words.casefold().split()
    return [card for card in cards if owner in (None, "", card.owner) and _holds(card, wanted)]


def _holds(card: TypeCard, wanted: Sequence[str]) -> bool:
    if not wanted:
        return True
    fields = fields_of(card.schema)
    told = [str(field.get("description", "")) for field in fields.values() if isinstance(field, dict)]
    purposes = [tag["purpose"] for tag in card.personal]
    text = " ".join([card.name, card.owner, card.key, card.words, card.purpose or "", *purposes, *fields, *told])
    return all(word in text.casefold() for word in wanted)


def readers(card: TypeCard, readings: Iterable[Reading]) -> list[str]:
    """The names of those who read a type."""
    return [one.consumer for one in readings if one.type == card.name]
