"""Pages: what the person agreed to, and taking it back."""

from collections.abc import Mapping

from vokrug.cabinet import operations
from vokrug.cabinet.errors import ConsentNotYours
from vokrug.cabinet.here import FORMS, PAGE, Here, at_page, by_form
from vokrug.customers import Source
from vokrug.kernel import Refusal
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("cabinet")


@routes.get("/me/consents", **PAGE)
async def consents(call: Call) -> Answer[bytes]:
    """Each purpose with the latest word on it."""
    return await at_page(call, _consents)


@routes.post("/me/consents", refusals=FORMS, **PAGE)
async def change_consent(call: Call, body: bytes) -> Answer[bytes]:
    """Take a consent back, or give it again."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        purpose, given = form.get("purpose", ""), form.get("answer") == "yes"
        try:
            await operations.change_consent(
                here.tx, here.directory, here.me.account, purpose, given=given, source=Source.SITE, now=here.now
            )
        except ConsentNotYours as refusal:
            return await _consents(here, refusal)
        return here.visit.go("/me/consents")

    return await by_form(call, body, tell)


async def _consents(here: Here, problem: Refusal | None = None) -> Answer[bytes]:
    found = await operations.own_consents(here.tx, here.directory, here.me.account)
    return await here.page("consents.html", consents=found, problem=problem)
