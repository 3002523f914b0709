"""The catalogue as pages for people: no script, nothing fetched from elsewhere.

They are open, as /docs is: they show what may be known of facts, and neither a fact, a key nor whom to write to.
"""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import jinja2

from vokrug.events import rules
from vokrug.events.registry import search, store
from vokrug.events.registry.consumers import fields_of
from vokrug.events.registry.examples import examples_of
from vokrug.events.registry.store import Consumer, Reading, Revision
from vokrug.events.registry.words import WORDS
from vokrug.events.types import PERSONAL
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("event-pages")

HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "vary": "accept-language",
}
HOME = "/events/catalogue"

_pages = jinja2.Environment(
    loader=jinja2.PackageLoader("vokrug.events.registry", "pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_style = resources.files("vokrug.events.registry").joinpath("pages/style.css").read_bytes()


@routes.get(HOME, answers={200: bytes}, is_public=True, query={"q": str, "owner": str, "lang": str})
async def catalogue_page(call: Call) -> Answer[bytes]:
    """The catalogue of facts as a page, with a search."""
    async with call.db.transaction(readonly=True) as tx:
        cards, readings = await store.list_types(tx), await store.readings(tx)
    words, owner = call.query.get("q", ""), call.query.get("owner", "")
    found = [(card, search.readers(card, readings)) for card in search.find(cards, words, owner)]
    owners = sorted({card.owner for card in cards})
    return _page(call, "catalogue.html", found=found, owners=owners, q=words, owner=owner, is_empty=not cards)


@routes.get(HOME + "/types/{name}", answers={200: bytes, 404: bytes}, is_public=True, query={"lang": str})
async def type_page(call: Call) -> Answer[bytes]:
    """One type of fact as a page: fields, examples, consumers, versions."""
    name = call.path["name"]
    async with call.db.transaction(readonly=True) as tx:
        cards = {card.name: card for card in await store.list_types(tx)}
        if (card := cards.get(name)) is None:
            return _page(call, "unknown.html", status=404, name=name[:200])
        readings, consumers = await store.readings(tx, types=[name]), await store.consumers(tx)
        revisions = await store.revisions(tx, [name])
    return _page(
        call,
        "type.html",
        card=card,
        family=[each.name for each in cards.values() if each.family == card.family and each.name != name],
        rows=field_rows(card.schema),
        examples=[_json(example) for example in examples_of(card.schema, card.examples)],
        readers=_readers(readings, consumers),
        revisions=_told(revisions, _language(call)),
        schema=_json(card.schema),
    )


@routes.get(HOME + "/style.css", answers={200: bytes}, is_public=True)
async def catalogue_style(call: Call) -> Answer[bytes]:
    """What the catalogue's pages look like."""
    return Answer(_style, headers={"content-type": "text/css; charset=utf-8", "cache-control": "max-age=3600"})


def _page(call: Call, template: str, *, status: int = 200, **given: Any) -> Answer[bytes]:
    language = _language(call)

    def say(word: str, **facts: object) -> str:
        return WORDS[word].say(language, **facts)

    other = "en" if language == "ru" else "ru"
    here = f"{HOME}/types/{call.path['name']}" if "name" in call.path else HOME
    turned = f"{here}?{urlencode({**call.query, 'lang': other})}"
    home = f"{HOME}?{urlencode({'lang': language})}"
    written = _pages.get_template(template).render(
        say=say, language=language, other=other, turned=turned, home=home, base=HOME, **given
    )
    return Answer(written.encode(), status=status, headers=HEADERS)


def _language(call: Call) -> str:
    asked = call.query.get("lang")
    return asked if asked in ("ru", "en") else call.language


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _readers(readings: Sequence[Reading], consumers: Sequence[Consumer]) -> list[tuple[Reading, Consumer]]:
    by_name = {one.name: one for one in consumers}
    return [(one, by_name[one.consumer]) for one in readings]


def _told(revisions: Sequence[Revision], language: str) -> list[tuple[Revision, list[tuple[str, str]]]]:
    return [(one, [(change.field, change.say(language)) for change in one.changes]) for one in reversed(revisions)]


def field_rows(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every field as a row of a table: path, type, whether it is required, purpose, words."""
    rows = []
    for path, field in fields_of(schema).items():
        parent, _, name = path.rpartition(".")
        plain = rules.follow(field, schema)
        rows.append(
            {
                "path": path,
                "type": _type(field, schema),
                "required": name in _required(schema, parent),
                "purpose": plain.get(PERSONAL) or _purpose_within(plain),
                "about": plain.get("description", ""),
            }
        )
    return rows


def _purpose_within(field: Mapping[str, Any]) -> str | None:
    return next((part[PERSONAL] for step, part in rules.parts(field) if not step and PERSONAL in part), None)


def _required(schema: Mapping[str, Any], path: str) -> set[str]:
    """The required fields of the objects that lie at a path."""
    places = [rules.follow(schema, schema)]
    for step in path.replace("[]", ".[]").split(".") if path else ():
        wanted = "[]" if step == "[]" else f".{step}"
        places = [part for place in _options(places, schema) for found, part in rules.parts(place) if found == wanted]
    return {name for place in _options(places, schema) for name in place.get("required", ())}


def _options(places: Sequence[Any], root: Any) -> list[Any]:
    plain = [rules.follow(place, root) for place in places]
    return [*plain, *(rules.follow(part, root) for place in plain for step, part in rules.parts(place) if not step)]


def _type(field: Any, root: Any) -> str:
    """ "string, date-time", "list of Line", "integer or null"."""
    if "$ref" in field and "enum" not in (plain := rules.follow(field, root)) and "anyOf" not in plain:
        return str(field["$ref"].rpartition("/")[2])
    field = rules.follow(field, root)
    for keyword in ("anyOf", "oneOf"):
        if keyword in field:
            return " | ".join(_type(option, root) for option in field[keyword])
    if "enum" in field or "const" in field:
        return " | ".join(json.dumps(choice, ensure_ascii=False) for choice in field.get("enum", [field.get("const")]))
    kind = field.get("type", "any")
    kind = " | ".join(kind) if isinstance(kind, list) else str(kind)
    if isinstance(field.get("items"), dict):
        return f"{kind} [{_type(field['items'], root)}]"
    if isinstance(field.get("additionalProperties"), dict):
        return f"{kind} {{{_type(field['additionalProperties'], root)}}}"
    return f"{kind}, {field['format']}" if "format" in field else kind
