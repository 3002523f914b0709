"""The walk-through for product teams, as it stands in the docs: its code runs, on the published contract alone."""

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.conftest import Relaying, sells, until
from tests.events.conftest import SHOPPER, Sold, tell
from vokrug.app.brokers import LocalKafka
from vokrug.events import Installation
from vokrug.events.brokers import open_broker, parse_address
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug_consumer import (
    Fact,
    GapFound,
    Once,
    SignatureRefused,
    SqliteInbox,
    erasure_of,
    from_cloudevent,
    from_webhook,
    sign,
)

ROOT = Path(__file__).parents[2]
KIT = ROOT / "clients" / "python"

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "walkthrough-events.md").read_text(), re.S)
AIOKAFKA, FASTSTREAM, WEBHOOK = BLOCKS
SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def code(block: str, head: str) -> list[str]:
    """A block as a process of its own, with its placeholders filled in."""
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(KIT)!r})\n{head}\n{block}"]


async def test_a_product_team_reads_kafka_in_another_process(log: Database, kafka: LocalKafka, tmp_path: Path) -> None:
    """Each sale counts once, though the reader starts again with its Kafka offset forgotten."""
    if not kafka.is_running:
        kafka.start()
    topic = f"t{new_id().hex}"
    address = parse_address(f"kafka://{kafka.servers}")
    broker = open_broker(address, topic=topic, installation=Installation("local"))
    async with log.transaction() as tx:
        for number in range(1, 41):
            await tell(tx, Sold(number, total_minor=number), key=number % 4)
    async with Relaying(log, broker) as relaying:
        await relaying.until_through()
    database = str(tmp_path / "team.db")
    places = "select count(*), coalesce(sum(sequence), 0) from inbox_place"
    enough = f"lambda: db.execute({places!r}).fetchone() == (4, 40)"
    head = f"DATABASE, TOPIC, SERVERS = {database!r}, {topic!r}, {kafka.servers!r}\nIS_ENOUGH = {enough}"
    await run(code(AIOKAFKA, head))
    again = AIOKAFKA.replace("bonus-statistics", "bonus-statistics-2").replace("IS_ENOUGH", "HEARD_ALL")
    heard = f"{head}\nheard = []\nHEARD_ALL = lambda: (heard.append(1), len(heard) == 40)[1]"
    await run(code(again, heard))
    bought = dict(sqlite3.connect(database).execute("select customer, total_minor from bought").fetchall())
    assert bought == {str(key): sum(n for n in range(1, 41) if n % 4 == key) for key in range(4)}


async def run(command: list[str]) -> None:
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


async def test_the_faststream_block_sees_the_same_facts(log: Database, kafka: LocalKafka) -> None:
    pytest.importorskip("faststream.kafka", reason="FastStream is not installed here")
    if not kafka.is_running:
        kafka.start()
    topic = f"t{new_id().hex}"
    address = parse_address(f"kafka://{kafka.servers}")
    await sells(log, 16, keys=4)
    async with Relaying(log, open_broker(address, topic=topic, installation=Installation("local"))) as relaying:
        await relaying.until_through()
    given: dict[str, Any] = {"SERVERS": kafka.servers, "TOPIC": topic, "SEEN": []}
    exec(compile(FASTSTREAM, "walkthrough", "exec", dont_inherit=True), given)
    await given["broker"].start()
    try:
        await until(lambda: heard(given["SEEN"], 16), "every fact")
    finally:
        await given["broker"].stop()
    assert sorted(given["SEEN"]) == [(str(key), n) for key in range(4) for n in range(1, 5)]


async def heard(seen: list[Any], count: int) -> bool:
    return len(seen) >= count


def event(number: int, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "source": "/vokrug/local/shop",
        "id": f"id-{number}",
        "type": "shop.sold.v1",
        "subject": str(SHOPPER),
        "time": "2026-11-23T12:00:00+00:00",
        "partitionkey": "7",
        "sequence": f"{number:019d}",
        "data": {"number": number},
        **more,
    }


def test_the_webhook_block_takes_what_is_signed_once(tmp_path: Path) -> None:
    seen: list[int] = []
    given: dict[str, Any] = {
        "SECRET": SECRET,
        "DATABASE": str(tmp_path / "team.db"),
        "ON_FACT": lambda fact: seen.append(fact.data["number"]),
    }
    exec(compile(WEBHOOK, "walkthrough", "exec", dont_inherit=True), given)
    given["Webhook"].log_message = lambda *_: None
    server = HTTPServer(("127.0.0.1", 0), given["Webhook"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        post = poster(f"http://127.0.0.1:{server.server_port}/")
        assert [post([event(1), event(2)]), post(event(2)), post(event(3))] == [204, 204, 204]
        assert post(event(4), secret="whsec_b3RoZXI=") == 401
    finally:
        server.shutdown()
        server.server_close()
    assert seen == [1, 2, 3]


def poster(url: str) -> Callable[..., int]:
    import time

    def post(body: Any, secret: str = SECRET) -> int:
        raw, at = json.dumps(body).encode(), int(time.time())
        headers = {
            "webhook-id": "m1",
            "webhook-timestamp": str(at),
            "webhook-signature": sign(secret, "m1", at, raw),
            "content-type": "application/cloudevents+json",
        }
        try:
            with urllib.request.urlopen(urllib.request.Request(url, raw, headers, method="POST")) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    return post


def test_a_signature_as_openssl_makes_it() -> None:
    """`printf '%s' 'ID.TIMESTAMP.BODY' | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64`."""
    body = b'{"test": 2432232314}'
    secret, id, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    assert sign(secret, id, at, body) == "v1,/Xy7FLfFISa1TZH7WLT+0x/orG5MlcutAFOpVan3/00="
    headers = {"Webhook-Id": id, "Webhook-Timestamp": str(at), "Webhook-Signature": "v1,bad v1a,x"}
    with pytest.raises(SignatureRefused, match="not ours"):
        from_webhook(headers, body, [secret], now_s=at)
    with pytest.raises(SignatureRefused, match="too long ago"):
        from_webhook(headers, body, [secret], now_s=at + 301)
    with pytest.raises(SignatureRefused, match="missing"):
        from_webhook({}, body, [secret])


def test_a_fact_is_taken_once_in_order_and_a_gap_is_noticed() -> None:
    inbox = SqliteInbox(sqlite3.connect(":memory:"))
    once, seen = Once(inbox), []
    note: Callable[[Fact], None] = lambda fact: seen.append(fact.sequence)  # noqa: E731

    def come(number: int, after: int) -> bool:
        return once.take(from_cloudevent(event(number), after=after), note, stream="t/0")

    assert [come(5, 4), come(6, 5), come(5, 4), come(9, 6)] == [True, True, False, True]
    with pytest.raises(GapFound, match="after 9 comes 12, which follows 11"):
        come(12, 11)
    assert seen == [5, 6, 9], "9 follows 6: what lay between was dropped by the log's own retention"


def test_an_erasure_is_recognised_and_acknowledged() -> None:
    asked = erasure_of(from_cloudevent(event(1, type="customers.erased.v1")))
    assert asked is not None
    assert asked.customer_id == str(SHOPPER)
    request = asked.acknowledgement("https://vokrug.example", "statistics", "key")
    assert request.full_url == "https://vokrug.example/v1/events/consumers/statistics/acknowledgements"
    assert request.data == b'{"events": ["id-1"]}'
    assert erasure_of(from_cloudevent(event(2))) is None
