"""The catalogue as pages: read by people, found by words, in two languages, without anything that runs."""

import re
from html.parser import HTMLParser

import httpx
import pytest

from tests.events.conftest import Sold
from tests.events.door import ORDERED, Door
from vokrug.events.registry.examples import example_of
from vokrug.events.registry.page import field_rows
from vokrug.events.registry.words import WORDS
from vokrug.runtime.database import Database

HOME = "/events/catalogue"


async def page(http: httpx.AsyncClient, path: str = HOME, *, language: str = "en", status: int = 200) -> str:
    answer = await http.get(path, headers={"accept-language": language})
    assert answer.status_code == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    Checked().feed(answer.text)
    return answer.text


class Checked(HTMLParser):
    """Every page is closed to scripts, and open to keyboards and readers of screens."""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        assert tag not in ("script", "style", "img", "iframe"), tag
        assert "style" not in given
        assert not any(name.startswith("on") for name in given), given
        for name in ("href", "src", "action"):
            assert (given.get(name) or "/").startswith(("/", "#")), "nothing leads elsewhere"
        if tag == "html":
            assert given["lang"] in ("ru", "en")
        if tag in ("input", "select") and given.get("type") != "hidden":
            assert given["id"], "every field has a label by its id"
        if tag == "th":
            assert given["scope"] in ("col", "row")


async def test_types_are_listed_and_found(http: httpx.AsyncClient, partner: Door) -> None:
    await partner.declares("web.ordered.v1", **ORDERED)
    everything = await page(http)
    for name in ("shop.sold.v1", "shop.returned.v1", "web.ordered.v1"):
        assert f"{HOME}/types/{name}" in everything
    found = await page(http, f"{HOME}?q=delivery&owner=web+shop")
    assert "web.ordered.v1" in found
    assert "shop.sold.v1" not in found
    assert 'value="delivery"' in found, "the form keeps what was asked"
    assert "Try fewer words" in await page(http, f"{HOME}?q=nobody+says+this")


async def test_a_type_shows_its_fields_examples_readers_and_history(http: httpx.AsyncClient, partner: Door) -> None:
    await partner.declares("web.ordered.v1", **ORDERED)
    schema = ORDERED["schema"]
    wider = schema | {
        "properties": schema["properties"] | {"note": {"type": "string", "description": "For the courier."}}
    }
    await partner.declares("web.ordered.v1", **ORDERED | {"schema": wider})
    reads = [{"type": "web.ordered.v1", "fields": ["total_minor"], "is_closed": True}]
    consumer = {"words": "Sends.", "contact": "parcels@example.ru", "retention_days": 90, "reads": reads}
    await partner.asks("PUT", "/v1/events/consumers/parcels", consumer)
    shown = await page(http, f"{HOME}/types/web.ordered.v1")
    for words in (
        "An order was paid for.", "lines[].who", "delivery", "For the courier.", "&#34;total_minor&#34;: 40000",
        "parcels", "90 days", "was added", "by another system", "the first schema",
    ):  # fmt: skip
        assert words in shown, words
    assert partner.key_id not in shown
    assert "parcels@example.ru" not in shown, "whom to write to is not for everybody"
    assert "Made from the schema" in await page(http, f"{HOME}/types/shop.sold.v1")


async def test_pages_speak_the_readers_language(http: httpx.AsyncClient) -> None:
    assert "Каталог событий" in await page(http, language="ru")
    assert "Catalogue of facts" in await page(http, language="en")
    turned = await page(http, f"{HOME}/types/shop.sold.v1?lang=ru", language="en")
    assert "Обязательно" in turned
    assert 'lang="ru"' in turned
    assert "lang=en" in turned
    for text in WORDS.values():
        assert text.en != text.ru
        assert re.findall(r"{\w+}", text.en) == re.findall(r"{\w+}", text.ru)


async def test_an_empty_catalogue_says_so(http: httpx.AsyncClient, db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run("delete from events_type_revision")
        await tx.run("delete from events_type")
    assert "No facts are declared yet" in await page(http)


async def test_a_type_that_is_not_there_is_said_without_a_fuss(http: httpx.AsyncClient) -> None:
    assert "There is no such fact" in await page(http, f"{HOME}/types/no.such.v1", status=404)
    assert "<script>" not in await page(http, f"{HOME}/types/<script>x", status=404)


async def test_what_somebody_wrote_does_not_run(http: httpx.AsyncClient, partner: Door) -> None:
    evil = "<script>alert(1)</script>"
    schema = {"type": "object", "properties": {evil: {"type": "string", "description": evil}}}
    await partner.declares("web.evil.v1", owner=evil, words=evil, schema=schema, examples=[{evil: evil}])
    assert evil not in await page(http, f"{HOME}?q=%3Cscript%3E")
    assert evil not in await page(http, f"{HOME}/types/web.evil.v1")


async def test_the_style_is_served_and_knows_the_night(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{HOME}/style.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in answer.text
    assert ":focus-visible" in answer.text
    assert "url(" not in answer.text


@pytest.mark.parametrize(
    ("field", "type"),
    [
        ({"type": "string", "format": "uuid"}, "string, uuid"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer | null"),
        ({"enum": ["a", "b"]}, '"a" | "b"'),
        ({"type": "array", "items": {"$ref": "#/$defs/Line"}}, "array [Line]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object {integer}"),
        ({"$ref": "#/$defs/Line"}, "Line"),
        ({}, "any"),
    ],
)
def test_types_are_said_in_short(field: dict[str, object], type: str) -> None:
    schema = {"type": "object", "properties": {"f": field}, "$defs": {"Line": {"type": "object"}}}
    assert field_rows(schema)[0]["type"] == type


def test_an_example_is_made_of_every_field() -> None:
    assert example_of(Sold.__event__.schema) == {"number": 1, "total_minor": 0} or example_of(
        Sold.__event__.schema
    ) == {"number": 1, "total_minor": 1}
    assert [row["required"] for row in field_rows(ORDERED["schema"]) if row["path"] == "lines[].sku"] == [True]
