"""Real processes on a real port: graceful ends, killed workers, fair shares."""

import asyncio
import contextlib
import os
import signal
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.runtime_http.conftest import Start
from tests.runtime_http.example import INSTALLATION_SECRET
from tests.runtime_http.live import Server, eventually
from vokrug.kernel import new_id
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Role
from vokrug.runtime.keys import issue_key, revoke_key
from vokrug.runtime.signing import Vault


@pytest.mark.parametrize("processes", [1, 2])
def test_a_stop_finishes_what_was_accepted(start: Start, tmp_path: Path, processes: int) -> None:
    """SIGTERM while a request is worked on: it is answered, services close, and the code is 0."""
    server = start(processes)
    eventually(lambda: len(server.begins.read_text().split()) == processes)
    go = tmp_path / "go"
    answers: list[int] = []
    caller = threading.Thread(
        target=lambda: answers.append(httpx.get(f"{server.url}/waits/for{go}", timeout=20).status_code)
    )
    caller.start()
    eventually((tmp_path / "go.begun").exists)
    server.process.send_signal(signal.SIGTERM)
    eventually(lambda: _is_closed(server.url))
    assert answers == [], "it is still worked on"
    go.touch()
    caller.join(20)
    assert answers == [204]
    assert server.process.wait(20) == 0
    assert set(server.ends.read_text().split()) == set(server.begins.read_text().split()), "all services were closed"


def test_a_stop_right_after_the_start_ends_every_process(start: Start) -> None:
    """The second worker may still be importing, or opening its services: it ends at once all the same."""
    server = start(2)
    assert server.stop() == 0
    began = set(server.begins.read_text().split())
    assert began, "at least the one that answered"
    assert set(server.ends.read_text().split()) == began


def _is_closed(url: str) -> bool:
    try:
        httpx.get(f"{url}/health/live", timeout=1)
    except httpx.TransportError:
        return True
    return False


def test_a_killed_worker_is_replaced_while_the_others_serve(start: Start) -> None:
    server = start(2)
    pair = eventually(lambda: _two(server))
    victim = min(pair)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: (fresh := _two(server)) and victim not in fresh)
    assert server.stop() == 0


def _two(server: Server) -> set[int] | None:
    """Both workers, when there are two: connections that stay open go to one and the other."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client()) for _ in range(4)]
        found = {int(client.get(f"{server.url}/waits/who").text) for client in clients}
    return found if len(found) == 2 else None


def test_connections_are_shared_evenly_and_metrics_are_summed(start: Start) -> None:
    server = start(2)
    eventually(lambda: _two(server))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client()) for _ in range(64)]
        shares = Counter(int(client.get(f"{server.url}/waits/who").text) for client in clients)
        assert set(shares.values()) <= {31, 32, 33}, shares
        eventually(lambda: _counted(clients[0], server) >= 64)  # each process publishes once a second
    assert server.stop() == 0


def _counted(client: httpx.Client, server: Server) -> float:
    """Requests of all processes together, by the metrics' page of any."""
    page = client.get(f"{server.url}/metrics").text
    counted = [line for line in page.splitlines() if "requests_total" in line and "/waits/who" in line]
    assert len(counted) <= 1
    return float(counted[0].split()[-1]) if counted else 0


def test_a_stolen_key_is_shut_in_every_process(start: Start, database_url: str) -> None:
    """Each connection is a worker's; all of them had the key in memory."""

    async def with_keys(work: Callable[[Tx], Awaitable[Any]]) -> Any:
        db = await Database.connect(database_url, max_size=1)
        async with db.transaction() as tx:
            found = await work(tx)
        await db.close()
        return found

    server = start(2)
    eventually(lambda: len(server.begins.read_text().split()) == 2)
    vault, now = Vault(INSTALLATION_SECRET), datetime.now(UTC)
    asked: dict[str, Any] = {"role": Role.TILL, "shop_id": 7, "till_id": 2, "label": "t", "sandbox": True}
    issued = asyncio.run(with_keys(lambda tx: issue_key(tx, vault, uid=new_id(), now=now, **asked)))
    headers = {"authorization": f"Bearer {issued.token}"}
    clients = [httpx.Client(base_url=server.url, headers=headers) for _ in range(8)]

    def answers() -> set[int]:
        return {client.post("/v1/baskets", json={"lines": []}).status_code for client in clients}

    assert answers() == {200}
    asyncio.run(with_keys(lambda tx: revoke_key(tx, issued.key_id, datetime.now(UTC))))
    eventually(lambda: answers() == {401})
    assert answers() == {401}
    for client in clients:
        client.close()
