"""The first page: where one may go from here."""

from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web import frame
from vokrug.web.sandbox import Sandbox

routes = Routes("screens")


@routes.get("/", query={"lang": str}, **frame.PAGE)
async def start(call: Call) -> Answer[bytes]:
    """Every screen there is, and the API's page."""
    return frame.page(call, "start.html", is_playground=bool(call.services.get(Sandbox).tills))
