"""Pages: everything that is kept, to take away; and the wish to be forgotten."""

from collections.abc import Mapping

import msgspec

from vokrug import customers
from vokrug.cabinet import operations
from vokrug.cabinet.here import FORMS, PAGE, Here, at_page, by_form
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("cabinet")

EXPORT = {
    "content-type": "application/json; charset=utf-8",
    "content-disposition": 'attachment; filename="my-data.json"',
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


@routes.get("/me/data", **PAGE)
async def data(call: Call) -> Answer[bytes]:
    """What one may do with everything that is kept: take it away, or have it destroyed."""

    async def tell(here: Here) -> Answer[bytes]:
        asked = await customers.erasure_asked(here.tx, here.person.id)
        return await here.page("data.html", asked=asked)

    return await at_page(call, tell)


@routes.post("/me/data:export", refusals=FORMS, **PAGE)
async def export(call: Call, body: bytes) -> Answer[bytes]:
    """A file with everything. That it was made is written down, as any reading of the card is."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        found = await operations.export(here.tx, here.directory, here.me, here.now)
        return Answer(msgspec.json.format(msgspec.json.encode(found), indent=2), headers=EXPORT)

    return await by_form(call, body, tell, is_fresh=True)


@routes.post("/me/data:forget", refusals=FORMS, **PAGE)
async def forget(call: Call, body: bytes) -> Answer[bytes]:
    """The person wishes to be forgotten. Without their tick nothing is asked for."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        if form.get("sure") == "yes":
            await operations.ask_to_be_forgotten(here.tx, here.me, here.person, here.now)
        return here.visit.go("/me/data")

    return await by_form(call, body, tell, is_fresh=True)
