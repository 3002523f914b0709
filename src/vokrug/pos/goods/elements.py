"""What readers of files make of them: groups, statements about goods, troubles. The same for every kind of file."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from vokrug.kernel import Text

Part = Literal["catalogue", "offer"]
Level = Literal["error", "note"]
MOST_NAME = 1_000
MOST_CODE = 128  # what a till may send


class Price(msgspec.Struct, frozen=True, omit_defaults=True):
    """`type` is the file's own id of the kind of price."""

    type: str
    name: str
    currency: str
    minor: int


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a file says of a thing. None: it says nothing."""

    name: str | None = None
    article: str | None = None
    own_code: str | None = None  # how people call it: 1C's «Код»
    barcodes: list[str] | None = None
    groups: list[str] | None = None
    brand: str | None = None
    unit: str | None = None
    vat: str | None = None
    is_weighed: bool | None = None
    is_gone: bool | None = None
    prices: list[Price] | None = None
    features: list[tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file. `line` counts from one."""

    file: str
    line: int
    element: str


@dataclass(frozen=True, slots=True)
class Group:
    place: Place
    code: str
    name: str
    parent: str | None
    keeps_parent: bool = False  # nothing is said of where it stands


@dataclass(frozen=True, slots=True)
class Good:
    """A statement about a thing. A partial one leaves alone what it says nothing of."""

    place: Place
    code: str
    part: Part
    said: Said
    catalogue_id: str = ""
    is_partial: bool = False

    @property
    def parent(self) -> str | None:
        """Of a characteristic, its goods."""
        return self.code.partition("#")[0] if "#" in self.code else None


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error keeps its element out; a note is taken, with doubt."""

    place: Place
    level: Level
    code: str
    en: str
    ru: str


Item = Group | Good | Trouble


@dataclass(slots=True)
class Head:
    """What a file says of itself; filled in while it is read."""

    kind: str = ""
    version: str = ""
    formed_at: str = ""
    orders: int = 0
    whole: set[str] = field(default_factory=set)  # catalogues that are told of wholly: what is not in them is gone
    is_read: bool = False


TROUBLES = {
    "code_missing": Text(en="It has no id.", ru="Нет идентификатора."),
    "code_too_long": Text(en="The id is longer than {most} characters.", ru="Идентификатор длиннее {most} символов."),
    "name_missing": Text(
        en="It has no name yet: it waits for a file that has.", ru="Нет наименования: ждём файл, где оно есть."
    ),
    "barcode_unsound": Text(
        en="The barcode {barcode} has a wrong check digit.", ru="У штрихкода {barcode} неверная контрольная цифра."
    ),
    "price_unreadable": Text(en="{text} is no price.", ru="«{text}» не читается как цена."),
    "group_inside_itself": Text(en="The group stands inside itself.", ru="Группа вложена сама в себя."),
    "row_misshapen": Text(en="The row has {has} columns of {wanted}.", ru="В строке {has} колонок из {wanted}."),
    "thing_too_large": Text(
        en="It has more than {most} parts: the rest is left out.", ru="В нём больше {most} частей: остальные пропущены."
    ),
    "file_breaks_off": Text(en="The file breaks off: {why}.", ru="Файл обрывается: {why}."),
}


def trouble(place: Place, code: str, level: Level = "error", **facts: object) -> Trouble:
    told = TROUBLES[code]
    return Trouble(place, level, code, told.say("en", **facts), told.say("ru", **facts))
