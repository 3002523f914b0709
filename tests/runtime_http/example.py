"""A small application with an endpoint of every kind, for tests to talk to."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vokrug.kernel import Clock, Refusal, Retry, Text
from vokrug.runtime import keys_api
from vokrug.runtime.database import Database
from vokrug.runtime.http import Answer, Call, Role, Routes, Services
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.signing import Vault
from vokrug.runtime.web import Application, build_app

INSTALLATION_SECRET = "an installation's own secret"
TILLS_AND_STAFF = [Role.TILL, Role.STAFF]

routes = Routes("shelf")
Price = Annotated[str, Meta(pattern=r"^[0-9]{1,9}\.[0-9]{2}$")]


class OutOfStock(Refusal):
    """The shelf is empty."""

    code, status, retry = "out_of_stock", 409, Retry.LATER
    cashier = Text(en="Only {left} left on the shelf.", ru="На полке осталось только {left}.")
    customer = Text(en="Sorry, we have sold out.", ru="Извините, всё раскупили.")


class Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: Annotated[str, Meta(min_length=1, max_length=40)]
    price: Price
    qty: Annotated[int, Meta(ge=1, le=1000)] = 1


class Basket(msgspec.Struct, forbid_unknown_fields=True):
    """What lies on the counter."""

    lines: Annotated[list[Line], Meta(max_length=100)]
    note: str = ""


class Priced(msgspec.Struct):
    """The basket's count and who asked."""

    count: int
    shop_id: int | None
    note: str


class Found(msgspec.Struct):
    id: str
    asked: dict[str, str]


@routes.post(
    "/v1/baskets",
    answers={200: Priced},
    refusals=[OutOfStock],
    roles=TILLS_AND_STAFF,
    example=Basket([Line("milk", "89.90")]),
)
async def price(call: Call, body: Basket) -> Answer[Priced]:
    """Price a basket.

    A sku called "empty" is never on the shelf.
    """
    if any(line.sku == "empty" for line in body.lines):
        raise OutOfStock(left=0)
    return Answer(Priced(len(body.lines), call.caller.shop_id, body.note))


@routes.get(
    "/v1/baskets/{basket_id:uuid}",
    answers={200: Found},
    roles=TILLS_AND_STAFF,
    query={
        "limit": Annotated[int, Meta(ge=1, le=50)],
        "on": date,
        "order": Literal["up", "down"],
        "tag": list[str],
    },
)
async def find(call: Call) -> Answer[Found]:
    return Answer(Found(call.path["basket_id"], {name: str(value) for name, value in call.asked.items()}))


@routes.post("/v1/baskets/{basket_id:uuid}:drop", answers={204: None}, roles=[Role.STAFF])
async def drop(call: Call) -> Answer[None]:
    return Answer(None, status=204, headers={"Idempotent-Replay": "true"})


@routes.get("/v1/shelves/{name}", answers={200: Found}, is_public=True, query={"q": str}, query_needed=["q"])
async def shelf(call: Call) -> Answer[Found]:
    return Answer(Found(call.path["name"], dict(call.query)))


@routes.put("/v1/shelves/{name}", answers={200: Found}, is_public=True)
async def rename(call: Call, body: Line | None) -> Answer[Found]:
    return Answer(Found(call.path["name"], {} if body is None else {"sku": body.sku}))


def misbehaving() -> Routes:
    """Endpoints that fail in every way an endpoint can. Never shown to schemathesis."""
    bad = Routes("bad")

    @bad.get("/bad/bug", answers={200: Found}, is_public=True)
    async def bug(call: Call) -> Answer[Found]:
        raise LookupError("customer with phone +7 916 123-45-67 has no wallet")

    @bad.get("/bad/database", answers={200: Found}, is_public=True)
    async def database(call: Call) -> Answer[Found]:
        raise ConnectionRefusedError

    @bad.get("/bad/slow", answers={204: None}, is_public=True, answer_timeout_s=0.01)
    async def slow(call: Call) -> Answer[None]:
        await asyncio.Event().wait()
        return Answer(None, status=204)

    @bad.post("/bad/small", answers={204: None}, is_public=True, max_body_bytes=100)
    async def small(call: Call, body: bytes) -> Answer[None]:
        return Answer(None, status=204)

    return bad


@asynccontextmanager
async def living(database_url: str) -> AsyncIterator[Services]:
    db = await Database.connect(database_url)
    tell("EXAMPLE_TELLS_ITS_BEGIN_TO")
    yield services_over(db)
    await db.close()
    tell("EXAMPLE_TELLS_ITS_END_TO")


def tell(where: str) -> None:
    """This process's number, on a line of the file that a test named."""
    if told := os.environ.get(where):
        with open(told, "a") as file:
            file.write(f"{os.getpid()}\n")


def services_over(db: Database) -> Services:
    services = Services(db=db, reports=db, clock=Clock())
    services.add(KeyRing(db, Vault(INSTALLATION_SECRET)))
    return services


def app_over(services: Services) -> Application:
    return build_app([routes, keys_api.routes, misbehaving()], services)


def waiting() -> Routes:
    """An endpoint that answers when a file appears, and one that names its process."""
    waits = Routes("waits")

    @waits.get("/waits/for/{path:path}", answers={204: None}, is_public=True)
    async def wait(call: Call) -> Answer[None]:
        path = "/" + call.path["path"]
        with open(path + ".begun", "w"):  # noqa: ASYNC230
            pass
        while not os.path.exists(path):  # noqa: ASYNC240, ASYNC110
            await asyncio.sleep(0.01)
        return Answer(None, status=204)

    @waits.get("/waits/who", answers={200: int}, is_public=True)
    async def who(call: Call) -> Answer[int]:
        return Answer(os.getpid())

    return waits


def served_app() -> Application:
    """What the worker processes of tests make."""
    url = os.environ["EXAMPLE_DATABASE_URL"]
    return build_app([routes, keys_api.routes, waiting()], lambda: living(url))
