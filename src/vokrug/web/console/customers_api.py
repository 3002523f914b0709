"""One customer, all around: found by any identifier, shown masked, every look recorded."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from vokrug import cabinet, customers, pos, promotions
from vokrug.customers import CustomerUnknown, Directory, Source
from vokrug.kernel import Refusal, new_id, parse_minor
from vokrug.pos import Checkout, PointsGiven
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web.console import words
from vokrug.web.console.here import FORMS, PAGE, Here, at_console, by_form
from vokrug.web.console.staff import Duty

routes = Routes("console")

ALLOWED = (Duty.SUPPORT, Duty.MANAGER, Duty.STEWARD)
MAY_CHANGE_POINTS = (Duty.SUPPORT, Duty.MANAGER)
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


@routes.get("/console/customers", query={"lang": str}, **PAGE)
async def search(call: Call) -> Answer[bytes]:
    """Where one looks for a customer. What is looked for goes in a form, never into an address."""

    async def tell(here: Here) -> Answer[bytes]:
        return here.page("console/customers.html", wanted="", is_unknown=False)

    return await at_console(call, tell, *ALLOWED)


@routes.post("/console/customers", refusals=FORMS, **PAGE)
async def find(call: Call, body: bytes) -> Answer[bytes]:
    """A phone, a card, an e-mail, a number of another system (`ext:crm:123`), or our own id."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        wanted = form.get("wanted", "").strip()
        async with call.db.transaction(readonly=True) as tx:
            found = await _found(tx, call.services.get(Directory), wanted)
        if found is None:
            return here.page("console/customers.html", status=404, wanted=wanted, is_unknown=True)
        return here.go(f"/console/customers/{found}")

    return await by_form(call, body, tell, *ALLOWED)


async def _found(tx: Tx, directory: Directory, wanted: str) -> UUID | None:
    try:
        return (await customers.customer(tx, directory, UUID(wanted))).id
    except (ValueError, CustomerUnknown):
        pass
    for pair in guesses(wanted):
        try:
            (customer,) = await customers.resolve(tx, directory, [pair])
        except Refusal:
            continue  # this type takes no such value
        if customer is not None:
            return customer.id
    return None


def guesses(wanted: str) -> list[tuple[str, str]]:
    """What somebody may have meant, the likeliest first."""
    kind, _, value = wanted.rpartition(":")
    if kind and value:
        return [(kind, value)]
    if "@" in wanted:
        return [("email", wanted), ("telegram", wanted.lstrip("@"))]
    return [("phone", wanted), ("card", wanted), ("telegram", wanted)]


@routes.get("/console/customers/{id:uuid}", query={"before": Moment, "lang": str}, refusals=[CustomerUnknown], **PAGE)
async def card(call: Call) -> Answer[bytes]:
    """Everything of one customer. Whoever opens it leaves a trace."""

    async def tell(here: Here) -> Answer[bytes]:
        return await shown(here, UUID(call.path["id"]))

    return await at_console(call, tell, *ALLOWED)


async def shown(here: Here, id: UUID, *, problem: str = "", done: str = "") -> Answer[bytes]:
    call, directory = here.call, here.call.services.get(Directory)
    checkout = call.services.get(Checkout)
    async with call.db.transaction() as tx:
        profile = await customers.read_card(tx, directory, id, reader=here.staff.id, now=here.now)
        person = profile.customer
        balance = await cabinet.balance(tx, person, here.now)
        history = await cabinet.history(tx, person, call.asked.get("before"), here.now)
        lots = (await pos.points_statement(tx, checkout, person.id, here.now)).lots
        offers = await promotions.personal_offers(tx, person.id, here.now)
        tier, done_ = await promotions.standing_now(tx, checkout.reference.programme, person.number, here.now)
        merges = await customers.merges_of(tx, person.id)
    programme = checkout.reference.programme
    held = next((one for one in programme.tiers if one.code == tier), None)
    kinds = {one.code: one.words for one in directory.attribute_types()}
    return here.page(
        "console/customer.html",
        profile=profile,
        person=person,
        balance=balance,
        history=history,
        lots=sorted((said_lot(lot) for lot in lots), key=lambda lot: lot["earned_at"], reverse=True),
        offers=offers,
        tier="" if held is None else held.name(here.language),
        path=promotions.path(
            programme, done_, held, here.language, here.now.astimezone(here.zone()).date(), here.currency
        ),
        merges=merges,
        attribute=lambda code: kinds[code].say(here.language) if code in kinds else code,
        words=words,
        request_id=new_id(),
        may_change_points=here.staff.may(*MAY_CHANGE_POINTS),
        problem=problem,
        done=done,
    )


def said_lot(lot: Any) -> dict[str, Any]:
    moves = [(move.kind, parse_minor(move.points), move.at) for move in lot.moves]
    return {
        "granted": parse_minor(lot.granted),
        "remaining": parse_minor(lot.remaining),
        "held": parse_minor(lot.held),
        "earned_at": lot.earned_at,
        "active_from": lot.active_from,
        "expires_at": lot.expires_at,
        "document": lot.document,
        "moves": moves,
    }


@routes.post("/console/customers/{id:uuid}/points", refusals=[*FORMS, CustomerUnknown], **PAGE)
async def give_points(call: Call, body: bytes) -> Answer[bytes]:
    """Goodwill. The form carries the id of its request: sent twice, it counts once."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        id = UUID(call.path["id"])
        try:
            asked = msgspec.convert(
                {
                    "request_id": form.get("request_id", ""),
                    "points": form.get("points", "").replace(",", ".").strip(),
                    "reason": form.get("reason", "").strip(),
                    "currency": here.currency,
                },
                PointsGiven,
            )
        except msgspec.ValidationError:
            problem = here.t("Say how many points, and why.", "Укажите, сколько баллов и за что.")
            return await shown(here, id, problem=problem)

        async def story(tx: Tx) -> None:
            await pos.give_points(tx, call.services.get(Checkout), id, asked, here.now)

        try:
            await call.db.replayed(story)
        except CustomerUnknown:
            raise
        except Refusal as refusal:
            return await shown(here, id, problem=here.said(refusal))
        return here.go(f"/console/customers/{id}")

    return await by_form(call, body, tell, *MAY_CHANGE_POINTS)


@routes.post("/console/customers/{id:uuid}/unmerge", refusals=[*FORMS, CustomerUnknown], **PAGE)
async def unmerge(call: Call, body: bytes) -> Answer[bytes]:
    """Take a merge apart: both are what they were, and stay two."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        id, said = UUID(call.path["id"]), form.get("merge", "")
        async with call.db.transaction(readonly=True) as tx:
            mine = {one.id for one in await customers.merges_of(tx, id)}
        if not said.isdigit() or int(said) not in mine:
            return await shown(here, id)

        async def story(tx: Tx) -> None:
            await customers.unmerge(tx, int(said), source=Source.STAFF, now=here.now, reason=f"by {here.staff.id}")

        await call.db.replayed(story)
        return here.go(f"/console/customers/{id}")

    return await by_form(call, body, tell, Duty.STEWARD)
