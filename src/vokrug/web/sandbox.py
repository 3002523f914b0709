"""What a playground hands to a browser: sandbox keys of tills, goods with prices, numbers to try."""

from collections.abc import Sequence

import msgspec


class SandboxTill(msgspec.Struct, frozen=True):
    """A till to stand at, with its sandbox key."""

    shop: str
    till: str
    name: str
    token: str


class SandboxArticle(msgspec.Struct, frozen=True):
    """Something to put into a basket. `price` is the shelf's."""

    sku: str
    name: str
    shelf: str
    price: str
    barcode: str
    is_weighed: bool


class SandboxCard(msgspec.Struct, frozen=True):
    """A printed gift card, not sold yet."""

    number: str
    pin: str | None


class Sandbox(msgspec.Struct, frozen=True):
    """The whole playground."""

    tills: Sequence[SandboxTill] = ()
    goods: Sequence[SandboxArticle] = ()
    phones: Sequence[str] = ()
    codes: Sequence[str] = ()
    gift_cards: Sequence[SandboxCard] = ()
    staff: str = ""  # the sandbox key of staff
