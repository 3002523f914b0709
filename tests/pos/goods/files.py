"""Exchange files as 1C writes them, made up for tests, and real ones where they lie beside the project."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from vokrug.pos.goods import commerceml, delimited
from vokrug.pos.goods.elements import Head, Item
from vokrug.pos.goods.files import HEAD, Source, is_xml

NAMESPACE = "urn:1C.ru:commerceml_2"
GROUPS = """<Группы>
  <Группа><Ид>food</Ид><Наименование>Продукты</Наименование>
    <Группы><Группа><Ид>sweet</Ид><Наименование>Сладкое</Наименование><Свойства/>
      <Группы><Группа><Ид>bars</Ид><Наименование>Батончики</Наименование></Группа></Группы>
    </Группа></Группы>
  </Группа>
  <Группа><Ид>home</Ид><Наименование>Дом</Наименование></Группа>
</Группы>"""


def shared(*names: str) -> Path:
    for parent in Path(__file__).parents:
        if (found := parent.joinpath("shared", "data", *names)).exists():
            return found
    pytest.skip(f"{'/'.join(names)} is not there")


def good(code: str, name: str = "", **parts: Any) -> str:
    """A «Товар»; keywords are its elements, lists repeat them."""
    elements = [f"<Ид>{code}</Ид>"] + ([f"<Наименование>{name}</Наименование>"] if name else [])
    for tag, value in parts.items():
        elements += [f"<{tag}>{one}</{tag}>" for one in (value if isinstance(value, list) else [value])]
    return f"<Товар>{''.join(elements)}</Товар>"


def offer(code: str, name: str = "", price: str = "", **parts: Any) -> str:
    if price:
        parts["Цены"] = f"<Цена><ЦенаЗаЕдиницу>{price}</ЦенаЗаЕдиницу><ИдТипаЦены>base</ИдТипаЦены></Цена>"
    return good(code, name, **parts).replace("Товар>", "Предложение>")


def classifier(groups: str = GROUPS) -> str:
    return f"<Классификатор><Ид>c</Ид><Наименование>К</Наименование>{groups}</Классификатор>"


def catalogue(*goods: str, changes_only: bool = True) -> str:
    flag = "true" if changes_only else "false"
    body = "\n".join(goods)
    return f'<Каталог СодержитТолькоИзменения="{flag}"><Ид>cat</Ид><Товары>\n{body}\n</Товары></Каталог>'


def offers(*rows: str) -> str:
    kinds = (
        "<ТипыЦен><ТипЦены><Ид>base</Ид><Наименование>Розничная</Наименование><Валюта>руб</Валюта></ТипЦены></ТипыЦен>"
    )
    body = "\n".join(rows)
    inside = f"<Ид>cat#</Ид><ИдКаталога>cat</ИдКаталога>{kinds}<Предложения>{body}</Предложения>"
    return f"<ПакетПредложений>{inside}</ПакетПредложений>"


def document(
    *parts: str,
    encoding: str = "utf-8",
    bom: bool = False,
    namespace: bool = True,
    root: Mapping[str, str] | None = None,
) -> bytes:
    attributes = {"ВерсияСхемы": "2.07", "ДатаФормирования": "2026-01-02T03:04:05", **(root or {})}
    if namespace:
        attributes["xmlns"] = NAMESPACE
    told = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    body = "\n".join(parts)
    root_element = f"<КоммерческаяИнформация {told}>\n{body}\n</КоммерческаяИнформация>"
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n{root_element}'
    return (b"\xef\xbb\xbf" if bom else b"") + text.encode(encoding)


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def read(place: bytes | Path, name: str = "file") -> tuple[list[Item], Head]:
    """Everything a file of one part says."""
    ((inner, part),) = [(inner, io.BytesIO(part.read())) for inner, part in Source(name, place).parts()]
    head, start = Head(), part.read(HEAD)
    reader = commerceml if is_xml(start) else delimited
    return list(reader.read(part, inner, head, start)), head


def kinds(items: Sequence[Item]) -> list[str]:
    return [type(item).__name__ for item in items]
