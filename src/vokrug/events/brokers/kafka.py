"""Apache Kafka through aiokafka.

A lane is a transactional producer of its own: opening it raises the producer's epoch at the broker, which
from then on refuses everything of an earlier opener, and settles what that one left half done. A batch is a
transaction. Readers with `isolation_level=read_committed` therefore see each fact once; others drop what
is not past the last position.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import IllegalStateError, KafkaError, ProducerFenced, TopicAlreadyExistsError
from aiokafka.helpers import create_ssl_context

from vokrug.events.brokers.addresses import Address
from vokrug.events.brokers.bindings import Headers, heard, last
from vokrug.events.brokers.errors import TopicUnfit
from vokrug.events.brokers.types import BrokerAway, Fenced, Heard, Last, Message, Place, Told
from vokrug.events.types import Installation

PREFIX = "ce_"
ANSWER_WITHIN_S = 15.0
ASK_AGAIN_S = 0.1
BATCH_BYTES = 512 * 1024


class KafkaBroker:
    """One topic that mirrors the log."""

    def __init__(self, address: Address, topic: str, installation: Installation, keep: timedelta | None = None) -> None:
        self.topic = topic
        self._keep = keep
        self.installation = installation
        self.headers = Headers(installation, PREFIX)
        self._address = address

    @property
    def name(self) -> str:
        return f"relay.kafka.{self.topic}"

    def options(self) -> dict[str, Any]:
        """What every client says to find its broker."""
        address = self._address
        options: dict[str, Any] = {"bootstrap_servers": list(address.servers), "client_id": "vokrug"}
        kind = "SSL" if address.is_encrypted else "PLAINTEXT"
        if address.is_encrypted:
            options["ssl_context"] = create_ssl_context()
        if address.user is not None:
            kind = f"SASL_{kind}"
            options |= {
                "sasl_mechanism": address.option("sasl") or "PLAIN",
                "sasl_plain_username": address.user,
                "sasl_plain_password": address.password,
            }
        return options | {"security_protocol": kind}

    async def prepare(self, partitions: int) -> None:
        async with answering("topics"):
            admin = AIOKafkaAdminClient(**self.options())
            try:
                await admin.start()
                with contextlib.suppress(TopicAlreadyExistsError):
                    kept = {} if self._keep is None else {"retention.ms": str(int(self._keep.total_seconds() * 1000))}
                    await admin.create_topics(
                        [NewTopic(self.topic, partitions, self._address.replicas, topic_configs=kept)]
                    )
                (found,) = await admin.describe_topics([self.topic])
            finally:
                await admin.close()
        count = len(found["partitions"])
        if count and count != partitions:
            reason = f"it has {count} partitions, the log {partitions}"
            raise TopicUnfit(topic=self.topic, reason=reason)

    def lane(self, partition: int, epoch: int) -> "KafkaLane":
        return KafkaLane(self, partition, epoch)

    async def facts(
        self, partition: int, after: int, recorded_at: datetime | None
    ) -> AsyncGenerator[list[Heard], None]:
        place = TopicPartition(self.topic, partition)
        consumer = self.consumer()
        try:
            async with answering("reading"):
                await consumer.start()
                consumer.assign([place])
            while not await self._seek(consumer, place, recorded_at):  # noqa: ASYNC110  it comes at the broker
                await asyncio.sleep(ASK_AGAIN_S)
            while True:
                records = (await consumer.getmany(timeout_ms=1_000)).get(place, [])
                yield [
                    heard(dict(record.headers), record.value, partition=partition, prefix=PREFIX) for record in records
                ]
        except (KafkaError, OSError) as error:
            raise BrokerAway(type(error).__name__) from error
        finally:
            await closing(consumer.stop())

    async def _seek(self, consumer: AIOKafkaConsumer, place: TopicPartition, recorded_at: datetime | None) -> bool:
        """Recorded times grow with positions, so the first message of a moment is early enough.

        Where there is none yet the caller asks again, and must not go to the end: a broker says that a transaction is
        committed before it shows it, and the end may already lie behind what it is about to show.
        """
        async with answering("reading"):
            if recorded_at is None:
                await consumer.seek_to_beginning(place)
                return True
            stamp = int(recorded_at.timestamp() * 1000)
            found = (await consumer.offsets_for_times({place: stamp}))[place]
            if found is not None:
                consumer.seek(place, found.offset)
        return found is not None

    def consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **self.options(),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_poll_records=2_000,
        )

    async def foreign(self, topics: Sequence[str]) -> "KafkaForeign":
        reader = KafkaForeign(self, topics)
        await reader.start()
        return reader

    async def close(self) -> None:
        """Nothing is shared between lanes."""


class KafkaLane:
    """A partition of the topic, and the producer that alone may write there."""

    def __init__(self, broker: KafkaBroker, partition: int, epoch: int) -> None:
        self._broker = broker
        self._place = TopicPartition(broker.topic, partition)
        self._epoch = b"%d" % epoch
        self._producer: AIOKafkaProducer | None = None

    async def open(self) -> Last | None:
        self._producer = AIOKafkaProducer(
            **self._broker.options(),
            transactional_id=f"{self._broker.name}.{self._place.partition}",
            enable_idempotence=True,
            acks="all",
            transaction_timeout_ms=int(ANSWER_WITHIN_S * 2_000),
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=int(ANSWER_WITHIN_S * 1000),
        )
        async with answering("opening"):
            await self._producer.start()
            return await self._last()

    async def send(self, facts: Sequence[Told], after: int) -> None:
        producer = self._producer
        assert producer is not None, "a lane is opened first"
        async with answering("sending"):
            await producer.begin_transaction()
            waits = []
            batch = producer.create_batch()
            for told in facts:
                headers, body = self._broker.headers.message(told, epoch=self._epoch, after=after)
                message: dict[str, Any] = {
                    "key": told.key.encode(),
                    "value": body,
                    "timestamp": int(told.recorded_at.timestamp() * 1000),
                    "headers": headers,
                }
                if batch.append(**message) is None:
                    waits.append(await producer.send_batch(batch, self._place.topic, partition=self._place.partition))
                    batch = producer.create_batch()
                    batch.append(**message)
                after = told.position
            waits.append(await producer.send_batch(batch, self._place.topic, partition=self._place.partition))
            await asyncio.gather(*waits)
            await producer.commit_transaction()

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await closing(producer.stop())

    async def _last(self) -> Last | None:
        """The last committed fact. Behind it lie a transaction's mark and what an earlier opener never committed."""
        consumer = self._broker.consumer()
        try:
            await consumer.start()
            consumer.assign([self._place])
            first = (await consumer.beginning_offsets([self._place]))[self._place]
            end = (await consumer.end_offsets([self._place]))[self._place]
            step, upper = 4, end
            while upper > first:
                lower = max(first, upper - step)
                if found := await self._last_between(consumer, lower, end):
                    return found
                step, upper = step * 8, lower
            return None
        finally:
            await closing(consumer.stop())

    async def _last_between(self, consumer: AIOKafkaConsumer, lower: int, end: int) -> Last | None:
        consumer.seek(self._place, lower)
        found = None
        while await consumer.position(self._place) < end:
            for record in (await consumer.getmany(timeout_ms=100)).get(self._place, []):
                found = last(dict(record.headers), prefix=PREFIX)
        return found


