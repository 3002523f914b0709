"""Whatever breaks in the middle of a sale, each sale is there once and the books balance.

Two rounds of each fault on two processes; FAULT_ROUNDS=20 makes it twenty, on one process too.
"""

import asyncio
import os
import random
import shutil
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.faults.site import Site, answers, open_site

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
TILLS = 12


@pytest.fixture(scope="module", params=[2, 1] if ROUNDS > 3 else [2], ids=lambda count: f"processes-{count}")
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    opened = asyncio.run(open_site(request.param))
    yield opened
    opened.close()
    shutil.rmtree(opened.folder, ignore_errors=True)


FAULTS: dict[str, Callable[[Site], None]] = {
    "a worker is killed": Site.kill_worker,
    "the server is killed with all its workers": Site.kill_tree,
    "PostgreSQL is killed": lambda site: site.postgres.kill(),
    "the database cuts connections": Site.kill_backends,
    "tills lose their line": lambda site: None,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_sale_is_there_once_after(site: Site, fault: str) -> None:
    for _ in range(ROUNDS):
        asyncio.run(one_round(site, FAULTS[fault], cuts="line" in fault))
    print(f"\n{fault}: {len(site.sales)} sales, heard {dict(site.heard)}")


async def one_round(site: Site, breaks: Callable[[Site], None], *, cuts: bool) -> None:
    site.heard.clear()
    site.wild.clear()
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=site.url, timeout=10, limits=limits) as client:
        before = len(site.sales)
        stop = asyncio.Event()
        tills = [asyncio.create_task(site.busy(client, stop, cuts=cuts)) for _ in range(TILLS)]
        await asyncio.sleep(random.uniform(0.1, 0.5))
        await asyncio.to_thread(breaks, site)
        await asyncio.sleep(0.2)
        await asyncio.to_thread(site.heal)
        await asyncio.sleep(0.1)
        stop.set()
        await asyncio.gather(*tills)
        await answers(client)
        await site.settles(client)
        assert site.wild == [], "a till was told something else than to repeat"
        assert len(site.sales) > before
        await site.repeats(client, random.sample(site.sales[before:], min(30, len(site.sales) - before)))
    await site.is_whole()
