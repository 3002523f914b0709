"""Decisions about offers that need no database."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from vokrug.promotions.engine import Basket, Finding, Known, OfferBody, lint
from vokrug.promotions.engine.offers import kind_of
from vokrug.promotions.errors import BasketNonsense, OfferNonsense, OfferNotReady
from vokrug.promotions.types import Offer, OfferRecord, OfferState, Version

KEY = r"[a-z0-9][a-z0-9_.-]{0,63}"
LONGEST_NAME = 200

MOVES: dict[OfferState, frozenset[OfferState]] = {
    OfferState.CHECKED: frozenset({OfferState.DRAFT, OfferState.CHECKED}),
    OfferState.PUBLISHED: frozenset({OfferState.CHECKED, OfferState.PAUSED}),
    OfferState.PAUSED: frozenset({OfferState.PUBLISHED}),
    OfferState.ENDED: frozenset({OfferState.PUBLISHED, OfferState.PAUSED}),
}


def read_body(body: dict[str, Any]) -> OfferBody:
    """A body from JSON, refused with the path of what does not fit its schema."""
    try:
        read: OfferBody = msgspec.convert(body, OfferBody)
    except msgspec.ValidationError as error:
        why, _, path = str(error).partition(" - at `$")
        field = "body" + path.rstrip("`")
        raise OfferNonsense(field=field, why=why, why_ru=why) from None
    return read


def write_body(body: OfferBody) -> str:
    """A body as the database keeps it."""
    return msgspec.json.encode(body).decode()


def body_schema() -> dict[str, Any]:
    """The JSON Schema of every kind of offer, for screens and other writers."""
    return msgspec.json.schema(OfferBody)


def require_sense(body: OfferBody, known: Known) -> None:
    """Refuse nonsense by the name of its field."""
    require_sound(lint(body, known))


def require_sound(findings: Sequence[Finding]) -> None:
    """Refuse what the lint refuses, by the name of the first field; everything found travels along."""
    if findings and findings[0].severity == "refuse":
        first = findings[0]
        raise OfferNonsense(
            field=first.field, why=first.en, why_ru=first.ru, complaints=msgspec.to_builtins(list(findings))
        )


def require_record(record: OfferRecord) -> None:
    """What the type of a record cannot say: its key, name and owner are such as the database keeps."""
    if not re.fullmatch(KEY, record.key):
        raise OfferNonsense(
            field="key", why="a short word of small letters", why_ru="короткое слово строчными латинскими"
        )
    for field, text in (("name", record.name), ("owner", record.owner)):
        if not 1 <= len(text.strip()) <= LONGEST_NAME:
            raise OfferNonsense(field=field, why="1 to 200 letters", why_ru="от 1 до 200 знаков")


def require_kind(offer: Offer, body: OfferBody) -> None:
    """An offer stays what it is: another kind is another offer."""
    if kind_of(body) != offer.kind:
        raise OfferNonsense(
            field="body.kind", why=f"this offer is of kind {offer.kind}", why_ru=f"вид акции: {offer.kind}"
        )


def require_move(version: Version, wanted: OfferState) -> None:
    if version.state not in MOVES[wanted]:
        raise OfferNotReady(state=version.state.value, wanted=wanted.value, version=version.version)


def resolve_groups(
    groups: Mapping[str, tuple[Sequence[int], Sequence[str], Sequence[int]]],
) -> dict[str, frozenset[int]]:
    """Shop groups as shops: a group has its own, those of the groups it includes, less its exceptions.

    What a group includes it has with that group's exceptions; groups that go in a circle have each other's.
    """

    def shops(key: str, above: frozenset[str]) -> frozenset[int]:
        own, includes, never = groups.get(key, ((), (), ()))
        inherited = (shops(other, above | {key}) for other in includes if other not in above | {key})
        return frozenset(own).union(*inherited) - frozenset(never)

    return {key: shops(key, frozenset()) for key in groups}


def require_priceable(basket: Basket) -> None:
    """What types cannot say of a basket that a person typed in."""
    numbers = [line.n for line in basket.lines]
    if len(set(numbers)) != len(numbers):
        raise BasketNonsense(field="lines", why="a number twice", why_ru="номер строки повторяется")
    try:
        ZoneInfo(basket.zone)
    except (KeyError, ValueError, OSError):
        raise BasketNonsense(field="zone", why="no such time zone", why_ru="нет такого пояса") from None