class KafkaForeign:
    """Topics of others."""

    def __init__(self, broker: KafkaBroker, topics: Sequence[str]) -> None:
        self._topics = list(topics)
        self._consumer = broker.consumer()
        self._at: dict[Place, int] = {}

    async def start(self) -> None:
        async with answering("reading"):
            await self._consumer.start()

    async def places(self) -> Sequence[Place]:
        async with answering("topics"):
            await self._consumer._client.force_metadata_update()
            return [
                Place(topic, partition)
                for topic in self._topics
                for partition in sorted(self._consumer.partitions_for_topic(topic) or ())
            ]

    async def read(self, place: Place, after: int | None, limit: int, wait_s: float) -> Sequence[Message]:
        async with answering("reading"):
            where = TopicPartition(*place)
            if where not in self._consumer.assignment():
                self._consumer.assign([*self._consumer.assignment(), where])
                self._at.clear()
            if self._at.get(place) != after:
                if after is None:
                    await self._consumer.seek_to_beginning(where)
                else:
                    self._consumer.seek(where, after + 1)
            records = (await self._consumer.getmany(where, timeout_ms=int(wait_s * 1000), max_records=limit)).get(
                where, []
            )
            if records:
                self._at[place] = records[-1].offset
        return [
            Message(
                place,
                record.offset,
                None if record.key is None else record.key.decode("utf-8", "replace"),
                dict(record.headers),
                record.value or b"",
            )
            for record in records
        ]

    async def close(self) -> None:
        await closing(self._consumer.stop())


@contextlib.asynccontextmanager
async def answering(what: str) -> AsyncIterator[None]:
    """A broker that does not answer in time is away; one that refuses an earlier opener has fenced it."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            yield
    except ProducerFenced as error:
        raise Fenced from error
    except (KafkaError, IllegalStateError, OSError, TimeoutError) as error:
        raise BrokerAway(f"{what}: {type(error).__name__}") from error


async def closing(stop: Any) -> None:
    """Close a client without waiting for a broker that is away."""
    task = asyncio.ensure_future(stop)
    await asyncio.wait([task], timeout=1.0)
    if not task.done():
        task.cancel()
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await task
