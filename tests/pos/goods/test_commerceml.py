"""What the exchange files of 1C say, in all their spellings."""

import gzip
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pos.goods.files import (
    GROUPS,
    catalogue,
    classifier,
    document,
    good,
    kinds,
    offer,
    offers,
    read,
    shared,
    zipped,
)
from vokrug.pos.goods import amounts
from vokrug.pos.goods.amounts import Style
from vokrug.pos.goods.elements import Good, Group, Head, Price, Trouble
from vokrug.pos.goods.errors import GoodsFileUnreadable
from vokrug.pos.goods.files import Source

CHOCOLATE = good(
    "g1",
    "Шоколад",
    Артикул="A-1",
    Код="000071",
    Штрихкод="4600000000015",
    БазоваяЕдиница="шт",
    Группы="<Ид>sweet</Ид>",
    Описание="<p/>",
    Изготовитель="<Ид>m</Ид><Наименование>Фабрика</Наименование>",
    СтавкиНалогов="<СтавкаНалога><Наименование>НДС</Наименование><Ставка>10</Ставка></СтавкаНалога>",
)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"bom": True},
        {"namespace": False},
        {"encoding": "windows-1251"},
        {"encoding": "windows-1251", "namespace": False},
        {"encoding": "utf-16"},
    ],
)
def test_a_good_is_the_same_in_every_spelling(how: dict[str, Any]) -> None:
    items, head = read(document(classifier(), catalogue(CHOCOLATE), **how))
    assert kinds(items) == ["Group", "Group", "Group", "Group", "Good"]
    (found,) = [item for item in items if isinstance(item, Good)]
    said = found.said
    assert (found.code, found.catalogue_id, said.name, said.article) == ("g1", "cat", "Шоколад", "A-1")
    assert (said.own_code, said.barcodes, said.groups) == ("000071", ["4600000000015"], ["sweet"])
    assert (said.brand, said.unit, said.vat, said.is_weighed) == ("Фабрика", "шт", "10", False)
    assert (head.version, head.formed_at, head.is_read) == ("2.07", "2026-01-02T03:04:05", True)


def test_what_declares_utf8_and_is_not_is_read_all_the_same() -> None:
    text = document(catalogue(CHOCOLATE)).decode().encode("windows-1251")
    (found,) = read(text)[0]
    assert isinstance(found, Good)
    assert found.said.name == "Шоколад"


def test_groups_stand_inside_groups_parents_first() -> None:
    items, _ = read(document(classifier()))
    assert [(one.code, one.parent) for one in items if isinstance(one, Group)] == [
        ("food", None),
        ("sweet", "food"),
        ("bars", "sweet"),
        ("home", None),
    ]


def test_an_offer_has_a_price_of_a_kind_and_a_characteristic_its_goods() -> None:
    features = "<ХарактеристикаТовара><Наименование>Размер</Наименование><Значение>42</Значение></ХарактеристикаТовара>"
    row = offer("g1#c1", "", "1 234,50", ХарактеристикиТовара=features)
    (found,) = read(document(offers(row)))[0]
    assert isinstance(found, Good)
    assert (found.code, found.parent, found.part, found.is_partial) == ("g1#c1", "g1", "offer", True)
    assert found.said.prices == [Price("base", "Розничная", "RUB", 123450)]
    assert found.said.features == [("Размер", "42")]


@pytest.mark.parametrize(
    "gone",
    [
        good("g1", "", ПометкаУдаления="true"),
        good("g1", "", Статус="Удалён"),
        good("g1").replace("<Товар>", '<Товар Статус="Удален">'),
    ],
)
def test_a_deleted_good_says_no_more_than_that(gone: str) -> None:
    (found,) = read(document(catalogue(gone)))[0]
    assert isinstance(found, Good)
    assert (found.said.is_gone, found.is_partial, found.said.name) == (True, True, None)


def test_orders_are_counted_and_passed_over() -> None:
    order = f"<Документ><Ид>1</Ид><ХозОперация>Заказ товара</ХозОперация><Товары>{CHOCOLATE}</Товары></Документ>"
    items, head = read(document(order, order, catalogue(CHOCOLATE), encoding="windows-1251"))
    assert (kinds(items), head.orders) == (["Good"], 2)


def test_a_whole_catalogue_says_so_by_attribute_or_by_element() -> None:
    assert read(document(catalogue(CHOCOLATE, changes_only=False)))[1].whole == {"cat"}
    assert read(document(catalogue(CHOCOLATE)))[1].whole == set()
    told = document("<Каталог><Ид>x</Ид><СодержитТолькоИзменения>false</СодержитТолькоИзменения></Каталог>")
    assert read(told)[1].whole == {"x"}
    assert read(document("<Каталог><Ид>x</Ид></Каталог>"))[1].whole == set(), "unsaid, nothing is gone"


def test_troubles_name_their_line_and_leave_the_rest_alone() -> None:
    bad = [good("", "Без ид"), good("x" * 129, "Длинный"), good("g2", "Чай", Штрихкод="4600000000016")]
    items, _ = read(document(catalogue(*bad, CHOCOLATE)))
    troubles = [item for item in items if isinstance(item, Trouble)]
    assert [(one.code, one.level, one.place.line) for one in troubles] == [
        ("code_missing", "error", 4),
        ("code_too_long", "error", 5),
        ("barcode_unsound", "note", 6),
    ]
    assert troubles[2].ru == "У штрихкода 4600000000016 неверная контрольная цифра."
    assert [item.code for item in items if isinstance(item, Good)] == ["g2", "g1"]


