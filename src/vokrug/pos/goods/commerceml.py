"""CommerceML 2, the exchange files of 1C: catalogues, offers, their groups and kinds of prices. Read as a stream.

A file may bear a namespace or none, have no classifier or nothing else, tell everything or changes alone. Documents
(orders) are counted and passed over. Types of document and entities are refused: no exchange file needs them.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from vokrug.pos.goods import barcodes as codes
from vokrug.pos.goods.amounts import Style, currency_of, minor_of, moment_of, unit_of, vat_of
from vokrug.pos.goods.elements import (
    MOST_CODE,
    MOST_NAME,
    Good,
    Group,
    Head,
    Item,
    Place,
    Price,
    Said,
    trouble,
)
from vokrug.pos.goods.errors import GoodsFileUnreadable
from vokrug.pos.goods.files import PIECE, encoding_of

ROOT = "КоммерческаяИнформация"
OFFERS = ("ПакетПредложений", "ИзмененияПакетаПредложений")
# Long parts of goods that no catalogue of ours keeps.
PASSED = frozenset(
    {
        "Описание", "Картинка", "ЗначенияСвойств", "Склад", "Остатки", "Комплектующие", "Аналоги", "Владелец",
        "Свойства", "Склады", "ДополнительныеЗначенияРеквизитов", "Контрагенты", "ФайлОписания",
    }
)  # fmt: skip
MOST_DEPTH, MOST_PARTS, MOST_TEXT = 200, 500_000, 20_000
YES = frozenset({"true", "1", "да", "истина"})
# A sensible mark on a category is not longer either.
MOST_GROUP = 128


class Element:
    """A part of a thing while it is read."""

    __slots__ = ("attributes", "line", "name", "parts", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name, self.attributes, self.line = name, attributes, line
        self.text, self.parts = "", list[Element]()

    def first(self, name: str) -> "Element | None":
        return next((part for part in self.parts if part.name == name), None)

    def of(self, name: str) -> str | None:
        """The text of a part; None if there is none."""
        part = self.first(name)
        return None if part is None else part.text.strip()

    def under(self, *names: str) -> list["Element"]:
        found = [self]
        for name in names:
            found = [part for one in found for part in one.parts if part.name == name]
        return found


def is_yes(text: str | None) -> bool:
    return text is not None and text.strip().lower() in YES


def read(file: BinaryIO, name: str, head: Head, start: bytes = b"") -> Iterator[Item]:
    """Everything the file says, in its order."""
    reader = Reader(name, head, encoding_of(start))
    piece = start or file.read(PIECE)
    while piece:
        yield from reader.feed(piece)
        if reader.is_broken:
            return
        piece = file.read(PIECE)
    yield from reader.end()


class Reader:
    """Knows where in the document it is, and keeps one thing at a time."""

    def __init__(self, name: str, head: Head, encoding: str) -> None:
        self.name, self.head = name, head
        head.kind = "commerceml"
        self.path: list[str] = []
        self.out: list[Item] = []
        self.building: list[Element] = []  # the thing that is read, from its own element down to where we are
        self.passed = 0  # how deep we are in something that is passed over
        self.parts = 0
        self.style, self.date_style = Style(), ""
        self.catalogue_id, self.text = "", ""
        self.groups: list[Group] = []
        self.price_types: dict[str, tuple[str, str]] = {}
        self.ordinal = 0
        self.is_whole, self.is_broken = False, False
        try:
            self.parser = expat.ParserCreate(encoding)
        except (LookupError, ValueError):
            raise unreadable(f"unknown encoding {encoding}", f"неизвестная кодировка {encoding}") from None
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.opened
        self.parser.EndElementHandler = self.closed
        self.parser.CharacterDataHandler = self.said
        self.parser.StartDoctypeDeclHandler = self.refused

    def feed(self, piece: bytes, *, is_last: bool = False) -> list[Item]:
        try:
            self.parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            if self.head.version == "" and not self.path and not self.out:
                raise unreadable(f"not XML ({error})", f"не XML ({error})") from None
            place = Place(self.name, error.lineno, "/".join(self.path[-2:]))
            self.out.append(trouble(place, "file_breaks_off", why=str(error)))
            self.is_broken = True
        except LookupError:
            raise unreadable("unknown encoding", "неизвестная кодировка") from None
        return self.take()

    def end(self) -> list[Item]:
        items = self.feed(b"", is_last=True)
        self.head.is_read = not self.is_broken
        return items

    def take(self) -> list[Item]:
        items, self.out = self.out, []
        return items

    def refused(self, *_: Any) -> None:
        raise unreadable("it declares a document type", "в нём объявлен тип документа (DOCTYPE)")

    # Events of the parser

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if self.passed:
            self.passed += 1
            return
        name = tag.rpartition(":")[2]
        if not self.path:
            self.begin(name, attributes)
        if len(self.path) >= MOST_DEPTH:
            raise unreadable("its elements are nested too deep", "слишком глубокая вложенность")
        if self.building:
            self.parts += 1
            if name in PASSED or self.parts > MOST_PARTS:
                if self.parts == MOST_PARTS + 1:
                    place = Place(self.name, self.parser.CurrentLineNumber, self.building[0].name)
                    self.out.append(trouble(place, "thing_too_large", most=MOST_PARTS))
                self.passed = 1
                return
            part = Element(name, attributes, self.parser.CurrentLineNumber)
            self.building[-1].parts.append(part)
            self.building.append(part)
            return
        self.path.append(name)
        self.text = ""
        if name == "Документ" and len(self.path) == 2:
            self.head.orders += 1
            self.path.pop()
            self.passed = 1
        elif name in PASSED:
            self.path.pop()
            self.passed = 1
        elif self.is_thing():
            self.parts = 0
            self.building = [Element(self.path.pop(), attributes, self.parser.CurrentLineNumber)]
        elif len(self.path) == 2 and name in ("Каталог", *OFFERS):
            self.catalogue_id = ""
            self.is_whole = attributes.get("СодержитТолькоИзменения", "").strip().lower() in ("false", "0", "нет")

    def is_thing(self) -> bool:
        """Something that is read as a whole."""
        match self.path[1:]:
            case ["Каталог", "Товары", "Товар"] | ["Классификатор", "Группы", "Группа"]:
                return True
            case [_, "ТипыЦен", "ТипЦены"]:
                return True
            case [package, "Предложения", "Предложение"] if package in OFFERS:
                return True
        return False

    def said(self, text: str) -> None:
        if self.passed:
            return
        if self.building:
            element = self.building[-1]
            if len(element.text) < MOST_TEXT:
                element.text += text
        elif len(self.text) < MOST_TEXT:
            self.text += text

    def closed(self, tag: str) -> None:
        if self.passed:
            self.passed -= 1
        elif self.building:
            element = self.building.pop()
            if not self.building:
                self.taken(element)
        else:
            self.left()

    def left(self) -> None:
        """An element outside of things has ended."""
        match self.path[1:]:
            case ["Каталог", "Ид"] | [_, "ИдКаталога"]:
                self.catalogue_id = self.text.strip()[:MOST_CODE]
            case ["Каталог", "СодержитТолькоИзменения"]:
                self.is_whole = not is_yes(self.text)
            case ["Каталог"] if self.is_whole:
                self.head.whole.add(self.catalogue_id)
            case ["Классификатор", "Группы"]:
                self.out += self.groups
                self.groups = []
        self.path.pop()
        self.text = ""

    # What it means

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name != ROOT:
            raise unreadable(
                f"it begins with <{name[:60]}>, not with <{ROOT}>", f"это не CommerceML: корень <{name[:60]}>"
            )
        self.head.version = attributes.get("ВерсияСхемы", "?")[:20]
        self.style = Style.told(attributes.get("ФорматСуммы", ""))
        if point := attributes.get("РазделительДробнойЧасти", "").strip():
            self.style = Style(point[:1], self.style.groups)
        self.head.formed_at = moment_of(attributes.get("ДатаФормирования", ""), attributes.get("ФорматДаты", ""))

    def taken(self, thing: Element) -> None:
        match thing.name:
            case "Группа":
                self.take_group(thing, None, 0)
            case "ТипЦены":
                name, currency = thing.of("Наименование") or "", currency_of(thing.of("Валюта") or "")
                self.price_types[thing.of("Ид") or name] = (name[:MOST_NAME], currency)
            case "Товар":
                self.take_good(thing, is_offer=False)
            case "Предложение":
                self.take_good(thing, is_offer=True)

    def take_group(self, thing: Element, parent: str | None, depth: int) -> None:
        code, name = thing.of("Ид") or "", thing.of("Наименование") or ""
        place = Place(self.name, thing.line, f"Группа {code or name}"[:120])
        if not code or len(code) > MOST_GROUP:
            self.out.append(trouble(place, "code_too_long" if code else "code_missing", most=MOST_GROUP))
            code = ""
        else:
            self.groups.append(Group(place, code, (name or code)[:MOST_NAME], parent))
        for inner in thing.under("Группы", "Группа"):
            self.take_group(inner, code or parent, depth + 1)

    def take_good(self, thing: Element, *, is_offer: bool) -> None:
        self.ordinal += 1
        code = (thing.of("Ид") or "").removesuffix("#")
        place = Place(self.name, thing.line, f"{thing.name} {self.ordinal} {code}".strip()[:160])
        if not code:
            self.out.append(trouble(place, "code_missing"))
            return
        if len(code) > MOST_CODE:
            self.out.append(trouble(place, "code_too_long", most=MOST_CODE))
            return
        said = self.said_of(thing, place, is_offer=is_offer)
        is_bare = said == Said(is_gone=True)
        part = "offer" if is_offer else "catalogue"
        catalogue_id = "" if is_offer else self.catalogue_id
        self.out.append(Good(place, code, part, said, catalogue_id, is_partial=is_offer or is_bare))  # type: ignore[arg-type]

    def said_of(self, thing: Element, place: Place, *, is_offer: bool) -> Said:
        unit, is_weighed = self.unit_of(thing)
        prices = self.prices_of(thing, place)
        features = [
            ((one.of("Наименование") or "")[:MOST_NAME], (one.of("Значение") or "")[:MOST_NAME])
            for one in thing.under("ХарактеристикиТовара", "ХарактеристикаТовара")
        ]
        groups = None
        if not is_offer and thing.first("Группы") is not None:
            groups = list(dict.fromkeys(one.text.strip() for one in thing.under("Группы", "Ид") if one.text.strip()))
        gone = is_yes(thing.of("ПометкаУдаления")) or any(
            (status or "").strip().lower().startswith("удал")
            for status in (thing.attributes.get("Статус"), thing.of("Статус"))
        )
        return Said(
            name=self.name_of(thing),
            article=(thing.of("Артикул") or "")[:MOST_CODE] or None,
            own_code=(thing.of("Код") or requisite(thing, "Код") or "")[:MOST_CODE] or None,
            barcodes=self.barcodes_of(thing, place),
            groups=groups,
            brand=brand_of(thing),
            unit=unit,
            vat=self.vat_of(thing),
            is_weighed=is_weighed,
            is_gone=True if gone else None,
            prices=prices,
            features=features or None,
        )

    def name_of(self, thing: Element) -> str | None:
        name = thing.of("Наименование") or requisite(thing, "Полное наименование") or thing.of("ПолноеНаименование")
        return " ".join(name.split())[:MOST_NAME] if name and name.strip() else None

    def barcodes_of(self, thing: Element, place: Place) -> list[str] | None:
        told = [*thing.under("Штрихкод"), *thing.under("Штрихкоды", "Штрихкод")]
        if not told and thing.first("Штрихкоды") is None:
            return None
        texts = [text for one in told for text in one.text.replace(";", ",").split(",") if text.strip()]
        return sound_barcodes(texts, place, self.out)

    def unit_of(self, thing: Element) -> tuple[str | None, bool | None]:
        unit = thing.first("БазоваяЕдиница")
        if unit is None:
            return None, None
        told = unit.attributes
        return unit_of(
            unit.text, told.get("НаименованиеКраткое", ""), told.get("Код", ""), told.get("НаименованиеПолное", ""),
            told.get("МеждународноеСокращение", ""),
        )  # fmt: skip

    def vat_of(self, thing: Element) -> str | None:
        rates = [*thing.under("СтавкиНалогов", "СтавкаНалога"), *thing.under("СтавкаНДС")]
        for rate in rates:
            if rate.name == "СтавкаНДС":
                return vat_of(rate.text)
            if (rate.of("Наименование") or "НДС").upper() == "НДС":
                return vat_of(rate.of("Ставка") or "")
        return None

    def prices_of(self, thing: Element, place: Place) -> list[Price] | None:
        if thing.first("Цены") is None:
            return None
        best: dict[str, tuple[bool, Price]] = {}
        for told in thing.under("Цены", "Цена"):
            text, kind = told.of("ЦенаЗаЕдиницу") or "", (told.of("ИдТипаЦены") or "")[:MOST_CODE]
            name, currency = self.price_types.get(kind, ("", ""))
            try:
                minor = minor_of(text, self.style)
            except ValueError:
                self.out.append(trouble(place, "price_unreadable", "note", text=text[:40]))
                continue
            price = Price(kind, name, currency_of(told.of("Валюта") or "") or currency, minor)
            is_single = (told.of("Коэффициент") or "1").replace(",", ".").rstrip("0").rstrip(".") in ("1", "")
            if kind not in best or (is_single and not best[kind][0]):
                best[kind] = (is_single, price)
        return [price for _, (_, price) in sorted(best.items())]


def requisite(thing: Element, name: str) -> str | None:
    for one in thing.under("ЗначенияРеквизитов", "ЗначениеРеквизита"):
        if one.of("Наименование") == name:
            return one.of("Значение")
    return None


def brand_of(thing: Element) -> str | None:
    for name in ("ТорговаяМарка", "Изготовитель", "Производитель", "Бренд"):
        part = thing.first(name)
        if part is not None and (text := (part.of("Наименование") or part.text).strip()):
            return text[:100]
    return None


def sound_barcodes(texts: list[str], place: Place, out: list[Item]) -> list[str]:
    """In one spelling. One whose check digit is wrong is kept as it is, and told of."""
    found = list(dict.fromkeys(codes.normal(text)[:64] for text in texts))
    for barcode in found:
        if len(barcode) in codes.SHAPES and barcode.isdigit() and not codes.is_sound(barcode):
            out.append(trouble(place, "barcode_unsound", "note", barcode=barcode))
    return found


def unreadable(why: str, why_ru: str) -> GoodsFileUnreadable:
    return GoodsFileUnreadable(why=why, why_ru=why_ru)
