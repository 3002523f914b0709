"""What group commit is worth: the database's time for commits one by one, and for ten that arrive together."""

import asyncio
import random
from typing import Any
from uuid import uuid4

import msgspec

from vokrug.app.bench import chain, meter
from vokrug.app.bench.chain import Key
from vokrug.app.bench.seeding import Seed
from vokrug.app.bench.stage import Stage
from vokrug.app.wiring import living, routes_of
from vokrug.runtime.settings import Settings
from vokrug.runtime.web import Application, build_app

TOGETHER = 10
COMMITS = 500  # of either kind


def measure(stage: Stage, seed: Seed) -> dict[str, float]:
    """Microseconds of the database a commit, through the application in this process."""
    settings = Settings(database_url=seed.url, reports_url=seed.url, secret=seed.secret)
    return asyncio.run(compare(stage, seed, settings))


async def compare(stage: Stage, seed: Seed, settings: Settings) -> dict[str, float]:
    async with living(settings, with_jobs=False) as services:
        app = build_app(routes_of(settings), services)
        customers = random.Random(3).sample(range(1, seed.customers + 1), min(seed.customers, 2 * COMMITS))
        prepared = []
        for start in range(0, len(customers), TOGETHER):
            part = customers[start : start + TOGETHER]
            prepared += await asyncio.gather(*(promised(app, seed.keys[n % len(seed.keys)], n) for n in part))
        half = len(prepared) // 2
        found = {}
        for name, width, checks in (("single_us", 1, prepared[:half]), ("batched_us", TOGETHER, prepared[half:])):
            before = meter.read({"database": stage.groups["database"]})
            for start in range(0, len(checks), width):
                await asyncio.gather(*(ask(app, *check) for check in checks[start : start + width]))
            used = meter.between(before, meter.read({"database": stage.groups["database"]}))
            found[name] = used.by_group["database"] / len(checks) * 1e6
        return found


async def promised(app: Application, key: Key, customer: int) -> tuple[Key, str, dict[str, Any]]:
    """A check with its price promised: what is left is its commit."""
    place = {"rev": 1, "shop": key.shop, "till": key.till}
    path = f"/pos/v1/checks/{uuid4()}"
    who = {"type": "phone", "value": chain.phone_of(customer)}
    lines = chain.basket(random.Random(customer))
    await ask(app, key, f"{path}:calculate", {**place, "identifier": who, "lines": lines, "hold": True})
    return key, f"{path}:commit", place


async def ask(app: Application, key: Key, path: str, body: dict[str, Any]) -> None:
    """A request as a server would hand it in."""
    raw = msgspec.json.encode(body)
    headers = [(b"authorization", f"Bearer {key.token}".encode()), (b"content-length", b"%d" % len(raw))]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [*headers, (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
        "scheme": "http",
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    if statuses != [200]:
        raise RuntimeError(f"{path} was answered with {statuses}")
