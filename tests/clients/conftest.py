"""A centre on a port, and a line to it that breaks on demand."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import uvicorn

from tests.pos.chain import Opened, copied
from tests.pos.conftest import opened as opened
from tests.runtime_http.live import eventually
from vokrug.app.till_check.line import Line
from vokrug.app.wiring import living, routes_of
from vokrug.runtime.keys import IssuedKey
from vokrug.runtime.settings import Settings
from vokrug.runtime.web import build_app


@dataclass
class Centre:
    """The application on a port; `key` is of till T1 in S1."""

    url: str
    opened: Opened
    database_url: str

    @property
    def key(self) -> IssuedKey:
        return self.opened.tills["S1", "T1"]

    def staff(self, method: str, path: str, body: Any = None) -> Any:
        return self._ask(str(self.opened.staff.token), method, path, body)

    def till(self, path: str, body: Any) -> Any:
        return self._ask(str(self.key.token), "POST", path, {"shop": "S1", "till": "T1", **body})

    def _ask(self, token: str, method: str, path: str, body: Any) -> Any:
        answer = httpx.request(method, self.url + path, json=body, headers={"authorization": f"Bearer {token}"})
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def registers(self, phone: str) -> None:
        self.till("/pos/v1/customers", {"request_id": str(uuid4()), "phone": phone, "called": "Анна"})

    def points(self, phone: str) -> str:
        found = self.till("/pos/v1/identify", {"identifier": {"type": "phone", "value": phone}})
        return str(found["balance"]["active"])

    def rotates(self, old_ends: str) -> None:
        """Staff have the till's key followed by another."""
        self.staff("POST", f"/v1/keys/{self.key.key_id}:rotate", {"uid": str(uuid4()), "old_ends": old_ends})

    def sales(self) -> list[Any]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute("select status, paid_minor, earned_minor from pos_sale order by at").fetchall()


@pytest.fixture
def centre(postgres_base: str, opened: Opened) -> Iterator[Centre]:
    with copied(postgres_base, opened.database) as database_url:
        how = Settings(database_url=database_url, reports_url=database_url, secret="x" * 40)
        app = build_app(routes_of(how), lambda: living(how, with_jobs=False), answer_timeout_s=60)
        server = uvicorn.Server(uvicorn.Config(app, port=0, ws="none", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Centre(f"http://127.0.0.1:{port}", opened, database_url)
        server.should_exit = True
        thread.join()


@pytest.fixture
def line(centre: Centre) -> Iterator[Line]:
    with Line(centre.url) as line:
        yield line
