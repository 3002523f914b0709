"""How fast subscriptions are: `python -m tests.events.subscriptions.measure`. It starts a PostgreSQL of its own."""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.events.conftest import NOON, SHOP, Sold, StoppedClock, tell
from tests.events.subscriptions.conftest import PARTNER, Desk, Receiver
from vokrug.events import synchronise
from vokrug.events.subscriptions import HttpSender, cesql, reading_api
from vokrug.events.subscriptions.attributes import reader_of, structured
from vokrug.events.subscriptions.schemas import CommitCursor
from vokrug.events.types import Envelope, Installation
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate
from vokrug.runtime.postgres import EmbeddedPostgres

FACTS = 40_000
FILTERS = (
    "type = 'shop.returned.v1'",
    "type LIKE 'shop.%' AND int(partitionkey) > 100",
    "subject IN ('a', 'b', 'c') OR (source LIKE '%/shop' AND sequence = 17)",
)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="vokrug-measure-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder)
    url = server.start()
    try:
        asyncio.run(measure(url))
    finally:
        server.stop()


async def measure(url: str) -> None:
    measure_filters()
    await migrate(url)
    db = await Database.connect(url)
    async with db.transaction() as tx:
        await synchronise(tx, NOON, SHOP)
    for start in range(0, FACTS, 1000):
        async with db.transaction() as tx:
            for number in range(start, start + 1000):
                await tell(tx, Sold(number, 40_000), key=number % 500)
    desk = Desk(db, StoppedClock(), Receiver())
    await measure_pull(desk, "all", "")
    await measure_pull(desk, "few", "type = 'shop.returned.v1'")
    for size in (1, 100):
        await measure_webhook(desk, size)
    await db.close()


def measure_filters() -> None:
    where = Installation("mall")
    told = Envelope(0, 17, "shop.sold.v1", new_id(), 7, "subject", NOON, NOON, b'{"number":1,"total_minor":40000}')
    readers = reader_of(where)
    for text in FILTERS:
        passes = cesql.compile(text, readers.__getitem__).passes
        print(f"filter {_us(partial(passes, told)):6.2f} µs  {text}")
    print(f"encode {_us(lambda: structured(told, where)):6.2f} µs  a fact as CloudEvents JSON")


def _us(work: Callable[[], Any], times: int = 50_000) -> float:
    best = 1e9
    for _ in range(3):
        begun = time.perf_counter()
        for _ in range(times):
            work()
        best = min(best, (time.perf_counter() - begun) / times)
    return best * 1e6


async def measure_pull(desk: Desk, name: str, filter: str) -> None:
    await desk.subscribe(name, filter=filter)
    begun, cpu, seen, cursor, has_more = time.perf_counter(), time.process_time(), 0, "", True
    while has_more:
        page = await desk.pull(name, cursor=cursor, limit=1000)
        seen += len(page.events)
        cursor, has_more = page.next, page.has_more
        await reading_api.commit(desk.call(PARTNER, name), CommitCursor(cursor))
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"pull '{filter}': {FACTS / took:,.0f} facts/s past the cursor ({seen:,} shown), "
        f"{FACTS / cpu:,.0f} a second of this process's CPU"
    )


async def measure_webhook(desk: Desk, size: int) -> None:
    ready = multiprocessing.Event()
    port = 18_000 + size
    process = multiprocessing.Process(target=receive, args=(port, ready), daemon=True)
    process.start()
    await asyncio.to_thread(ready.wait, 20)
    name = f"hook{size}"
    await desk.webhook(name, batch_size=size, wish={"max_in_flight": 32})
    async with desk.db.transaction() as tx:
        await tx.run("update events_endpoint set url = $2 where subscription = $1", name, f"http://127.0.0.1:{port}/")
    sender = HttpSender(allows_private=True)
    desk.receiver = sender  # type: ignore[assignment]
    begun, cpu = time.perf_counter(), time.process_time()
    await desk.deliverer().run_once()
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(f"webhooks, {size} a request: {FACTS / took:,.0f} facts/s, {FACTS / cpu:,.0f} a second of the sender's CPU")
    await sender.close()
    process.terminate()
    desk.receiver = Receiver()


def receive(port: int, ready: Any) -> None:
    async def accept(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=204)

    async def started(app: web.Application) -> None:
        ready.set()

    app = web.Application(client_max_size=2**24)
    app.router.add_post("/", accept)
    app.on_startup.append(started)
    web.run_app(app, host="127.0.0.1", port=port, print=lambda *_: None, access_log=None)


if __name__ == "__main__":
    main()
