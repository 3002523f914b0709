"""Decisions about offers that need no database."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from vokrug.promotions.engine import Basket, OfferBody, Policy, lint
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


def require_sense(body: OfferBody, groups: Collection[str], policy: Policy, calendars: Collection[str] = ()) -> None:
    """Refuse nonsense by the name of its field; the other complaints travel along."""
    if complaints := lint(body, groups, policy, calendars):
        first = complaints[0]
        raise OfferNonsense(
            field=first.field,
            why=first.why.en,
            why_ru=first.why.ru,
            complaints=[{"field": each.field, "en": each.why.en, "ru": each.why.ru} for each in complaints],
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
