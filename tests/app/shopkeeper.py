"""A running server of the whole product, and somebody with a key who asks it things."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from vokrug.kernel import Clock, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role
from vokrug.runtime.keys import issue_key
from vokrug.runtime.signing import Vault

SOURCE = Path(__file__).parents[2] / "src"
SECRET = "a secret only for these tests and long enough"
# Every row of what a replay may not change when it comes a second time; not how far readers have got meanwhile.
TABLES = """
    select tablename from pg_tables
     where schemaname = 'public' and tablename ~ '^(customers|ledger|pos|promotions|events)_'
       and tablename not in ('events_offset', 'events_worker', 'events_lease')
       and tablename !~ '^(customers_change|pos_low_price|pos_fraud_count|pos_fraud_seen|pos_goods_unknown)' order by 1
"""


@dataclass
class Running:
    """Its address, a staff key for signing, a staff token to bear, and its database."""

    url: str
    key: str
    token: str
    database_url: str

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return httpx.request(method, self.url + path, json=body, headers=headers, timeout=30)

    def picture(self) -> dict[str, list[str]]:
        """Every row of every table of ours: two equal pictures mean that nothing changed."""
        with psycopg.connect(self.database_url) as connection:
            names = [row[0] for row in connection.execute(TABLES)]
            return {
                name: [row[0] for row in connection.execute(f"select t::text from {name} t order by 1")]
                for name in names
            }


async def keys_of(database_url: str) -> tuple[str, str]:
    """A key that signs and a token that is borne, both of staff."""
    db = await Database.connect(database_url)
    try:
        async with db.transaction() as tx:
            terms: dict[str, Any] = {"role": Role.STAFF, "shop_id": None, "till_id": None, "now": Clock().now()}
            vault = Vault(SECRET)
            await tx.run("update pos_fraud_rule set is_on = false")  # what they tell comes a moment after the sale
            signing = await issue_key(tx, vault, uid=new_id(), label="signs", sandbox=False, **terms)
            borne = await issue_key(tx, vault, uid=new_id(), label="borne", sandbox=True, **terms)
    finally:
        await db.close()
    assert borne.token is not None, "a sandbox key has a token"
    return f"{signing.key_id}.{signing.secret}", borne.token


@contextmanager
def serving(database_url: str, folder: Path, *, processes: int = 1) -> Iterator[str]:
    """`vokrug serve` in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "PYTHONPATH": str(SOURCE),
        "VOKRUG_DATABASE_URL": database_url,
        "VOKRUG_SECRET": SECRET,
        "VOKRUG_LOG_LEVEL": "warning",
        "VOKRUG_PROCESSES": str(processes),
    }
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "vokrug", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, cwd=folder)
    try:
        until_s = time.monotonic() + 60
        while not _is_ready(url):
            assert server.poll() is None, "the server ended before it answered"
            assert time.monotonic() < until_s, "the server never answered"
            time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _is_ready(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/health/ready").is_success
    return False
