"""Decisions about offers that need no database."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from vokrug.promotions.engine import Basket, Finding, Known, OfferBody, lint
from vokrug.promotions.errors import BasketNonsense, OfferNonsense, OfferNotReady
from vokrug.promotions.types import OfferState, Version

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


def require_sense(body: OfferBody, groups: Mapping[str, frozenset[int]]) -> None:
    """Refuse nonsense by the name of its field."""
    require_sound(lint(body, Known(groups=groups)))


def require_sound(findings: Sequence[Finding]) -> None:
    """Refuse what the lint refuses, by the name of the first field; everything found travels along."""
    if findings and findings[0].severity == "refuse":
        first = findings[0]
        raise OfferNonsense(
            field=first.field, why=first.en, why_ru=first.ru, complaints=msgspec.to_builtins(list(findings))
        )


def require_move(version: Version, wanted: OfferState) -> None:
    if version.state not in MOVES[wanted]:
        raise OfferNotReady(state=version.state.value, wanted=wanted.value, version=version.version)


def require_priceable(basket: Basket) -> None:
    """What types cannot say of a basket that a person typed in."""
    numbers = [line.n for line in basket.lines]
    if len(set(numbers)) != len(numbers):
        raise BasketNonsense(field="lines", why="a number twice", why_ru="номер строки повторяется")
    try:
        ZoneInfo(basket.zone)
    except (KeyError, ValueError, OSError):
        raise BasketNonsense(field="zone", why="no such time zone", why_ru="нет такого пояса") from None
