"""The least a server can do with a trolley: read it and answer with it. What thinking is held against."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from vokrug.app.bench import engine, meter
from vokrug.app.bench.stage import Stage, environment, free_port, stop

CONNECTIONS = 16
REQUESTS_EACH = 500

_read = msgspec.json.Decoder(engine.Body)


async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """An ASGI application without anything around it."""
    if scope["type"] != "http":
        return
    raw = (await receive())["body"]
    answer = msgspec.json.encode(_read.decode(raw))
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def measure(stage: Stage) -> float:
    """Microseconds of processor time a request, behind uvicorn with everything else switched off."""
    port = free_port()
    options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--lifespan", "off"]
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "vokrug.app.bench.raw:app", *options, "--no-access-log", "--log-level=error"],
        env=environment(),
        cwd=stage.folder,
        start_new_session=True,
    )
    try:
        asyncio.run(until_it_listens(port))
        asyncio.run(ask(port, 50))
        before = meter.read({"raw": server.pid})
        asyncio.run(ask(port, REQUESTS_EACH))
        used = meter.between(before, meter.read({"raw": server.pid}))
        return used.by_group["raw"] / (CONNECTIONS * REQUESTS_EACH) * 1e6
    finally:
        stop(server)


async def until_it_listens(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        await asyncio.sleep(0.05)
    raise RuntimeError("the bare server does not listen")


async def ask(port: int, times: int) -> None:
    trolley = engine.body()
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(trolley), trolley)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(times):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            at = head.index(b"content-length: ") + 16
            await reader.readexactly(int(head[at : head.index(b"\r", at)]))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
