"""Kafka answers a commit before it shows what was committed. A reader that went to the end then would stay there."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.brokers.conftest import WITHIN_S, url_of
from tests.events.conftest import NOON
from vokrug.app.brokers import LocalKafka
from vokrug.events import Installation
from vokrug.events.brokers import open_broker, parse_address
from vokrug.events.brokers.bindings import Headers
from vokrug.events.brokers.kafka import PREFIX
from vokrug.events.brokers.types import Heard, Told
from vokrug.kernel import new_id

TOLD = Told(1, "7", str(new_id()), "shop.sold.v1", "7", NOON, NOON, b'{"number":1}')


async def test_a_reader_that_comes_before_a_commit_is_shown_hears_what_it_brought(
    kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, installation = f"t{new_id().hex}.events", Installation("local")
    broker = open_broker(parse_address(url_of(kafka)), topic=topic, installation=installation)
    await broker.prepare(8)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, transactional_id=topic)
    await producer.start()
    ask = AIOKafkaConsumer.offsets_for_times

    async def answers_just_before_it_is_shown(consumer: AIOKafkaConsumer, moments: Any) -> Any:
        found = await ask(consumer, moments)
        if None not in found.values():
            return found
        await producer.commit_transaction()
        while None in (await ask(consumer, moments)).values():  # noqa: ASYNC110  it comes at the broker
            await asyncio.sleep(0.02)
        return found

    monkeypatch.setattr(AIOKafkaConsumer, "offsets_for_times", answers_just_before_it_is_shown)
    try:
        await producer.begin_transaction()
        headers, body = Headers(installation, PREFIX).message(TOLD, epoch=b"1", after=0)
        stamp = int(NOON.timestamp() * 1000)
        await producer.send_and_wait(topic, body, key=b"7", partition=3, timestamp_ms=stamp, headers=list(headers))
        async with asyncio.timeout(WITHIN_S):
            heard = await _first(broker.facts(3, 0, NOON))
        assert [fact.position for fact in heard] == [1]
    finally:
        await producer.stop()


async def _first(facts: Any) -> list[Heard]:
    async for some in facts:
        if some:
            found: list[Heard] = some
            return found
    raise AssertionError("a topic has no end")
