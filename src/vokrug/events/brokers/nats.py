"""NATS JetStream through nats-py.

Each partition of the log is a stream of its own with one writer: a message names the sequence it expects
to follow, so the server itself refuses a second relay, a repeated batch and a gap. `Nats-Msg-Id` is the
fact's id on top of that, for whoever mirrors our streams elsewhere. Subjects are
`<topic>.<partition>.<type>`, so a reader may ask for `vokrug.events.*.pos.>`.
"""

import asyncio
import contextlib
import urllib.request
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from vokrug.events.brokers.addresses import Address
from vokrug.events.brokers.bindings import Headers, heard, last
from vokrug.events.brokers.errors import NatsNotSynced, TopicUnfit
from vokrug.events.brokers.types import BrokerAway, Fenced, Heard, Last, Message, Place, Told
from vokrug.events.types import Installation

PREFIX = "ce-"
ANSWER_WITHIN_S = 15.0
IN_FLIGHT = 256
WRONG_LAST_SEQUENCE = (10071, 10060)


class NatsBroker:
    """Streams that mirror the log, one for each partition, over one connection."""

    def __init__(self, address: Address, topic: str, installation: Installation, keep: timedelta | None = None) -> None:
        self.topic = topic
        self._keep = keep
        self.headers = Headers(installation, PREFIX)
        self._address = address
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    @property
    def name(self) -> str:
        return f"relay.nats.{self.topic}"

    def stream(self, partition: int) -> str:
        return f"{self.topic.replace('.', '_')}_{partition}"

    async def streams(self) -> JetStreamContext:
        """The connection, made when it is first wanted and again after it was lost."""
        async with self._connecting:
            if self._client is None or not self._client.is_connected:
                await self._disconnect()
                self._client = await self._connect()
            return self._client.jetstream(timeout=ANSWER_WITHIN_S)

    async def _connect(self) -> Client:
        async def quiet(error: Exception) -> None:
            """What went wrong is told where something was asked for."""

        scheme = "tls" if self._address.is_encrypted else "nats"
        client = Client()
        try:
            await client.connect(
                servers=[f"{scheme}://{server}" for server in self._address.servers],
                user=self._address.user,
                password=self._address.password,
                name="vokrug",
                allow_reconnect=False,
                connect_timeout=5,
                error_cb=quiet,
            )
        except (OSError, NatsError, TimeoutError) as error:
            raise BrokerAway(f"connecting: {type(error).__name__}") from error
        return client

    async def prepare(self, partitions: int) -> None:
        await self._require_synced()
        async with answering("streams"):
            streams = await self.streams()
            for partition in range(partitions):
                name, subjects = self.stream(partition), [f"{self.topic}.{partition}.>"]
                with contextlib.suppress(NotFoundError):
                    found = (await streams.stream_info(name)).config
                    if found.subjects != subjects or found.storage != StorageType.FILE:
                        raise TopicUnfit(topic=name, reason=f"it is no file stream of {subjects[0]}")
                    continue
                await streams.add_stream(
                    StreamConfig(
                        name=name,
                        subjects=subjects,
                        storage=StorageType.FILE,
                        retention=RetentionPolicy.LIMITS,
                        discard=DiscardPolicy.OLD,
                        num_replicas=self._address.replicas,
                        allow_direct=True,
                        max_age=self._keep.total_seconds() if self._keep else None,
                    )
                )

    async def _require_synced(self) -> None:
        """The server's monitoring says how often it writes to its disk; without its address we cannot know."""
        if (monitor := self._address.option("monitor")) is None:
            return
        try:
            said = await asyncio.to_thread(_ask, f"{monitor}/jsz?config=true")
        except OSError as error:
            raise BrokerAway(f"monitoring: {type(error).__name__}") from error
        if not said.get("config", {}).get("sync_always"):
            raise NatsNotSynced(interval=f"{said.get('config', {}).get('sync_interval', 0) // 10**9} s")

    def lane(self, partition: int, epoch: int) -> "NatsLane":
        return NatsLane(self, partition, epoch)

    async def facts(
        self, partition: int, after: int, recorded_at: datetime | None
    ) -> AsyncGenerator[list[Heard], None]:
        async with answering("reading"):
            streams = await self.streams()
            start = await self._sequence_past(streams, self.stream(partition), after)
            reader = await streams.pull_subscribe(
                "",
                stream=self.stream(partition),
                config=ConsumerConfig(
                    deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=start,
                    ack_policy="none",  # type: ignore[arg-type]
                    mem_storage=True,
                    inactive_threshold=60,
                ),
            )
        try:
            while True:
                messages: list[Any] = []
                with contextlib.suppress(TimeoutError):
                    messages = await reader.fetch(2_000, timeout=1)
                yield [
                    heard(_bytes(message.headers), message.data, partition=partition, prefix=PREFIX)
                    for message in messages
                ]
        except (NatsError, APIError, OSError) as error:
            raise BrokerAway(f"reading: {type(error).__name__}") from error
        finally:
            with contextlib.suppress(Exception):
                await reader.unsubscribe()

    async def _sequence_past(self, streams: JetStreamContext, stream: str, after: int) -> int:
        """The first sequence whose fact is past a position. Both grow together, so it is found by bisection."""
        state = (await streams.stream_info(stream)).state
        low, high = max(1, state.first_seq), state.last_seq + 1
        while low < high:
            middle = (low + high) // 2
            message = await streams.get_msg(stream, middle, direct=True)
            if int((message.headers or {})[f"{PREFIX}sequence"]) > after:
                high = middle
            else:
                low = middle + 1
        return low

    async def foreign(self, topics: Sequence[str]) -> "NatsForeign":
        return NatsForeign(self, topics)

    async def close(self) -> None:
        await self._disconnect()

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.close(), 1.0)


