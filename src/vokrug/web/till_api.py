"""The till simulator: one page that speaks the public till protocol from the browser, with a sandbox key.

The page knows nothing that a till of others could not know; it is served on a playground only.
"""

import gzip

import msgspec

from vokrug.runtime.http import Answer, Call, Role, Routes
from vokrug.web import frame
from vokrug.web.sandbox import Sandbox

routes = Routes("till-simulator")


@routes.get("/till", query={"lang": str}, **frame.PAGE)
async def till(call: Call) -> Answer[bytes]:
    """A cashier's screen to try everything on: sales, points, gift cards, returns, and what goes wrong in shops."""
    sandbox = call.services.get(Sandbox)
    if not sandbox.tills:
        return frame.page(call, "till/absent.html")
    known = {
        "tills": sandbox.tills,
        "phones": sandbox.phones,
        "codes": sandbox.codes,
        "giftCards": sandbox.gift_cards,
    }
    # Inside a script element nothing but `<` could end it.
    settings = msgspec.json.encode(known).decode().replace("<", "\\u003c")
    return frame.page(call, "till/till.html", settings=settings)


@routes.get("/till/goods", answers={200: bytes}, is_public=True, roles=[Role.ANYONE])
async def goods(call: Call) -> Answer[bytes]:
    """What the playground sells, with shelf prices."""
    body = msgspec.json.encode(call.services.get(Sandbox).goods)
    headers = {"content-type": "application/json", "cache-control": "no-cache", "vary": "accept-encoding"}
    if "gzip" in call.headers.get("accept-encoding", ""):
        return Answer(gzip.compress(body, 6, mtime=0), headers={**headers, "content-encoding": "gzip"})
    return Answer(body, headers=headers)
