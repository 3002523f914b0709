"""Webhooks over real sockets to a receiver in a process of its own, which fails, hangs, dies and comes back;
and deliverers that are killed in the middle.
"""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.events.conftest import StoppedClock, sell
from tests.events.subscriptions.conftest import SECRET, Desk, later
from vokrug.events.subscriptions.webhooks.sender import HttpSender, Outcome
from vokrug.kernel import Clock
from vokrug.runtime.database import Database

ROOT = Path(__file__).parents[3]
Line = tuple[str, str, int, list[tuple[int, int]]]

DELIVERER = """
import asyncio, sys
from vokrug.events import Installation
from vokrug.events.subscriptions import HttpSender, WebhookDeliverer
from vokrug.kernel import Clock
from vokrug.runtime.database import Database
from vokrug.runtime.signing import Vault

async def main():
    db = await Database.connect(sys.argv[1])
    sender = HttpSender(allows_private=True)
    print("ready", flush=True)
    sys.stdin.readline()
    await WebhookDeliverer(db, Clock(), sender, Vault(sys.argv[2]), Installation("mall")).run(asyncio.Event())

asyncio.run(main())
"""


class Receiver:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.process: subprocess.Popen[bytes] | None = None

    def feels(self, **mood: Any) -> None:
        draft = self.folder / "draft"
        draft.write_text(json.dumps(mood))
        draft.replace(self.folder / "mood")

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.events.subscriptions.moody", str(self.port), str(self.folder)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        until_s = time.monotonic() + 30
        while time.monotonic() < until_s:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("the receiver never came")

    def kill(self) -> None:
        assert self.process is not None, "it was started"
        self.process.kill()
        self.process.wait()

    @property
    def log(self) -> list[Line]:
        path = self.folder / "log"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [(one, where, status, [(key, number) for key, number in facts]) for one, where, status, facts in lines]

    @property
    def accepted(self) -> list[tuple[int, int]]:
        return [fact for _, _, status, facts in self.log if status == 204 for fact in facts]


@pytest.fixture(scope="module")
def moody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    receiver = Receiver(tmp_path_factory.mktemp("receiver"))
    receiver.feels()
    receiver.start()
    yield receiver
    receiver.kill()


@pytest.fixture
def there(moody: Receiver) -> Receiver:
    (moody.folder / "log").unlink(missing_ok=True)
    moody.feels()
    return moody


@pytest.fixture
async def sender() -> AsyncIterator[HttpSender]:
    sender = HttpSender(allows_private=True)
    yield sender
    await sender.close()


async def hook(desk: Desk, there: Receiver, sender: HttpSender, **endpoint: Any) -> None:
    """Active, and its deliverer sends over real sockets."""
    await desk.webhook(**{"timeout_s": 1} | endpoint)
    async with desk.db.transaction() as tx:
        await tx.run("update events_endpoint set url = $1", there.url)
    desk.receiver = sender  # type: ignore[assignment]


async def test_it_fails_hangs_and_recovers_and_each_key_comes_in_order(
    desk: Desk, clock: StoppedClock, there: Receiver, sender: HttpSender
) -> None:
    await hook(desk, there, sender)
    there.feels(fail=[3], hang=[5], slow_s=0.01)
    sales = [(key, number) for number, key in enumerate([0, 8, 1, 0, 8, 1, 0, 8, 1])]
    await sell(desk.db, *sales)
    await desk.deliverer().run_once()
    assert sorted(number for _, number in there.accepted) == [0, 1, 2, 4, 5, 7], "5 was noted, but never answered"
    there.feels()
    later(clock, seconds=3)
    await desk.deliverer().run_once()
    once = list(dict.fromkeys(there.accepted))
    assert sorted(once) == sorted(sales)
    for key in (0, 1, 8):
        numbers = [number for its, number in once if its == key]
        assert numbers == sorted(numbers)
    ids = [one for one, _, _, facts in there.log if facts == [(1, 5)]]
    assert (len(ids), len(set(ids))) == (2, 1), "tried twice, under one id"


