"""/openapi.json and /docs: the document, and the same as a page that fetches nothing."""

import json
from html import escape
from typing import Any

from vokrug.runtime.http import Answer, Call, Routes

PAGE_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}

STYLE = """
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
summary{cursor:pointer;padding:.35rem 0}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{overflow:auto;padding:.6rem;background:#8881;border-radius:4px}
.m{display:inline-block;width:4.5rem;font-weight:600}
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
.k{opacity:.7}
"""


def routes_over(document: dict[str, Any]) -> Routes:
    """The two endpoints over one document, both rendered once."""
    routes = Routes("documents")
    as_json = json.dumps(document, ensure_ascii=False).encode()
    page = _page(document).encode()

    @routes.get("/openapi.json", answers={200: bytes}, is_public=True)
    async def openapi(call: Call) -> Answer[bytes]:
        return Answer(as_json, headers={"content-type": "application/json"})

    @routes.get("/docs", answers={200: bytes}, is_public=True)
    async def docs(call: Call) -> Answer[bytes]:
        return Answer(page, headers=PAGE_HEADERS)

    return routes


def _page(document: dict[str, Any]) -> str:
    info = document["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{escape(info['title'])}</title><style>{STYLE}</style>",
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>",
        "<p><a href='/openapi.json'>openapi.json</a></p>",
    ]
    for tag in [tag["name"] for tag in document["tags"]]:
        parts.append(f"<h2>{escape(tag)}</h2>")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if tag in operation["tags"]:
                    parts.append(_operation(path, method, operation))
    parts.append("<h2>Schemas</h2>")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts.append(
            f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary>"
            f"<pre>{escape(json.dumps(schema, indent=1, ensure_ascii=False))}</pre></details>"
        )
    return "".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(found['name'])}</code><td>{found['in']}"
        f"<td><code>{escape(json.dumps(found['schema']))}</code>"
        for found in operation.get("parameters", [])
    )
    answers = "".join(
        f"<tr><td>{status}<td>{escape(answer['description'])} {_schema_links(answer)}"
        for status, answer in sorted(operation["responses"].items())
    )
    roles = ", ".join(operation.get("x-roles", ["no key needed"]))
    return (
        f"<details id='{escape(operation['operationId'])}'><summary><span class=m>{method.upper()}</span>"
        f"<code>{escape(path)}</code> <span class=k>{escape(operation['summary'])}</span></summary>"
        f"<p>{escape(operation.get('description', ''))}</p><p class=k>{escape(roles)}</p>"
        f"{_schema_links(operation.get('requestBody', {}))}<table>{rows}{answers}</table></details>"
    )


def _schema_links(described: dict[str, Any]) -> str:
    """Links to the schemas of a body."""
    names = [
        content["schema"]["$ref"].rpartition("/")[2]
        for content in described.get("content", {}).values()
        if "$ref" in content.get("schema", {})
    ]
    return " ".join(f"<a href='#{escape(name)}'><code>{escape(name)}</code></a>" for name in names)
