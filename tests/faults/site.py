"""A real server over a real PostgreSQL, and tills that write down what they were told."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psutil
import psycopg

from tests.pos.chain import CAKE, COFFEE, Opened, prepare, times
from vokrug import ledger
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate
from vokrug.runtime.postgres import EmbeddedPostgres
from vokrug.runtime.postgres_home import throwaway_folder

ROOT = Path(__file__).parents[2]
SECRET = "x" * 40  # as open_chain has it
FAST_LOCAL = {"shared_buffers": "128MB", "max_wal_size": "1GB"}  # durability stays as it is


@dataclass
class Sale:
    """A sale as its till remembers it, through any break of the line."""

    check: UUID
    till: tuple[str, str]
    calculate: dict[str, Any]
    commit: dict[str, Any]
    quoted: bool = False
    answer: Any = None  # the acknowledged one


@dataclass
class Site:
    """The server's processes, its database, and everything that the tills have sent."""

    folder: Path
    processes: int
    postgres: EmbeddedPostgres
    opened: Opened
    port: int
    server: "subprocess.Popen[bytes] | None" = None
    sales: list[Sale] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    heard: "Counter[str]" = field(default_factory=Counter)
    wild: list[str] = field(default_factory=list)  # answers that no till should ever get

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # Processes

    def start_server(self) -> None:
        log = (self.folder / "server.log").open("ab")
        self.server = subprocess.Popen(
            [sys.executable, "-m", "vokrug", "serve", "--port", str(self.port)],
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT / "src"),
                "VOKRUG_DATA_DIR": str(self.folder),
                "VOKRUG_SECRET": SECRET,
                "VOKRUG_PROCESSES": str(self.processes),
            },
            stdout=log,
            stderr=log,
        )

    def workers(self) -> list[psutil.Process]:
        """Those that answer. With one process it is the server itself."""
        assert self.server is not None
        parent = psutil.Process(self.server.pid)
        children = [child for child in parent.children() if "spawn_main" in " ".join(child.cmdline())]
        return children or [parent]

    def kill_worker(self) -> None:
        random.choice(self.workers()).kill()

    def kill_tree(self) -> None:
        """The server and all its workers; PostgreSQL has a session of its own and lives on."""
        assert self.server is not None
        for worker in self.workers():
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        self.server.kill()
        self.server.wait()

    def kill_backends(self) -> None:
        """Half of the server's connections are cut by the database."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name like 'vokrug%' and random() < 0.5"
            )

    def heal(self) -> None:
        """Start again whatever is not running."""
        if self.postgres.pid is None:
            self.postgres.start()
        if self.server is None or self.server.poll() is not None:
            self.start_server()

    def close(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.kill_tree()
        self.postgres.stop()

    # Tills

    def tills(self) -> list[tuple[str, str]]:
        return list(self.opened.tills)

    async def sends(self, client: httpx.AsyncClient, till: tuple[str, str], path: str, body: Any) -> Any:
        """The answer, or None where there was none or the centre asks to repeat."""
        headers = {"authorization": f"Bearer {self.opened.tills[till].token}"}
        try:
            answer = await client.post(path, json=body, headers=headers)
        except httpx.TransportError as error:
            self.heard[type(error).__name__] += 1
            return None
        said = answer.json()
        self.heard[f"{answer.status_code} {said.get('code', '')}".strip()] += 1
        if answer.status_code in (200, 202):
            return said
        if answer.status_code not in (408, 503) or said["retry"] != "same":
            self.wild.append(f"{path} {answer.status_code} {answer.text[:300]}")
        return None

    async def hangs_up(self, till: tuple[str, str], path: str, body: Any) -> None:
        """Send the whole request and be gone before the answer."""
        raw = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {self.opened.tills[till].token}\r\ncontent-length: {len(raw)}\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(head.encode() + raw)
            await writer.drain()
            await asyncio.sleep(random.choice([0, 0, 0.002, 0.01]))
            writer.transport.abort()
            self.heard["hung up"] += 1

    def new_sale(self) -> Sale:
        till = random.choice(self.tills())
        place = {"shop": till[0], "till": till[1]}
        known = {"identifier": {"type": "phone", "value": random.choice(self.phones)}} if random.random() < 0.9 else {}
        lines = [{"n": 1, **times(COFFEE, str(random.randint(1, 3)))}, {"n": 2, **CAKE}]
        burn = {"burn": {"mode": "max"}} if known else {}
        calculate = {"rev": 1, **place, **known, "lines": lines, "hold": True, **burn}
        sale = Sale(uuid4(), till, calculate, {"rev": 1, **place})
        self.sales.append(sale)
        return sale

    async def carries_on(self, client: httpx.AsyncClient, sale: Sale) -> bool:
        """One try of what comes next for a sale. True when its commit is acknowledged."""
        if not sale.quoted:
            quote = await self.sends(client, sale.till, f"/pos/v1/checks/{sale.check}:calculate", sale.calculate)
            if quote is None:
                return False
            sale.quoted = True
            sale.commit["claimed"] = {"to_pay": quote["totals"]["to_pay"]}
        sale.answer = await self.sends(client, sale.till, f"/pos/v1/checks/{sale.check}:commit", sale.commit)
        return sale.answer is not None

    async def busy(self, client: httpx.AsyncClient, stop: asyncio.Event, *, cuts: bool) -> None:
        """A till at work until told to stop. With `cuts` it loses its line now and then."""
        while not stop.is_set():
            sale = self.new_sale()
            if cuts and random.random() < 0.5:
                path = f"/pos/v1/checks/{sale.check}"
                if random.random() < 0.5:
                    await self.hangs_up(sale.till, f"{path}:calculate", sale.calculate)
                else:
                    quote = await self.sends(client, sale.till, f"{path}:calculate", sale.calculate)
                    if quote is not None:
                        sale.quoted, sale.commit["claimed"] = True, {"to_pay": quote["totals"]["to_pay"]}
                        await self.hangs_up(sale.till, f"{path}:commit", sale.commit)
                continue
            if not await self.carries_on(client, sale):
                await asyncio.sleep(0.02)

    async def settles(self, client: httpx.AsyncClient, within_s: float = 60) -> None:
        """Every till repeats what was not acknowledged, with the same ids, until it is."""
        until_s = time.monotonic() + within_s
        while open_sales := [sale for sale in self.sales if sale.answer is None]:
            assert time.monotonic() < until_s, f"{len(open_sales)} sales were never acknowledged: {self.heard}"
            done = await asyncio.gather(*(self.carries_on(client, sale) for sale in open_sales[:20]))
            if not any(done):
                await asyncio.sleep(0.05)

    async def repeats(self, client: httpx.AsyncClient, sales: list[Sale]) -> None:
        """What was acknowledged is answered again, to the letter."""
        for sale in sales:
            again = await self.sends(client, sale.till, f"/pos/v1/checks/{sale.check}:commit", sale.commit)
            assert again == sale.answer, sale.check

    # Books

    async def is_whole(self) -> None:
        """Each acknowledged sale is there once, told once, and the books balance."""
        db = await Database.connect(self.postgres.url, max_size=1)
        try:
            async with db.transaction(readonly=True, isolation="repeatable_read") as tx:
                report = await ledger.check_books(tx)
                assert report.balanced, report.differences
                kept = {row["check_id"]: row for row in await tx.rows("select * from pos_sale")}
                journals = await tx.rows("select document from ledger_journal where kind = 'sale'")
                told = await tx.rows(
                    "select data from events_log l join events_type t on t.id = l.type "
                    "where t.name = 'pos.sale_committed.v1'"
                )
        finally:
            await db.close()
        expected = {sale.check for sale in self.sales}
        assert set(kept) == expected
        facts = Counter(UUID(json.loads(row["data"])["check_id"]) for row in told)
        assert facts == Counter(expected), "one fact for each sale"
        assert Counter(row["document"] for row in journals) == Counter(expected), "one journal for each sale"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def open_site(processes: int) -> Site:
    folder = throwaway_folder("vokrug-faults-")
    postgres = EmbeddedPostgres(folder, note=lambda _: None, _overrides=FAST_LOCAL)
    url = postgres.start()
    try:
        await migrate(url)
        site = Site(folder, processes, postgres, await prepare("vokrug", url), free_port())
        site.start_server()
        async with httpx.AsyncClient(base_url=site.url, timeout=10) as client:
            await answers(client)
            for i in range(6):
                phone = f"+7916222000{i}"
                body = {"shop": "S1", "till": "T1", "request_id": str(uuid4()), "phone": phone, "called": "Анна"}
                assert await site.sends(client, ("S1", "T1"), "/pos/v1/customers", body)
                site.phones.append(phone)
    except BaseException:
        postgres.stop()
        raise
    return site


async def answers(client: httpx.AsyncClient, within_s: float = 60) -> None:
    """Wait until the server is ready."""
    until_s = time.monotonic() + within_s
    while True:
        with contextlib.suppress(httpx.TransportError):
            if (await client.get("/health/ready")).is_success:
                return
        assert time.monotonic() < until_s, "the server did not come back"
        await asyncio.sleep(0.05)
