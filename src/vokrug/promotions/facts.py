"""What promotions tell the others."""

from uuid import UUID

from vokrug.events import Event, event


@event("promotions.offer_published.v1", owner="promotions", key="offer")
class OfferPublished(Event, frozen=True):
    """A version of an offer runs from now on; the one before it no longer does."""

    offer_id: UUID
    number: int
    key: str
    kind: str
    version: int
    by: str


@event("promotions.offer_paused.v1", owner="promotions", key="offer")
class OfferPaused(Event, frozen=True):
    """An offer rests until it is published again."""

    offer_id: UUID
    number: int
    key: str
    version: int
    by: str


@event("promotions.offer_ended.v1", owner="promotions", key="offer")
class OfferEnded(Event, frozen=True):
    """A version of an offer is over for good."""

    offer_id: UUID
    number: int
    key: str
    version: int
    by: str
