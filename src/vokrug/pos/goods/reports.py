"""What an import says when it is done."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from vokrug.kernel import Text
from vokrug.pos.goods.elements import Head, Trouble

MOST_TOLD = 1_000  # troubles in a report; an error file at the command line holds all


class Tally(msgspec.Struct):
    """`gone`: of a catalogue that was told wholly, what is not in it any more."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0

    def count(self, before: object, after: object) -> None:
        if before is None:
            self.new += 1
        elif before != after:
            self.changed += 1
        else:
            self.unchanged += 1


class Counts(msgspec.Struct):
    """`aliases`: codes of a shop that lead to articles now; `unknown`: those that wait on the work list.
    `shared_barcodes`: of different things, so that none of them is found by it.
    """

    groups: Tally = msgspec.field(default_factory=Tally)
    goods: Tally = msgspec.field(default_factory=Tally)
    offers: Tally = msgspec.field(default_factory=Tally)
    articles: int = 0
    aliases: int = 0
    unknown: int = 0
    withdrawn: int = 0
    shared_barcodes: int = 0


class Sentence(msgspec.Struct, frozen=True):
    en: str
    ru: str


class TroubleTold(msgspec.Struct, frozen=True):
    file: str
    line: int
    element: str
    level: str
    code: str
    en: str
    ru: str


class FileTold(msgspec.Struct, frozen=True):
    """`formed_at` is the file's own clock, whose zone nobody tells."""

    kind: str
    version: str
    formed_at: str
    orders: int
    is_read: bool


class Report(msgspec.Struct, frozen=True):
    """The same file said again makes the same report, but for what it finds unchanged."""

    id: UUID
    shop: str | None
    file: str
    state: str
    is_dry: bool
    counts: Counts
    files: list[FileTold]
    errors: int
    notes: int
    sentences: list[Sentence]
    troubles: list[TroubleTold]


SAID = {
    "orders": Text(
        en="{count} order documents were passed over: sales come from tills, not from files of goods.",
        ru="Документы заказов пропущены ({count}): продажи приходят с касс, а не из файлов товаров.",
    ),
    "nothing": Text(en="The file holds no goods and no groups.", ru="В файле нет ни товаров, ни групп."),
    "gone": Text(
        en="{count} goods of this catalogue are not in the file. They stay on sale: withdraw them by asking for it.",
        ru="Нет в файле товаров этого каталога: {count}. Они остаются в продаже; снять их можно отдельным указанием.",
    ),
    "withdrawn": Text(
        en="{count} goods of this catalogue are not in the file and were withdrawn.",
        ru="Снято с продажи товаров, которых нет в файле: {count}.",
    ),
    "shared": Text(
        en="{count} barcodes are borne by different articles: none of them is found by such a barcode.",
        ru="Штрихкоды, общие у разных товаров: {count}. По такому штрихкоду товар не определяется.",
    ),
    "own_groups": Text(
        en="Groups of a shop's own are left aside: the centre's are used.",
        ru="Собственные группы магазина не переносятся: действуют группы центра.",
    ),
    "broken": Text(
        en="The file breaks off. What came before is taken; send it whole, and the rest is.",
        ru="Файл обрывается. Всё, что до обрыва, загружено; пришлите файл целиком, и загрузится остальное.",
    ),
    "dry": Text(en="Nothing was written.", ru="Ничего не записано."),
}


def sentences_of(
    counts: Counts, heads: Sequence[Head], *, is_central: bool, is_dry: bool, is_broken: bool, had_groups: bool
) -> list[Sentence]:
    told = list[tuple[str, int]]()
    if orders := sum(head.orders for head in heads):
        told.append(("orders", orders))
    is_empty = counts.goods == counts.offers == counts.groups == Tally()
    if is_empty and not orders and not had_groups:
        told.append(("nothing", 0))
    if counts.withdrawn:
        told.append(("withdrawn", counts.withdrawn))
    elif counts.goods.gone:
        told.append(("gone", counts.goods.gone))
    if counts.shared_barcodes:
        told.append(("shared", counts.shared_barcodes))
    if had_groups and not is_central:
        told.append(("own_groups", 0))
    if is_broken:
        told.append(("broken", 0))
    if is_dry:
        told.append(("dry", 0))
    return [Sentence(SAID[code].say("en", count=count), SAID[code].say("ru", count=count)) for code, count in told]


def told(one: Trouble) -> TroubleTold:
    place = one.place
    return TroubleTold(place.file, place.line, place.element, one.level, one.code, one.en, one.ru)
