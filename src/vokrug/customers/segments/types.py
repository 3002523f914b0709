"""A segment and its rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.customers.types import Strength
from vokrug.kernel import Text

Word = Annotated[str, Meta(min_length=1, max_length=64)]
Scalar = str | int | float | bool
MOST_PARTS = 20


class All(Struct, tag_field="kind", tag="all", forbid_unknown_fields=True, frozen=True):
    """Each of these."""

    of: Annotated[list["Rule"], Meta(min_length=1, max_length=MOST_PARTS)]


class AnyOf(Struct, tag_field="kind", tag="any", forbid_unknown_fields=True, frozen=True):
    """One of these at least."""

    of: Annotated[list["Rule"], Meta(min_length=1, max_length=MOST_PARTS)]


class Not(Struct, tag_field="kind", tag="not", forbid_unknown_fields=True, frozen=True):
    of: "Rule"


class HasAttribute(Struct, tag_field="kind", tag="attribute", forbid_unknown_fields=True, frozen=True):
    """The attribute is known, and what is asked of it holds: one of these values, a number or word in order, an item of
    a list.
    """

    code: Word
    any_of: Annotated[list[Scalar], Meta(min_length=1, max_length=100)] | None = None
    at_least: float | str | None = None
    at_most: float | str | None = None
    contains: Scalar | None = None


class HasIdentifier(Struct, tag_field="kind", tag="identifier", forbid_unknown_fields=True, frozen=True):
    """Holds an identifier of this type, at least so well proven."""

    type: Word
    strength: Strength = Strength.OBSERVED


class HasConsent(Struct, tag_field="kind", tag="consent", forbid_unknown_fields=True, frozen=True):
    """The latest word on the purpose; nobody's silence is a yes."""

    purpose: Word
    given: bool = True


class WasRegistered(Struct, tag_field="kind", tag="registered", forbid_unknown_fields=True, frozen=True):
    """The day of registration, in UTC; `within_days` moves with the calendar, at night."""

    since: date | None = None
    until: date | None = None
    within_days: Annotated[int, Meta(ge=1, le=36500)] | None = None


class Speaks(Struct, tag_field="kind", tag="language", forbid_unknown_fields=True, frozen=True):
    language: Word


class InHousehold(Struct, tag_field="kind", tag="household", forbid_unknown_fields=True, frozen=True):
    """Is in a household of this kind, in this role if one is named."""

    of: Word
    role: Word | None = None


Rule = All | AnyOf | Not | HasAttribute | HasIdentifier | HasConsent | WasRegistered | Speaks | InHousehold


@dataclass(frozen=True, slots=True)
class Segment:
    """By a rule; or a list, when it has none. Not counted yet, it is still being filled."""

    number: int
    key: str
    words: Text
    rule: Rule | None
    members: int
    state: str
    made_by: str
    made_at: datetime
    counted_at: datetime | None
    last_differences: int | None


@dataclass(frozen=True, slots=True)
class Tried:
    """What a rule would make: how many people, and a few of them."""

    members: int
    sample: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition on a customer called `p`, with its parameters from a place on."""

    sql: str
    parameters: tuple[Any, ...]
