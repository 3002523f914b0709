"""Facts of other systems come from a topic through the publishing door, each once."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from nats.aio.client import Client

from tests.brokers.conftest import Server, until
from vokrug.app.brokers import LocalKafka
from vokrug.events.brokers import Broker, Intake, Taken, parse_address
from vokrug.events.brokers.bindings import foreign_event
from vokrug.events.brokers.errors import BrokerUrlMalformed
from vokrug.events.brokers.intake import work_name
from vokrug.events.workers import Leases
from vokrug.kernel import new_id
from vokrug.runtime.database import Database, Tx

BINARY = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/erp", "ce_type": "erp.shipped.v1"}
STRUCTURED = b'{"specversion": "1.0", "id": "2", "source": "/erp", "type": "erp.shipped.v1", "data": {"box": 2}}'


async def sends(server: Server, topic: str, messages: Sequence[tuple[dict[str, str], bytes]]) -> None:
    if isinstance(server, LocalKafka):
        producer = AIOKafkaProducer(bootstrap_servers=server.servers)
        await producer.start()
        for headers, body in messages:
            raw = [(name, value.encode()) for name, value in headers.items()]
            await producer.send_and_wait(topic, body, key=b"7", headers=raw, partition=0)
        await producer.stop()
        return
    client = Client()
    await client.connect(server.servers)
    for headers, body in messages:
        await client.jetstream().publish(f"{topic}.facts", body, headers=headers)
    await client.close()


async def prepares(server: Server, topic: str) -> None:
    if isinstance(server, LocalKafka):
        from aiokafka.admin import AIOKafkaAdminClient, NewTopic

        admin = AIOKafkaAdminClient(bootstrap_servers=server.servers)
        await admin.start()
        await admin.create_topics([NewTopic(topic, 2, 1)])
        await admin.close()
        return
    client = Client()
    await client.connect(server.servers)
    await client.jetstream().add_stream(name=topic, subjects=[f"{topic}.>"])
    await client.close()


async def test_each_message_goes_through_the_door_once(
    log: Database, server: Server, opens: Callable[[], Broker]
) -> None:
    """The door fails once in the middle; the intake is started anew; nothing is taken twice."""
    topic = f"erp{new_id().hex}"
    await prepares(server, topic)
    async with log.transaction() as tx:
        await tx.run("create table taken (event text)")
    fails = [True]

    async def door(tx: Tx, topic: str, events: Sequence[dict[str, Any]]) -> list[Taken]:
        await tx.run("insert into taken select unnest($1::text[])", [str(event.get("id")) for event in events])
        if fails and "3" in {event.get("id") for event in events}:
            fails.pop()
            raise ConnectionError("the door's own trouble")
        return [Taken(None if event.get("specversion") else "event_not_cloud") for event in events]

    async def taken() -> int:
        async with log.transaction() as tx:
            return int(await tx.value("select count(*) from taken"))

    async def takes(count: int) -> None:
        leases = Leases(log, [work_name(opens())], beat_s=0.1)
        await leases.beat()
        stop = asyncio.Event()
        tasks = [leases.run(stop), Intake(log, opens(), leases, door, [topic]).run(stop)]
        running = [asyncio.create_task(task) for task in tasks]

        async def is_so() -> bool:
            return await taken() >= count

        await until(is_so, f"{count} messages taken")
        stop.set()
        await asyncio.gather(*running)

    structured = ({"content-type": "application/cloudevents+json"}, STRUCTURED)
    prefix = "ce_" if isinstance(server, LocalKafka) else "ce-"
    binary = {name.replace("ce_", prefix): value for name, value in BINARY.items()}
    await sends(server, topic, [(binary, b'{"box": 1}'), structured])
    await takes(2)
    await sends(server, topic, [(binary | {f"{prefix}id": "3"}, b'{"box": 3}'), ({}, b"not an event")])
    await takes(4)
    async with log.transaction() as tx:
        assert [row["event"] for row in await tx.rows("select event from taken")] == ["1", "2", "3", "None"]
        (place,) = await tx.rows("select taken, refused from events_intake where position is not null")
    assert tuple(place) == (3, 1)


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (
            BINARY,
            b'{"a": 1}',
            {"specversion": "1.0", "id": "1", "source": "/erp", "type": "erp.shipped.v1", "data": {"a": 1}},
        ),
        ({"content-type": "application/cloudevents+json; charset=utf-8"}, b'{"id": "x"}', {"id": "x"}),
        ({"content-type": "application/cloudevents+json"}, b"[1]", {"data": "[1]"}),
        ({"Content-Type": "text/plain"}, b"hello", {"datacontenttype": "text/plain", "data": "hello"}),
        ({}, b"\xff", {"data": "\ufffd"}),
    ],
)
def test_any_message_becomes_something_the_door_can_judge(
    headers: dict[str, str], body: bytes, expected: dict[str, Any]
) -> None:
    raw = {name: value.encode() for name, value in headers.items()}
    assert foreign_event(raw, body, key=None) == expected
    assert foreign_event(raw, body, key="7") == {"partitionkey": "7", **expected}


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("kafka://one", ("one:9092",)),
        ("kafka+ssl://me:p%40ss@one:1,two", ("one:1", "two:9093")),
        ("nats://one:4222?monitor=http://one:8222&replicas=3", ("one:4222",)),
    ],
)
def test_an_address_names_servers(url: str, servers: tuple[str, ...]) -> None:
    assert parse_address(url).servers == servers


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("amqp://one", "begins with"),
        ("kafka://", "begins with"),
        ("kafka://one/topic", "broker_topic"),
        ("kafka://one:x", "host:port"),
        ("kafka://one?acks=0", "no option acks"),
        ("nats://one?replicas=many", "1 to 9"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str, reason: str) -> None:
    with pytest.raises(BrokerUrlMalformed) as caught:
        parse_address(url)
    assert reason in str(caught.value.facts["reason"])


def test_a_password_is_not_shown() -> None:
    address = parse_address("kafka+ssl://me:p%40ss@one")
    assert (address.user, address.password) == ("me", "p@ss")
    assert "p@ss" not in repr(address)
