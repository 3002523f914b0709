"""Bodies about messages."""

from typing import Annotated, Literal

import msgspec

from vokrug.pos.schemas import Body, Code, Moment, Reply

Said = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ReceiptMessage(Body, frozen=True, kw_only=True):
    """Words for a place, in both languages. With the price (`calculate`) or with the sale (`commit`). To all, to
    members (of some tiers), or to who is none yet; in some shops, for a time. A cashier's line has 30 letters.
    """

    key: Code
    place: Literal["header", "after_items", "footer", "slip", "cashier", "customer_display"]
    with_: Literal["calculate", "commit"] = msgspec.field(name="with", default="commit")
    ru: Said
    en: Said
    to: Literal["all", "members", "strangers"] = "all"
    tiers: Annotated[tuple[Code, ...], msgspec.Meta(max_length=20)] = ()
    shops: Annotated[tuple[Code, ...], msgspec.Meta(max_length=1000)] = ()
    from_at: Moment | None = None
    until_at: Moment | None = None


class ReceiptMessages(Body, frozen=True, kw_only=True):
    messages: Annotated[list[ReceiptMessage], msgspec.Meta(max_length=100)]


class ReceiptMessagesDeclared(Reply, frozen=True, kw_only=True):
    version: int
    messages: list[ReceiptMessage]
