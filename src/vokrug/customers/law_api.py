"""HTTP of what the law gives a person: to know what is kept, and to be forgotten. Of staff, under four eyes."""

from uuid import UUID

import jinja2
import msgspec

from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    CustomerUnknown,
    ErasureDecided,
    ErasureNotDone,
    ErasureRepeated,
    ErasureUnknown,
    FourEyesNeeded,
)
from vokrug.customers.operations import erasure
from vokrug.customers.schemas import AskErasure, ErasureCard, ErasureCards
from vokrug.customers.types import Erasure, ErasureState, Source
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Json, Operator, Routes

routes = Routes("customers")
PAGE = 100

_pages = jinja2.Environment(
    loader=jinja2.PackageLoader("vokrug.customers", "pages"), autoescape=True, undefined=jinja2.StrictUndefined
)
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@routes.get("/v1/customers/{id:uuid}/report", answers={200: bytes}, refusals=[CustomerUnknown])
async def access_report(call: Call) -> Answer[Json]:
    """Everything that is kept of a person, for that person, values in full. Who asked is recorded."""
    async with call.db.transaction() as tx:
        directory, id = call.services.get(Directory), UUID(call.path["id"])
        report = await erasure.access_report(tx, directory, id, reader=call.caller.key_id, now=call.now)
    return Answer(Json(msgspec.json.encode(report)), headers={"cache-control": "no-store"})


@routes.post(
    "/v1/customer-erasures",
    answers={201: ErasureCard},
    refusals=[CustomerUnknown, ErasureRepeated],
)
async def ask_erasure(call: Call, body: AskErasure) -> Answer[ErasureCard]:
    """Ask that a person be forgotten. Somebody else decides."""
    by = call.caller.key_id

    async def story(tx: Tx) -> Erasure:
        return await erasure.ask_erasure(tx, body.id, body.customer, body.ground, by=by, now=call.now, note=body.note)

    return Answer(ErasureCard.of(await call.db.replayed(story)), status=201)


@routes.get("/v1/customer-erasures", answers={200: ErasureCards}, query={"state": ErasureState})
async def list_erasures(call: Call) -> Answer[ErasureCards]:
    """Those that wait for a decision by default; the newest first."""
    state = call.asked.get("state", ErasureState.ASKED)
    async with call.db.transaction() as tx:
        found = await erasure.erasures(tx, state, PAGE)
    return Answer(ErasureCards([ErasureCard.of(one) for one in found]))


@routes.get("/v1/customer-erasures/{id:uuid}", answers={200: ErasureCard}, refusals=[ErasureUnknown])
async def read_erasure(call: Call) -> Answer[ErasureCard]:
    """An erasure with its journal. The catalogue of facts tells who still has to acknowledge `event_id`."""
    async with call.db.transaction() as tx:
        return Answer(ErasureCard.of(await erasure.shown_erasure(tx, UUID(call.path["id"]))))


@routes.post(
    "/v1/customer-erasures/{id:uuid}:approve",
    answers={200: ErasureCard},
    refusals=[ErasureUnknown, ErasureDecided, FourEyesNeeded, CustomerUnknown],
)
async def approve_erasure(call: Call) -> Answer[ErasureCard]:
    """Carry it out. There is no way back. Refused to whoever asked."""

    async def story(tx: Tx) -> Erasure:
        id, by = UUID(call.path["id"]), call.caller.key_id
        return await erasure.approve_erasure(tx, id, by=by, source=Source.STAFF, now=call.now)

    return Answer(ErasureCard.of(await call.db.replayed(story)))


@routes.post(
    "/v1/customer-erasures/{id:uuid}:decline",
    answers={200: ErasureCard},
    refusals=[ErasureUnknown, ErasureDecided, FourEyesNeeded],
)
async def decline_erasure(call: Call) -> Answer[ErasureCard]:
    """The person stays."""

    async def story(tx: Tx) -> Erasure:
        return await erasure.decline_erasure(tx, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)

    return Answer(ErasureCard.of(await call.db.replayed(story)))


@routes.get("/v1/customer-erasures/{id:uuid}/act", answers={200: bytes}, refusals=[ErasureUnknown, ErasureNotDone])
async def erasure_act(call: Call) -> Answer[bytes]:
    """The act of destruction with the journal's extract, to be printed and signed, as Roskomnadzor's order No. 179 of
    28 October 2022 asks for.
    """
    async with call.db.transaction() as tx:
        done = await erasure.shown_erasure(tx, UUID(call.path["id"]))
    if done.state is not ErasureState.DONE:
        raise ErasureNotDone
    operator = call.services.get(Operator)
    page = _pages.get_template("act.html").render(act=done, operator=operator, kinds=KINDS, grounds=GROUNDS)
    return Answer(page.encode(), headers=HEADERS)


KINDS = {
    "keys": "ключи шифрования: обращение, значения идентификаторов, персональные поля фактов",
    "attributes": "сведения профиля",
    "registrations": "запросы на регистрацию",
    "proofs_of_consent": "подтверждения согласий",
    "identifiers": "идентификаторы: телефоны, карты, почта, номера других систем",
}
GROUNDS = {
    "request": "требование субъекта персональных данных",
    "consent_withdrawn": "отзыв согласия на обработку персональных данных",
    "purpose_reached": "достижение цели обработки персональных данных",
    "unlawful": "неправомерная обработка персональных данных",
    "retention": "истечение срока хранения",
}
