"""Goods as a table: CSV of any usual delimiter and code page, its columns known by their Russian or English names."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from vokrug.pos.goods.amounts import minor_of, unit_of, vat_of
from vokrug.pos.goods.commerceml import YES, sound_barcodes, unreadable
from vokrug.pos.goods.elements import MOST_CODE, MOST_NAME, Good, Group, Head, Item, Place, Price, Said, trouble
from vokrug.pos.goods.files import encoding_of

NAMES: dict[str, tuple[str, ...]] = {
    "code": ("код", "ид", "id", "sku", "code", "идентификатор", "item code", "product code", "sku code", "product id"),
    "name": (
        "наименование",
        "название",
        "товар",
        "номенклатура",
        "name",
        "title",
        "product",
        "product name",
        "item name",
    ),
    "article": ("артикул", "article", "vendor code", "vendorcode", "part number", "mpn", "article number"),
    "barcode": ("шк", "barcode", "barcodes", "ean", "ean13", "ean 13", "gtin", "upcean", "upc"),
    "group": ("группа", "категория", "раздел", "подгруппа", "category", "group", "categoryname", "category name"),
    "group_code": ("categoryid", "category id", "category code", "group code", "group id"),
    "brand": ("бренд", "торговая марка", "производитель", "brand", "brandname", "brand name", "manufacturer"),
    "unit": ("ед", "unit", "uom", "unit of measure"),
    "vat": ("ндс", "vat", "vat rate", "tax", "tax rate"),
    "price": ("цена", "price", "retail price"),
    "gone": ("удален", "удалён", "снят", "снят с продажи", "deleted", "is withdrawn", "archived"),
    "weighed": ("весовой", "weighed", "is weighed"),
}
MEANING = {name: column for column, names in NAMES.items() for name in names}
# Titles are written in many ways; these beginnings say enough. A code of something else is no code of the goods.
BEGINNINGS = (
    ("штрих", "barcode"), ("код групп", "group_code"), ("код катег", "group_code"), ("код товар", "code"),
    ("код номенкл", "code"), ("код позиц", "code"), ("внутренний код", "code"), ("номенклатура код", "code"),
    ("наименован", "name"), ("назван", "name"), ("артикул", "article"), ("группа товар", "group"),
    ("товарная групп", "group"), ("категория товар", "group"), ("ед изм", "unit"), ("единица", "unit"),
    ("ставка ндс", "vat"), ("ндс", "vat"), ("цена", "price"), ("розничная цена", "price"), ("розн цена", "price"),
    ("price", "price"), ("пометка удал", "gone"), ("пометкаудал", "gone"), ("весовой", "weighed"),
    ("barcode", "barcode"),
)  # fmt: skip
DELIMITERS = ";\t,|"
PATH = (" > ", " / ", "\\", ">")
MOST_ROW = 1 << 20

csv.field_size_limit(MOST_ROW)


def read(file: BinaryIO, name: str, head: Head, start: bytes = b"") -> Iterator[Item]:
    """A statement for each row. What a table has no column for is left alone."""
    head.kind = "csv"
    page = encoding_of(start)
    if page == "utf-8":
        page = "utf-8-sig"
    rows = csv.reader(lines_of(file, start, page), delimiter=delimiter_of(start, page))
    table = Table(name, head, rows)
    yield from table.items()
    head.is_read = True


def lines_of(file: BinaryIO, start: bytes, page: str) -> Iterator[str]:
    """Lines with their ends, from bytes that come in pieces. A character that is none becomes a question mark."""
    decoder = codecs.getincrementaldecoder(page)(errors="replace")
    buffer = io.StringIO()
    piece, is_first = start or file.read(1 << 16), True
    while piece:
        buffer.write(decoder.decode(piece).replace("\0", ""))
        *whole, rest = buffer.getvalue().splitlines(keepends=True) or [""]
        if rest.endswith(("\n", "\r")) and not rest.endswith("\r"):
            whole, rest = [*whole, rest], ""
        for line in whole:
            if not (is_first and line.lower().startswith("sep=")):
                yield line
            is_first = False
        buffer = io.StringIO(rest)
        buffer.seek(0, io.SEEK_END)
        if len(rest) > MOST_ROW:
            raise unreadable("a line is longer than a megabyte", "строка длиннее мегабайта")
        piece = file.read(1 << 16)
    rest = buffer.getvalue() + decoder.decode(b"", final=True)
    if rest:
        yield rest


def delimiter_of(start: bytes, page: str) -> str:
    """The one that makes the most columns of known names out of the first line."""
    text = start.decode(page, errors="replace").lstrip("\ufeff")
    first = text.splitlines()[0] if text.strip() else ""
    if first.lower().startswith("sep=") and len(first) > 4:
        return first[4]

    def worth(delimiter: str) -> tuple[int, int]:
        columns = next(csv.reader([first], delimiter=delimiter), [])
        return sum(meaning_of(column) is not None for column in columns), len(columns)

    return max(DELIMITERS, key=worth)


def meaning_of(title: str) -> str | None:
    """Which column it is, by its whole title or by how that begins."""
    plain = " ".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())
    return MEANING.get(plain) or next((column for begin, column in BEGINNINGS if plain.startswith(begin)), None)


def is_exact(title: str) -> bool:
    return title.strip().lower() in MEANING


class Table:
    def __init__(self, name: str, head: Head, rows: "csv._reader") -> None:  # type: ignore[name-defined]
        self.name, self.head, self.rows = name, head, rows
        self.groups: set[str] = set()
        self.out: list[Item] = []
        self.columns: dict[str, int] = {}

    def items(self) -> Iterator[Item]:
        try:
            titles: list[str] = next(self.rows, [])
            for at, title in sorted(enumerate(titles), key=lambda one: (not is_exact(one[1]), one[0])):
                if meaning := meaning_of(title):
                    self.columns.setdefault(meaning, at)
            if not {"code", "article", "barcode"} & self.columns.keys():
                known = ", ".join(titles)[:200]
                raise unreadable(
                    f"no column of codes, article numbers or barcodes among: {known}",
                    f"нет колонки с кодом, артикулом или штрихкодом среди: {known}",
                )
            self.head.version = f"{len(titles)} columns"
            for row in self.rows:
                if any(cell.strip() for cell in row):
                    self.take(row, len(titles))
                    yield from self.out
                    self.out = []
        except csv.Error as error:
            raise unreadable(f"row {self.rows.line_num}: {error}", f"строка {self.rows.line_num}: {error}") from None

    def take(self, row: list[str], wanted: int) -> None:
        def cell(column: str) -> str | None:
            at = self.columns.get(column)
            return None if at is None or at >= len(row) else " ".join(row[at].split())

        barcodes = cell("barcode")
        texts = [] if barcodes is None else [text for text in barcodes.replace(";", ",").split(",") if text.strip()]
        code = cell("code") or cell("article") or (texts[0].strip() if texts else "")
        place = Place(self.name, self.rows.line_num, code[:120])
        if len(row) < min(2, wanted) or any(extra.strip() for extra in row[wanted:]):
            self.out.append(trouble(place, "row_misshapen", has=len(row), wanted=wanted))
            return
        if not code or len(code) > MOST_CODE:
            self.out.append(trouble(place, "code_too_long" if code else "code_missing", most=MOST_CODE))
            return
        unit, is_weighed = unit_of(cell("unit") or "")
        if (weighed := cell("weighed")) is not None:
            is_weighed = weighed.lower() in YES
        gone = cell("gone")
        said = Said(
            name=(cell("name") or "")[:MOST_NAME] or None,
            article=(cell("article") or "")[:MOST_CODE] or None,
            barcodes=None if barcodes is None else sound_barcodes(texts, place, self.out),
            groups=self.group_of(cell("group"), cell("group_code"), place),
            brand=(cell("brand") or "")[:100] or None,
            unit=unit,
            vat=vat_of(cell("vat") or ""),
            is_weighed=is_weighed,
            is_gone=None if gone is None else gone.lower() in YES,
            prices=self.prices_of(cell("price"), place),
        )
        self.out.append(Good(place, code, "catalogue", said, "csv", is_partial=True))

    def group_of(self, name: str | None, code: str | None, place: Place) -> list[str] | None:
        """A path of names makes groups inside groups; a code of one's own names the innermost."""
        if name is None and code is None:
            return None
        if not name:
            return [code] if code else []
        if code:
            self.tell_group(Group(place, code[:MOST_CODE], name[:MOST_NAME], None, keeps_parent=True))
            return [code[:MOST_CODE]]
        steps = [name]
        for sign in PATH:
            if sign in name:
                steps = [step.strip() for step in name.split(sign) if step.strip()]
                break
        parent: str | None = None
        for depth, step in enumerate(steps, 1):
            own = " > ".join(steps[:depth])[-MOST_CODE:]
            self.tell_group(Group(place, own, step[:MOST_NAME], parent))
            parent = own
        return [parent] if parent else []

    def tell_group(self, group: Group) -> None:
        if group.code not in self.groups:
            self.groups.add(group.code)
            self.out.append(group)

    def prices_of(self, text: str | None, place: Place) -> list[Price] | None:
        if not text:
            return None
        try:
            return [Price("retail", "", "", minor_of(text))]
        except ValueError:
            self.out.append(trouble(place, "price_unreadable", "note", text=text[:40]))
            return None
