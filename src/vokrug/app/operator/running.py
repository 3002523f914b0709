"""The operator on its two ports: SMPP, and HTTP for calls, for the list of messages, and for its switches."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from html import escape
from typing import Annotated, Literal

import msgspec
import uvicorn
from msgspec import Meta
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from vokrug.app.operator.centre import Centre
from vokrug.app.operator.phones import Behaviour, Phones


class Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `VOKRUG_MESSAGES_URL` posts. A call's text are the last digits of the number that rings."""

    channel: Literal["sms", "call", "email"]
    to: Annotated[str, Meta(min_length=1, max_length=320)]
    text: Annotated[str, Meta(min_length=1, max_length=4_000)]


class Ring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: Annotated[str, Meta(min_length=1, max_length=32)]
    digits: Annotated[str, Meta(pattern="^[0-9]{4}$")]


@dataclass(frozen=True)
class Operating:
    """An operator at work."""

    phones: Phones
    centre: Centre
    http_port: int
    smpp_port: int


Handler = Callable[[Request], Awaitable[Response]]


@asynccontextmanager
async def operating(http_port: int = 0, smpp_port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[Operating]:
    """Open both ports; 0 takes a free one."""
    phones = Phones()
    centre = Centre(phones)
    listening = await asyncio.start_server(centre.meet, host, smpp_port)
    try:
        async with serving(app_of(phones, centre), http_port, host) as port:
            yield Operating(phones, centre, port, listening.sockets[0].getsockname()[1])
    finally:
        listening.close()
        centre.hang_up()


@asynccontextmanager
async def serving(app: ASGIApp, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """An application on a port, in this very loop."""
    server = Serving(uvicorn.Config(app, host=host, port=port, ws="none", log_config=None, access_log=False))
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                await task
            await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


class Serving(uvicorn.Server):
    """Signals are the caller's business: here they would end the whole process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def app_of(phones: Phones, centre: Centre) -> Starlette:
    async def page(_: Request) -> Response:
        return HTMLResponse(page_of(phones))

    async def messages(request: Request) -> Response:
        to = request.query_params.get("to")
        return json_of([one for one in phones.received if to in (None, one.to)])

    async def forget(_: Request) -> Response:
        phones.received.clear()
        return Response(status_code=204)

    async def post(request: Request) -> Response:
        said = msgspec.json.decode(await request.body(), type=Posted)
        if phones.happens(phones.behaviour.refuse):
            return Response(status_code=503)
        if said.channel == "call":
            phones.ring(said.to, said.text)
        else:
            phones.take(said.channel, said.to, said.text)
        return Response(status_code=202)

    async def call(request: Request) -> Response:
        ring = msgspec.json.decode(await request.body(), type=Ring)
        phones.ring(ring.to, ring.digits)
        return Response(status_code=202)

    async def behaviour(_: Request) -> Response:
        return json_of(phones.behaviour)

    async def behave(request: Request) -> Response:
        phones.behaviour = msgspec.json.decode(await request.body(), type=Behaviour)
        return json_of(phones.behaviour)

    async def hang_up(_: Request) -> Response:
        centre.hang_up()
        return Response(status_code=204)

    async def malformed(_: Request, error: Exception) -> Response:
        return json_of({"error": str(error)}, 422)

    ways: list[tuple[str, str, Handler]] = [
        ("GET", "/", page),
        ("GET", "/messages", messages),
        ("POST", "/messages", post),
        ("DELETE", "/messages", forget),
        ("POST", "/calls", call),
        ("GET", "/behaviour", behaviour),
        ("PUT", "/behaviour", behave),
        ("POST", "/hang-up", hang_up),
    ]
    wrong = {msgspec.ValidationError: malformed, msgspec.DecodeError: malformed}
    return Starlette(
        routes=[Route(path, handler, methods=[verb]) for verb, path, handler in ways],
        exception_handlers=wrong,
    )


def json_of(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="3"><title>Оператор · Operator</title>
<style>body{{font:16px system-ui;max-width:46em;margin:2em auto;padding:0 1em}}li{{margin:.7em 0}}small{{color:#666}}
b{{font-variant-numeric:tabular-nums}}</style>
<h1>Сообщения и звонки · Messages and calls</h1><ol reversed>{rows}</ol>"""
ROW = "<li><b>{to}</b> {text}<br><small>{kind} · {source} · {at:%H:%M:%S}</small></li>"


def page_of(phones: Phones) -> str:
    rows = [
        ROW.format(to=escape(one.to), text=escape(one.text), kind=one.kind, source=escape(one.source), at=one.at)
        for one in reversed(phones.received)
    ]
    return PAGE.format(rows="".join(rows) or "<p>Пока пусто · Nothing yet</p>")
