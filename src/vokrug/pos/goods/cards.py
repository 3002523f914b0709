"""What files said of a thing, put together. Catalogue and offers are kept apart, so that it makes no difference which
of them came first.
"""

from dataclasses import dataclass, replace

import msgspec

from vokrug.pos.goods import names
from vokrug.pos.goods.elements import MOST_NAME, Good, Said

NOTHING = Said()
LISTS = ("barcodes", "groups", "prices", "features")


@dataclass(frozen=True, slots=True)
class Card:
    """All that was said of one thing, in one shop or centrally."""

    code: str
    parent: str | None
    catalogue_id: str
    catalogue: Said | None
    offer: Said | None

    @property
    def said(self) -> Said:
        """The catalogue's word first, then the offer's."""
        return over(self.catalogue or NOTHING, self.offer or NOTHING)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row for the central catalogue. None: it keeps what it has."""

    sku: str
    name: str
    groups: list[str] | None
    brand: str | None
    barcodes: list[str] | None
    is_weighed: bool | None
    article: str | None
    unit: str | None
    vat: str | None
    is_withdrawn: bool
    name_keys: str


def over(said: Said, below: Said) -> Said:
    """What is said, and where nothing is, what was said below. Barcodes of both count."""
    told = {
        name: value if (value := getattr(said, name)) is not None else getattr(below, name)
        for name in Said.__struct_fields__
    }
    if said.barcodes is not None and below.barcodes is not None:
        told["barcodes"] = sorted({*said.barcodes, *below.barcodes})
    return Said(**told)


def restated(before: Said | None, good: Good) -> Said:
    """A part of a card after a statement. A whole statement that is silent on a list says now that it is empty."""
    said = good.said
    if good.is_partial and before is not None:
        return Said(
            **{
                name: value if (value := getattr(said, name)) is not None else getattr(before, name)
                for name in Said.__struct_fields__
            }
        )
    if before is not None:
        emptied: dict[str, list[str]] = {
            name: [] for name in LISTS if getattr(before, name) is not None and getattr(said, name) is None
        }
        return msgspec.structs.replace(said, **emptied) if emptied else said
    return said


def with_statement(card: Card | None, good: Good) -> Card:
    """The card after a file has spoken. The same said again makes the same card."""
    card = card or Card(good.code, good.parent, "", None, None)
    if good.part == "offer":
        return replace(card, offer=restated(card.offer, good))
    return replace(card, catalogue=restated(card.catalogue, good), catalogue_id=good.catalogue_id or card.catalogue_id)


def withdrawn(card: Card) -> Card:
    """The catalogue was told wholly, and this was not in it."""
    return replace(card, catalogue=msgspec.structs.replace(card.catalogue or NOTHING, is_gone=True))


def entry_of(card: Card, parent: Card | None) -> Entry | None:
    """The article that a card makes; a characteristic has from its goods what it does not have itself. None: nobody
    has named it yet.
    """
    own = card.said
    goods = parent.said if parent is not None else NOTHING
    name = own.name or (named_by_features(goods.name, own) if goods.name else None)
    if not name:
        return None
    return Entry(
        sku=card.code,
        name=name,
        groups=first(own.groups or None, goods.groups, own.groups),
        brand=own.brand or goods.brand,
        barcodes=own.barcodes,
        is_weighed=own.is_weighed if own.is_weighed is not None else goods.is_weighed,
        article=own.article or goods.article,
        unit=own.unit or goods.unit,
        vat=own.vat or goods.vat,
        is_withdrawn=bool(own.is_gone or goods.is_gone),
        name_keys=" ".join(names.keys_of(name)),
    )


def named_by_features(name: str, own: Said) -> str:
    values = ", ".join(value for _, value in own.features or [] if value)
    return f"{name} ({values})"[:MOST_NAME] if values else name


def first(*values: list[str] | None) -> list[str] | None:
    return next((value for value in values if value is not None), None)
