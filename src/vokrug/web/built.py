"""What browsers load: built once by scripts/assets, named by its content, kept forever by whoever has it."""

import json
from functools import cache
from importlib import resources
from pathlib import PurePosixPath

from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("screens")

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
FOREVER = "public, max-age=31536000, immutable"
ICON = "favicon.svg"
_folder = resources.files("vokrug.web") / "static"
_sources = resources.files("vokrug.web") / "assets"


@cache
def names() -> dict[str, str]:
    """From `till.js` to the name with its content's mark. Empty: the screens were not built."""
    listed = _folder / "names.json"
    found: dict[str, str] = json.loads(listed.read_text()) if listed.is_file() else {}
    return found


def is_built() -> bool:
    return bool(names())


def address(name: str) -> str:
    return f"/screens/{names()[name]}"


@cache
def _file(name: str) -> tuple[bytes, bytes]:
    """As it is, and compressed."""
    return (_folder / name).read_bytes(), (_folder / f"{name}.gz").read_bytes()


@routes.get("/screens/{name}", answers={200: bytes, 404: bytes}, is_public=True, roles=[Role.ANYONE])
async def file(call: Call) -> Answer[bytes]:
    """A script, a style or a picture of the screens."""
    name = call.path["name"]
    if name not in names().values():
        return Answer(b"", status=404, headers={"content-type": "text/plain"})
    plain, small = _file(name)
    headers = {
        "content-type": KINDS[PurePosixPath(name).suffix],
        "cache-control": FOREVER,
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    if "gzip" in call.headers.get("accept-encoding", ""):
        return Answer(small, headers={**headers, "content-encoding": "gzip"})
    return Answer(plain, headers=headers)


@routes.get("/favicon.ico", answers={200: bytes}, is_public=True, roles=[Role.ANYONE])
async def favicon(call: Call) -> Answer[bytes]:
    """The picture in a browser's tab, of every page."""
    headers = {"content-type": KINDS[".svg"], "cache-control": "public, max-age=86400"}
    return Answer((_sources / ICON).read_bytes(), headers=headers)
