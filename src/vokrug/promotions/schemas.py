"""Bodies of requests and answers of the offers' HTTP."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.promotions.engine import Basket, Priced, Shopper
from vokrug.promotions.exchange import LineTaken
from vokrug.promotions.types import OfferRow

Key = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
ShopNumber = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]


class NewOffer(Struct, frozen=True, forbid_unknown_fields=True):
    """An offer to be written down. The caller makes the id and may send it again."""

    id: UUID
    key: Key
    name: Name
    body: dict[str, Any]  # by the schema that GET /v1/promotions:schema answers
    owner: Name = "marketing"


class NewDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """The next wording of an offer."""

    body: dict[str, Any]


class WhichVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """The version meant."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class OfferPage(Struct, frozen=True):
    """Offers by number. `next_after` starts the next page; null on the last one."""

    offers: list[OfferRow]
    next_after: int | None


class TryPrice(Struct, frozen=True, forbid_unknown_fields=True):
    """A basket to be priced without selling anything."""

    basket: Basket
    shopper: Shopper | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None  # any moment, past or to come; now when absent
    drafts: tuple[UUID, ...] = ()  # offers whose newest version is tried instead of the published one


class Foreseen(Struct, frozen=True):
    """When points of a sale at that moment could be spent, and when they would lapse."""

    offer_id: int
    version: int
    points_minor: int
    active_from: datetime
    expires_at: datetime | None


class Tried(Struct, frozen=True):
    """What the engine says."""

    at: datetime
    priced: Priced
    points: list[Foreseen]


class SaveGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """A named set of shops."""

    name: Name
    shop_ids: tuple[ShopNumber, ...] = ()
    includes: tuple[Key, ...] = ()  # other groups, whose shops are this one's too
    except_shop_ids: tuple[ShopNumber, ...] = ()


class ImportFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The text of an export. A dry run says what would become of each line; `skip` takes the good lines only."""

    text: str
    dry_run: bool = False
    bad_lines: Literal["refuse", "skip"] = "refuse"


class ExportFile(Struct, frozen=True):
    """A line of JSON for each offer."""

    text: str


class Imported(Struct, frozen=True):
    """What became of the lines."""

    created: int
    drafted: int
    unchanged: int
    refused: int = 0
    is_dry: bool = False
    lines: list[LineTaken] = []  # all that are not as they were


class BodySchema(Struct, frozen=True):
    """JSON Schema of an offer's body."""

    schema: dict[str, Any]


class TakeOff(Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to be taken off a list."""

    customers: Annotated[list[UUID], Meta(max_length=10_000)]


class Reviewed(Struct, frozen=True):
    """How many customers a review has moved."""

    moved: int


class GrantTier(Struct, frozen=True, forbid_unknown_fields=True):
    """A tier given by hand. Without an end it stays until it is taken back."""

    tier: Name
    until: date | None = None
