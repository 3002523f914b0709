"""A loop over plain aiokafka: at least once from the broker, once in the effect through `Once`."""

import sqlite3
from collections.abc import AsyncIterable, Callable
from contextlib import AbstractContextManager
from typing import Any

from vokrug_consumer.facts import Fact, from_kafka
from vokrug_consumer.once import Once


async def follow(
    consumer: Any,
    once: Once,
    effect: Callable[[Fact], None],
    transaction: Callable[[], AbstractContextManager[object]],
    *,
    is_enough: Callable[[], bool] = lambda: False,
) -> None:
    """Handle what an `AIOKafkaConsumer` reads, each message in a transaction of your own store.

    Make the consumer with `enable_auto_commit=False` and `isolation_level="read_committed"`. An effect that
    raises stops the loop before its place is noted: start again and it is tried again, nothing skipped.
    """
    messages: AsyncIterable[Any] = consumer
    async for message in messages:
        fact = from_kafka(message.headers, message.value)
        with transaction():
            once.take(fact, effect, stream=f"{message.topic}/{message.partition}")
        await consumer.commit()
        if is_enough():
            return


def sqlite_transaction(connection: sqlite3.Connection) -> Callable[[], AbstractContextManager[object]]:
    return lambda: connection
