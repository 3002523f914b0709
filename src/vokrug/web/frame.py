"""How a screen goes out: its language, its policy, its frame."""

import re
from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup, escape

from vokrug.kernel import LANGUAGES, format_minor
from vokrug.runtime.http import Answer, Call, Role
from vokrug.web import built

# Nothing inline, nothing from elsewhere. Pictures in styles are `data:`.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    "vary": "accept-language, cookie",
}
PAGE: dict[str, Any] = {
    "answers": dict.fromkeys((200, 303, 400, 403, 404, 409, 422), bytes),
    "is_public": True,
    "roles": [Role.ANYONE],
}
LANGUAGE_COOKIE = "vokrug_language"
YEAR_S = 365 * 24 * 3600
SYMBOLS = {"RUB": "₽", "EUR": "€", "USD": "$", "GBP": "£"}
NO_BREAK = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"


@jinja2.pass_context
def t(context: jinja2.runtime.Context, en: str, ru: str, **facts: object) -> str:
    """A sentence in both languages, side by side where it stands."""
    sentence = ru if context["language"] == "ru" else en
    return sentence.format(**facts) if facts else sentence


def coded(text: str) -> Markup:
    """Words between backticks are code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just now


def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("vokrug.web", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["coded"] = coded
    made.globals |= {"t": t, "asset": built.address}
    return made


PAGES = environment()


def cookies_of(headers: Mapping[str, str]) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name}


def language_of(call: Call) -> str:
    """As asked in the address, else as chosen before, else as the browser prefers."""
    for said in (call.query.get("lang"), cookies_of(call.headers).get(LANGUAGE_COOKIE)):
        if said in LANGUAGES:
            return str(said)
    return call.language


def page(
    call: Call, name: str, *, status: int = 200, more: Mapping[str, str] | None = None, **said: Any
) -> Answer[bytes]:
    """A page of ours. A choice of language is kept for the next one."""
    language = language_of(call)
    if not built.is_built():
        name, status = "not-built.html", 200
    text = PAGES.get_template(name).render(language=language, **said)
    headers = {**HEADERS, **(more or {})}
    if call.query.get("lang") in LANGUAGES and "set-cookie" not in headers:
        headers["set-cookie"] = f"{LANGUAGE_COOKIE}={language}; Path=/; SameSite=Lax; Max-Age={YEAR_S}"
    return Answer(text.encode(), status=status, headers=headers)


def amount(minor: int, language: str, *, kopecks: bool = True) -> str:
    """12345.60 as people write it: 12 345,60 or 12,345.60."""
    whole, _, rest = format_minor(abs(minor)).partition(".")
    mark, gap = (",", NO_BREAK) if language == "ru" else (".", ",")
    tail = f"{mark}{rest}" if kopecks and rest and rest != "00" else ""
    return ("−" if minor < 0 else "") + f"{int(whole):,}".replace(",", gap) + tail


def money(minor: int, currency: str, language: str, *, kopecks: bool = True) -> str:
    return f"{amount(minor, language, kopecks=kopecks)}{NO_BREAK}{SYMBOLS.get(currency, currency)}"