class NatsLane:
    """A partition's stream.

    Acknowledgements come to an inbox of the lane's own, in the order of sending; each names the sequence
    that its message expected to follow. (nats-py's `publish_async` never answers when the server refuses.)
    """

    def __init__(self, broker: NatsBroker, partition: int, epoch: int) -> None:
        self._broker = broker
        self._stream = broker.stream(partition)
        self._subject = f"{broker.topic}.{partition}."
        self._epoch = b"%d" % epoch
        self._client: Client | None = None
        self._inbox = ""
        self._answers: Subscription | None = None
        self._sequence = 0
        self._acked = 0
        self._failed: Exception | None = None
        self._has_answer = asyncio.Event()

    async def open(self) -> Last | None:
        async with answering("opening"):
            streams = await self._broker.streams()
            state = (await streams.stream_info(self._stream)).state
            self._sequence = self._acked = state.last_seq
            self._client = streams._nc
            self._inbox = self._client.new_inbox()
            self._answers = await self._client.subscribe(f"{self._inbox}.*", cb=self._answered)
            if state.messages == 0:
                return None
            message = await streams.get_msg(self._stream, state.last_seq)
        return last(_bytes(message.headers or {}), prefix=PREFIX)

    async def send(self, facts: Sequence[Told], after: int) -> None:
        assert self._client is not None, "a lane is opened first"
        async with answering("sending"):
            for told in facts:
                await self._until_acked(self._sequence - IN_FLIGHT)
                said, body = self._broker.headers.message(told, epoch=self._epoch, after=after)
                headers = {name: value.decode() for name, value in said}
                headers["Nats-Msg-Id"] = told.id
                headers["Nats-Expected-Stream"] = self._stream
                headers["Nats-Expected-Last-Sequence"] = str(self._sequence)
                reply = f"{self._inbox}.{self._sequence}"
                await self._client.publish(self._subject + told.type, body, reply=reply, headers=headers)
                self._sequence, after = self._sequence + 1, told.position
            await self._until_acked(self._sequence)

    async def _until_acked(self, sequence: int) -> None:
        while self._failed is None and self._acked < sequence:
            self._has_answer.clear()
            await self._has_answer.wait()
        if self._failed is not None:
            raise self._failed

    async def _answered(self, message: Msg) -> None:
        followed = int(message.subject.rpartition(".")[2])
        said = msgspec.json.decode(message.data) if message.data else {"error": {"description": "no stream answers"}}
        if "error" not in said:
            self._acked = max(self._acked, followed + 1)
        elif self._failed is None:
            error = said["error"]
            is_fenced = error.get("err_code") in WRONG_LAST_SEQUENCE
            self._failed = Fenced() if is_fenced else BrokerAway(f"sending: {error.get('description')}")
        self._has_answer.set()

    async def close(self) -> None:
        answers, self._answers = self._answers, None
        if answers is not None:
            with contextlib.suppress(Exception):
                await answers.unsubscribe()


class NatsForeign:
    """Streams of others."""

    def __init__(self, broker: NatsBroker, topics: Sequence[str]) -> None:
        self._broker = broker
        self._topics = topics
        self._readers: dict[str, tuple[int, JetStreamContext.PullSubscription]] = {}

    async def places(self) -> Sequence[Place]:
        return [Place(topic, 0) for topic in self._topics]

    async def read(self, place: Place, after: int | None, limit: int, wait_s: float) -> Sequence[Message]:
        async with answering("reading"):
            at, reader = self._readers.get(place.topic, (None, None))
            if reader is None or at != (after or 0):
                reader = await self._open(place.topic, after or 0)
            messages: list[Any] = []
            with contextlib.suppress(TimeoutError):
                messages = await reader.fetch(limit, timeout=wait_s)
        read = [
            Message(place, message.metadata.sequence.stream, None, _bytes(message.headers or {}), message.data)
            for message in messages
        ]
        self._readers[place.topic] = (read[-1].offset if read else after or 0, reader)
        return read

    async def _open(self, stream: str, after: int) -> JetStreamContext.PullSubscription:
        streams = await self._broker.streams()
        return await streams.pull_subscribe(
            "",
            stream=stream,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=after + 1,
                ack_policy="none",  # type: ignore[arg-type]
                mem_storage=True,
                inactive_threshold=60,
            ),
        )

    async def close(self) -> None:
        await self._broker.close()


def _bytes(headers: dict[str, str]) -> dict[str, bytes]:
    return {name: value.encode() for name, value in headers.items()}


def _ask(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  an address from the settings
        said: dict[str, Any] = msgspec.json.decode(answer.read())
    return said


@contextlib.asynccontextmanager
async def answering(what: str) -> AsyncIterator[None]:
    """A server that does not answer in time is away."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            yield
    except (NatsError, APIError, OSError, TimeoutError) as error:
        raise BrokerAway(f"{what}: {type(error).__name__}") from error
