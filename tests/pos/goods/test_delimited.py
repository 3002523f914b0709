"""Goods as tables of any usual kind."""

import pytest

from tests.pos.goods.files import kinds, read, shared
from vokrug.pos.goods.delimited import meaning_of
from vokrug.pos.goods.elements import Good, Group, Trouble
from vokrug.pos.goods.errors import GoodsFileUnreadable

RUSSIAN = (
    "Код;Наименование;Артикул;Штрихкод;Группа;Цена;НДС;Ед. изм.\n"
    "71;Шоколад молочный;A-1;4600000000015;Еда > Сладкое;1 234,50;20%;шт\n"
)
ENGLISH = (
    "sku,name,article,barcodes,category,price,vat,unit\n"
    '71,Шоколад молочный,A-1,4600000000015,Еда > Сладкое,"1,234.50",20,шт\n'
)


@pytest.mark.parametrize("page", ["utf-8", "utf-8-sig", "windows-1251", "cp866", "koi8-r", "utf-16"])
@pytest.mark.parametrize(
    "text", [RUSSIAN, ENGLISH, RUSSIAN.replace(";", "\t"), "sep=;\n" + RUSSIAN, RUSSIAN.replace("\n", "\r\n")]
)
def test_a_row_is_the_same_in_every_spelling(text: str, page: str) -> None:
    items, head = read(text.encode(page))
    (found,) = [item for item in items if isinstance(item, Good)]
    said = found.said
    assert (found.code, said.name, said.article, said.barcodes) == ("71", "Шоколад молочный", "A-1", ["4600000000015"])
    assert (said.vat, said.unit, said.groups) == ("20", "шт", ["Еда > Сладкое"])
    assert said.prices is not None
    assert said.prices[0].minor == 123450
    groups = [(one.code, one.name, one.parent) for one in items if isinstance(one, Group)]
    assert groups == [("Еда", "Еда", None), ("Еда > Сладкое", "Сладкое", "Еда")]
    assert (head.kind, head.is_read) == ("csv", True)


@pytest.mark.parametrize(
    ("title", "column"),
    [
        ("Штрих-код (EAN)", "barcode"),
        ("Наименование товара", "name"),
        ("Цена, руб.", "price"),
        ("Ед. изм.", "unit"),
        ("Код группы", "group_code"),
        ("Номенклатура.Код", "code"),
        ("is_withdrawn", "gone"),
        ("Код поставщика", None),
        ("Остаток", None),
    ],
)
def test_titles_are_known_by_how_they_begin(title: str, column: str | None) -> None:
    assert meaning_of(title) == column


def test_the_plain_title_counts_for_more_than_one_that_begins_like_it() -> None:
    (found,) = read("Наименование для печати;Код товара старый;Код;Наименование\nx;0;1;Чай\n".encode())[0]
    assert isinstance(found, Good)
    assert (found.code, found.said.name) == ("1", "Чай")


def test_what_a_table_has_no_column_for_is_left_alone() -> None:
    (found,) = read("код;наименование\n1;Чай\n".encode())[0]
    assert isinstance(found, Good)
    assert found.is_partial
    assert (found.said.barcodes, found.said.groups, found.said.prices, found.said.is_gone) == (None, None, None, None)


def test_a_cell_that_is_empty_says_so() -> None:
    (found,) = read("код;штрихкод;группа;удален\n1;;;\n".encode())[0]
    assert isinstance(found, Good)
    assert (found.said.barcodes, found.said.groups, found.said.is_gone) == ([], [], False)


def test_bad_rows_are_told_by_line_and_the_rest_is_taken() -> None:
    text = 'код;название;цена\n1;"Чай\nчёрный";12\n;нет;1\n3;a;b;c;d\n4;Кофе;дорого\n' + "5" * 129 + ";x;1\n"
    items, _ = read(text.encode())
    told = [(one.place.line, one.code, one.level) for one in items if isinstance(one, Trouble)]
    assert told == [
        (4, "code_missing", "error"),
        (5, "row_misshapen", "error"),
        (6, "price_unreadable", "note"),
        (7, "code_too_long", "error"),
    ]
    assert [item.code for item in items if isinstance(item, Good)] == ["1", "4"]


def test_a_barcode_or_an_article_number_will_do_for_a_code() -> None:
    assert [one.code for one in read("ean;name\n4600000000015;Чай\n".encode())[0] if isinstance(one, Good)] == [
        "4600000000015"
    ]
    assert [one.code for one in read("артикул;название\nA-1;Чай\n".encode())[0] if isinstance(one, Good)] == ["A-1"]


@pytest.mark.parametrize("text", ["имя;рост\nАнна;170\n", "просто текст", "\n\n\n", "a" * 2_000_000])
def test_a_table_without_codes_is_refused(text: str) -> None:
    with pytest.raises(GoodsFileUnreadable):
        read(text.encode())


def test_a_real_table_is_read_wholly() -> None:
    items, _ = read(shared("barcodes-uhtt", "barcodes.csv.gz"))
    assert kinds(items).count("Good") == 61_760
    assert {(one.code, one.level) for one in items if isinstance(one, Trouble)} == {("barcode_unsound", "note")}