async def test_a_receiver_that_is_killed_and_comes_back_misses_nothing(
    desk: Desk, clock: StoppedClock, there: Receiver, sender: HttpSender
) -> None:
    await hook(desk, there, sender)
    there.kill()
    sales = [(key, number) for number in range(6) for key in range(8)]
    await sell(desk.db, *sales)
    await desk.deliverer().run_once()
    assert there.accepted == []
    there.start()
    for _ in range(6):
        later(clock, minutes=2)
        await desk.deliverer().run_once()
    assert sorted(there.accepted) == sorted(sales)


def started(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT / "src")


@pytest.mark.parametrize("batch_size", [1, 4])
async def test_a_deliverer_killed_between_delivery_and_note_sends_the_same_message_again(
    desk: Desk, clock: StoppedClock, there: Receiver, sender: HttpSender, database_url: str, batch_size: int
) -> None:
    """kill -9 the moment a message has come in; another process sends it again, under the same id."""
    await hook(desk, there, sender, batch_size=batch_size)
    await sell(desk.db, *((0, number) for number in range(10)))
    command = [sys.executable, "-c", DELIVERER, database_url, SECRET]
    doomed = await asyncio.to_thread(started, command)
    assert doomed.stdin is not None
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == b"ready\n"
    there.feels(kill=[5, doomed.pid])
    doomed.stdin.write(b"go\n")
    doomed.stdin.flush()
    assert await asyncio.to_thread(doomed.wait, 30) == -signal.SIGKILL
    doomed.stdin.close()
    doomed.stdout.close()
    there.feels()
    before = there.log
    clock.moment = Clock().now()
    await desk.deliverer().run_once()
    assert there.log == before, "its lease is respected"
    clock.moment += timedelta(minutes=5)
    await sell(desk.db, (0, 10))
    await desk.deliverer().run_once()
    again = there.log[len(before) :]
    assert again[: len(before)] == before, "the same messages, with the same ids, in the same order"
    assert list(dict.fromkeys(there.accepted)) == [(0, number) for number in range(11)]


async def test_two_deliverers_at_once_send_everything_once(
    desk: Desk, there: Receiver, sender: HttpSender, database_url: str
) -> None:
    await hook(desk, there, sender)
    sales = [(key, number) for number in range(8) for key in range(16)]
    await sell(desk.db, *sales)
    other = await Database.connect(database_url)
    elsewhere = Desk(other, desk.clock, sender)  # type: ignore[arg-type]
    deliverers = [desk.deliverer(), elsewhere.deliverer(), desk.deliverer()]
    await asyncio.gather(*(one.run_once() for one in deliverers))
    await deliverers[0].run_once()
    await other.close()
    assert sorted(there.accepted) == sorted(sales)
    for key in range(16):
        assert [number for its, number in there.accepted if its == key] == list(range(8))


async def test_who_wakes_up_late_changes_nothing(desk: Desk, clock: StoppedClock) -> None:
    """A process sleeps while it sends; meanwhile another one takes over, and the first wakes up."""
    await desk.webhook()
    await sell(desk.db, (0, 1), (0, 2))
    asleep, awake = asyncio.Event(), asyncio.Event()

    class Sleepy(type(desk.receiver)):  # type: ignore[misc]
        async def send(self, *request: Any) -> Outcome:
            asleep.set()
            await awake.wait()
            return Outcome(500, "it was too late anyway")

    quick = desk.receiver
    desk.receiver = Sleepy()
    sleeping = asyncio.create_task(desk.deliverer().run_once())
    await asleep.wait()
    desk.receiver = quick
    later(clock, minutes=5)
    await desk.deliverer().run_once()
    assert quick.delivered == [(0, 1), (0, 2)]
    awake.set()
    await sleeping
    shown = await desk.show("hook")
    assert shown.lag is not None
    assert (shown.lag.behind, shown.lag.parked) == (0, 0)
    assert shown.endpoint is not None
    assert shown.endpoint.failures == 0


async def test_a_private_address_is_not_talked_to(there: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when it is written out, nor when a name of the public DNS leads to it."""

    async def misleading(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", there.port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", misleading)
    careful = HttpSender(allows_private=False)
    written_out = await careful.send("POST", there.url, {}, b"{}", 2)
    by_name = await careful.send("POST", there.url.replace("127.0.0.1", "partner.example"), {}, b"{}", 2)
    await careful.close()
    assert (written_out.status, by_name.status) == (None, None)
    assert "public internet" in written_out.error
    assert "private network" in by_name.error
    assert there.log == []