LAUGHS = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
BOMB = f"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">{LAUGHS}]><КоммерческаяИнформация>&j;""".encode()
OUTSIDE = b"""<?xml version="1.0" encoding="utf-8"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>"""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (BOMB, "document type"),
        (OUTSIDE, "document type"),
        (b"<html><body/></html>", "html"),
        (b"<?xml version='1.0' encoding='no-such-page'?><a/>", "encoding"),
        (b"<" * 100, "not XML"),
        (zipped(readme__md=b"x"), "archive"),
        (b"PK\x03\x04 but no archive", "archive"),
        (gzip.compress(document(catalogue(CHOCOLATE)) * 50)[:200], "damaged"),
    ],
)
def test_what_is_no_file_of_goods_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(GoodsFileUnreadable) as refused:
        read(content)
    assert why in refused.value.detail()


def test_nesting_has_an_end() -> None:
    deep = document("<a>" * 500 + "</a>" * 500)
    with pytest.raises(GoodsFileUnreadable):
        read(deep)


def test_a_file_that_breaks_off_gives_what_it_had() -> None:
    whole = document(catalogue(CHOCOLATE, good("g2", "Чай")))
    items, head = read(whole[: whole.index(b"g2")])
    assert kinds(items) == ["Good", "Trouble"]
    assert not head.is_read


WHOLE = document(classifier(), catalogue(CHOCOLATE), offers(offer("g1", "Шоколад", "90")))
TABLE = "Код;Наименование;Цена\n1;Чай;5\n2;Кофе;6\n".encode()


@given(
    st.sampled_from([WHOLE, TABLE, gzip.compress(WHOLE), zipped(a__xml=WHOLE), WHOLE.decode().encode("utf-16")]),
    st.integers(0, 10_000),
    st.integers(0, 300),
    st.binary(max_size=12),
)
def test_damaged_files_are_refused_or_read_as_far_as_they_go(whole: bytes, at: int, less: int, more: bytes) -> None:
    """Whatever was cut out and put in: never an error of ours."""
    at %= len(whole)
    try:
        items, _ = read(whole[:at] + more + whole[at + less :])
    except GoodsFileUnreadable:
        return
    assert all("\0" not in repr(item) for item in items), "the database keeps no such character"


def test_packed_files_are_read_as_they_are() -> None:
    content = document(catalogue(CHOCOLATE))
    assert read(gzip.compress(content))[0] == read(content)[0]
    parts = Source("a.zip", zipped(import__xml=content, offers__xml=content, notes__md=b"-")).parts()
    assert [name for name, _ in parts] == ["import.xml", "offers.xml"]


@pytest.mark.parametrize(
    ("text", "style", "minor"),
    [
        ("100", "", 10000),
        ("231.7400", "ЧЦ=18; ЧДЦ=2; ЧРД=.", 23174),
        ("1 234,5", "ЧРД=,; ЧРГ=' '", 123450),
        ("1\u00a0234,50 руб.", "", 123450),
        ("1,234.50", "", 123450),
        ("0.005", "", 1),
        ("x", "", None),
        ("-5", "", None),
        ("", "", None),
        ("1e5", "", None),
        ("9" * 16, "", None),
    ],
)
def test_amounts_are_read_as_the_file_writes_them(text: str, style: str, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(ValueError, match=re.escape(text) or "^$"):
            amounts.minor_of(text, Style.told(style))
    else:
        assert amounts.minor_of(text, Style.told(style)) == minor


@pytest.mark.parametrize(
    ("text", "style", "told"),
    [
        ("2020-04-07T13:16:06", "", "2020-04-07T13:16:06"),
        ("07.04.2020 13:16", "ДФ=дд.ММ.гггг; ДЛФ=DT", "2020-04-07T13:16:00"),
        ("2021-02-12T17:03:19", "ДФ=yyyy-MM-dd; ДЛФ=DT", "2021-02-12T17:03:19"),
        ("2021-02-12", "ДФ=nonsense", "2021-02-12"),
        ("12.02.2021", "", "2021-02-12"),
        ("soon", "", "soon"),
    ],
)
def test_moments_are_read_as_the_file_writes_them(text: str, style: str, told: str) -> None:
    assert amounts.moment_of(text, style) == told


@pytest.mark.parametrize(
    ("text", "vat"),
    [("20", "20"), ("10%", "10"), ("Без НДС", "none"), ("20/120", "20/120"), ("18.00", "18"), ("", None)],
)
def test_rates_of_tax(text: str, vat: str | None) -> None:
    assert amounts.vat_of(text) == vat


def test_a_separator_may_be_declared_by_itself() -> None:
    row = offer("g1", "Чай", "12,50")
    (found,) = read(document(offers(row), root={"РазделительДробнойЧасти": ","}))[0]
    assert isinstance(found, Good)
    assert found.said.prices is not None
    assert found.said.prices[0].minor == 1250


@pytest.mark.parametrize(
    ("name", "goods", "groups", "orders"),
    [("import0_1.xml", 36, 1, 0), ("offers0_1.xml", 44, 0, 0), ("bitrix-query-response-full.xml", 0, 0, 2)],
)
def test_real_files_are_read_wholly(name: str, goods: int, groups: int, orders: int) -> None:
    items, head = read(shared("commerceml", name))
    assert (kinds(items).count("Good"), kinds(items).count("Group")) == (goods, groups)
    assert (head.orders, head.is_read, kinds(items).count("Trouble")) == (orders, True, 0)


def test_groups_of_a_head_are_only_of_its_file() -> None:
    assert Head().whole is not Head().whole
    assert GROUPS.count("<Группа>") == 4
