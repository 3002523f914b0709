"""Nouns of personal offers."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.promotions.engine.basket import Positive


class PersonalLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of an import: this customer gets this offer, perhaps at another value, until another moment."""

    customer: UUID
    offer: str  # its key
    value: Positive | None = None  # basis points of a percentage, minor units of an amount or price
    until: Annotated[datetime, Meta(tz=True)] | None = None
    needs_activation: bool = False


class PersonalOffer(Struct, frozen=True):
    """An offer as its customer has it."""

    offer: str
    name: str
    value: int | None
    until: datetime | None
    state: Literal["new", "active"]
