"""A browser's visit: its cookie, the form it sent, whether that form was ours, and how a page goes out to it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jinja2

from vokrug.accounts.errors import FormMalformed, FormStale
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.vault import new_token
from vokrug.runtime.http import Answer, Call

PAGE_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; manifest-src 'self'; form-action 'self' {origins}; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
MOST_FIELDS = 60
COOKIE_AGE_S = 30 * 24 * 3600


def pages_of(package: str) -> jinja2.Environment:
    """The pages of a package, which may extend ours."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(one, "pages") for one in (package, "vokrug.accounts")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_pages = pages_of("vokrug.accounts")


@dataclass(slots=True)
class Visit:
    """`cookie` is what the browser holds; a stranger's is made up here and worth nothing by itself."""

    provider: Provider
    cookie: str
    is_new: bool
    language: str

    @classmethod
    def of(cls, call: Call) -> "Visit":
        provider = call.services.get(Provider)
        held = cookie_of(call.headers, provider.cookie_name)
        asked = call.query.get("ui_locales", "")[:2]
        language = asked if asked in ("ru", "en") else call.language
        return cls(provider, held or new_token("vks_visit"), held is None, language)

    @property
    def form_token(self) -> str:
        return self.provider.keys.form_token(self.cookie)

    def require_own(self, form: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """The form came from a page of ours in this browser: its token fits the cookie, and the browser says so too."""
        origin = headers.get("origin")
        is_foreign = origin is not None and origin not in (self.provider.issuer, "null")
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") or is_foreign:
            raise FormStale
        if self.is_new or not hmac.compare_digest(form.get("form_token", ""), self.form_token):
            raise FormStale

    def page(
        self, name: str, *, status: int = 200, origins: str = "", pages: jinja2.Environment = _pages, **said: Any
    ) -> Answer[bytes]:
        """`origins`: where else a form of the page may lead, for browsers that watch a form's redirects."""
        text = pages.get_template(name).render(
            language=self.language, form_token=self.form_token, issuer=self.provider.issuer, **said
        )
        headers = {name: value.replace(" {origins}", f" {origins}".rstrip()) for name, value in PAGE_HEADERS.items()}
        if self.is_new:
            headers["set-cookie"] = self.set_cookie(self.cookie)
        return Answer(text.encode(), status=status, headers=headers)

    def set_cookie(self, value: str) -> str:
        secure = "; Secure" if self.provider.is_encrypted else ""
        name = self.provider.cookie_name
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={COOKIE_AGE_S}{secure}"

    def go(self, path: str, *, cookie: str | None = None, **query: str | None) -> Answer[bytes]:
        """On to another page, ours or the product's."""
        said = urlencode({name: value for name, value in query.items() if value is not None})
        headers = {
            "location": f"{path}?{said}" if said else path,
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
        }
        if cookie is not None:
            headers["set-cookie"] = self.set_cookie(cookie)
        return Answer(b"", status=303, headers=headers)


def cookie_of(headers: Mapping[str, str], name: str) -> str | None:
    """The value of our cookie, if it looks like one that we made."""
    for part in headers.get("cookie", "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name and value.startswith("vks_") and len(value) < 100 and value.isascii():
            return value
    return None


def form_of(body: bytes) -> dict[str, str]:
    """Fields of a form. One that comes twice is refused: which of them would count?"""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise FormMalformed from None
    form = dict(pairs)
    if len(form) != len(pairs) or any("\0" in value for value in form.values()):
        raise FormMalformed
    return {name: value for name, value in form.items() if value}


@cache
def static(name: str) -> bytes:
    return resources.files("vokrug.accounts").joinpath("pages", name).read_bytes()
