"""What lets a phone keep the cabinet among its apps: a manifest, a worker that says when there is no line, its page."""

from functools import cache
from importlib import resources

import msgspec

from vokrug.cabinet.here import PAGES
from vokrug.kernel import pick_language
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("cabinet")

PUBLIC = {"is_public": True, "roles": [Role.ANYONE]}
SCRIPT = {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
}


@routes.get("/me/manifest.webmanifest", answers={200: bytes}, **PUBLIC)
async def manifest(call: Call) -> Answer[bytes]:
    """How the cabinet is called among a phone's apps."""
    ru = call.language == "ru"
    about = {
        "id": "/me",
        "name": "Личный кабинет" if ru else "My account",
        "short_name": "Кабинет" if ru else "Account",
        "lang": call.language,
        "start_url": "/me",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#1f5eff",
        "icons": [{"src": "/favicon.ico", "type": "image/svg+xml", "sizes": "any", "purpose": "any"}],
        "shortcuts": [{"name": "Карта" if ru else "Card", "url": "/me/card"}],
    }
    headers = {"content-type": "application/manifest+json", "vary": "accept-language"}
    return Answer(msgspec.json.encode(about), headers=headers)


@routes.get("/me/install.js", answers={200: bytes}, **PUBLIC)
async def install(call: Call) -> Answer[bytes]:
    """Tells the browser of the worker."""
    return Answer(_script("install.js"), headers=SCRIPT)


@routes.get("/me/worker.js", answers={200: bytes}, **PUBLIC)
async def worker(call: Call) -> Answer[bytes]:
    """Keeps one page for when there is no line. Nothing of a person is kept on the phone."""
    return Answer(_script("worker.js"), headers={**SCRIPT, "service-worker-allowed": "/me"})


@routes.get("/me/offline", answers={200: bytes}, **PUBLIC)
async def offline(call: Call) -> Answer[bytes]:
    """What is shown without a line."""
    language = pick_language(call.headers.get("accept-language"))
    page = PAGES.get_template("offline.html").render(language=language)
    policy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy, "vary": "accept-language"}
    return Answer(page.encode(), headers=headers)


@cache
def _script(name: str) -> bytes:
    return resources.files("vokrug.cabinet").joinpath("pages", name).read_bytes()
