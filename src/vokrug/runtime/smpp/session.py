"""A bound connection to an operator that comes back when it breaks."""

import asyncio
import logging
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from vokrug.runtime.smpp.pdu import (
    RECEIPT,
    UDH,
    Address,
    Command,
    Fields,
    Malformed,
    Pdu,
    Short,
    Status,
    Tag,
    bind_body,
    read_pdu,
)
from vokrug.runtime.smpp.texts import in_parts

log = logging.getLogger("vokrug.smpp")

ANSWER_WITHIN_S = 10.0
QUIET_S = 30.0  # then we ask whether the other side is still there
AGAIN_AFTER_S = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0)
THROTTLED_S = (0.2, 0.5, 1.0, 2.0, 4.0)
BUSY = (Status.THROTTLED, Status.QUEUE_FULL)
STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
SAID_ID, SAID_STATE = re.compile(rb"\bid:(\S+)"), re.compile(rb"\bstat:(\w+)")


class Lost(Exception):
    """The connection broke, or there was none: the message may have left or not."""


class Refused(Exception):
    """The operator does not take the message, or us."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status:#x}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message that was taken on."""

    message_id: str
    state: str

    @property
    def is_final(self) -> bool:
        return self.state not in ("ENROUTE", "ACCEPTD")


@dataclass(eq=False)
class Session:
    """One at a time: whoever submits while there is no connection waits for the next one, for a while.

    `window` packets may wait for their answers; more wait for room.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source: str = "VOKRUG"
    window: int = 10
    is_secure: bool = False
    on_receipt: Callable[[Receipt], None] = lambda receipt: None
    answer_within_s: float = ANSWER_WITHIN_S
    quiet_s: float = QUIET_S
    _sequence: int = 0
    _reference: int = 0
    _waiting: dict[int, "asyncio.Future[Pdu]"] = field(default_factory=dict)
    _bound: asyncio.Event = field(default_factory=asyncio.Event)
    _keeper: "asyncio.Task[None] | None" = None
    _writer: asyncio.StreamWriter | None = None
    _room: asyncio.Semaphore = field(init=False)
    binds: int = 0

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.window)

    # Sending

    async def submit(self, to: str, text: str) -> list[str]:
        """Hand a text over, part by part; the operator's ids of the parts. Raises Lost or Refused."""
        self._keep()
        self._reference = (self._reference + 1) % 256
        parts = in_parts(text, self._reference)
        return [await self._submit_part(to, part, parts.coding, parts.are_joined) for part in parts.texts]

    async def _submit_part(self, to: str, text: bytes, coding: int, is_part: bool) -> str:
        short = Short(
            Address.of(self.source), Address.of(to), text, coding, esm_class=UDH if is_part else 0, registered=1
        )
        for wait_s in (*THROTTLED_S, None):
            answer = await self._asked(Command.SUBMIT_SM, short.encode())
            if answer.status == Status.OK:
                return Fields(answer.body).text()
            if answer.status not in BUSY or wait_s is None:
                raise Refused(answer.status)
            await asyncio.sleep(wait_s)
        raise AssertionError("the last turn answers or raises")

    async def _asked(self, command: Command, body: bytes = b"") -> Pdu:
        """A request and its answer, within the window."""
        try:
            await asyncio.wait_for(self._bound.wait(), self.answer_within_s)
        except TimeoutError:
            raise Lost("no connection") from None
        async with self._room:
            return await self._told(command, body)

    async def _told(self, command: Command, body: bytes = b"") -> Pdu:
        writer = self._writer
        if writer is None:
            raise Lost("the connection broke")
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        sequence = self._sequence
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            writer.write(Pdu(command, Status.OK, sequence, body).encode())
            await writer.drain()
            return await asyncio.wait_for(answer, self.answer_within_s)
        except TimeoutError:
            self._bound.clear()
            writer.close()  # who does not answer in this time is not there
            raise Lost("no answer") from None
        except (ConnectionError, OSError) as error:
            raise Lost("the connection broke") from error
        finally:
            self._waiting.pop(sequence, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # heard, even if the line broke before we came to wait

    # Staying up

    def _keep(self) -> None:
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._stay())

    async def _stay(self) -> None:
        """Bound, again and again."""
        tries = 0
        while True:
            try:
                reader = await self._bind()
                tries = 0
                await self._live(reader)
            except Refused as refused:
                log.error("the operator does not let us in: %s", refused)
            except (Lost, Malformed, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                log.warning("the operator's line broke: %s", type(error).__name__)
            finally:
                self._let_go()
            await asyncio.sleep(AGAIN_AFTER_S[min(tries, len(AGAIN_AFTER_S) - 1)])
            tries += 1

    async def _bind(self) -> asyncio.StreamReader:
        secure = ssl.create_default_context() if self.is_secure else None
        opening = asyncio.open_connection(self.host, self.port, ssl=secure)
        reader, writer = await asyncio.wait_for(opening, self.answer_within_s)
        self._writer = writer
        self._sequence += 1
        body = bind_body(self.system_id, self.password)
        writer.write(Pdu(Command.BIND_TRANSCEIVER, Status.OK, self._sequence, body).encode())
        answer = await asyncio.wait_for(read_pdu(reader), self.answer_within_s)
        if answer.status != Status.OK:
            raise Refused(answer.status)
        self.binds += 1
        self._bound.set()
        return reader

    async def _live(self, reader: asyncio.StreamReader) -> None:
        """Read whatever comes; a long silence is broken by a question."""
        while True:
            reading = asyncio.create_task(read_pdu(reader))
            try:
                done, _ = await asyncio.wait({reading}, timeout=self.quiet_s)
                if not done:
                    asking = asyncio.create_task(self._told(Command.ENQUIRE_LINK))
                    asking.add_done_callback(lambda task: task.cancelled() or task.exception())
                pdu = await reading
            finally:
                reading.cancel()
            if pdu.is_response:
                answer = self._waiting.get(pdu.sequence)
                if answer is not None and not answer.done():
                    answer.set_result(pdu)
            elif not self._hear(pdu):
                return

    def _hear(self, pdu: Pdu) -> bool:
        """A request of theirs. False: they say goodbye."""
        assert self._writer is not None, "there is a connection"
        match pdu.command:
            case Command.DELIVER_SM:
                self._writer.write(pdu.answer(body=b"\0").encode())
                if (receipt := receipt_in(pdu.body)) is not None:
                    self.on_receipt(receipt)
            case Command.ENQUIRE_LINK:
                self._writer.write(pdu.answer().encode())
            case Command.UNBIND:
                self._writer.write(pdu.answer().encode())
                return False
            case _:
                nack = Pdu(Command.GENERIC_NACK, Status.INVALID_COMMAND, pdu.sequence)
                self._writer.write(nack.encode())
        return True

    def _let_go(self) -> None:
        self._bound.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Lost("the connection broke"))

    async def close(self) -> None:
        """Say goodbye; what waits for an answer is lost."""
        if self._bound.is_set():
            with suppress(Lost, TimeoutError):
                await asyncio.wait_for(self._told(Command.UNBIND), 1.0)
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        self._let_go()


def receipt_in(body: bytes) -> Receipt | None:
    """A delivery receipt: by its tags where the operator sends them, else by the customary words."""
    short = Short.decode(body)
    if not short.esm_class & RECEIPT:
        return None
    said_id, said_state = SAID_ID.search(short.text), SAID_STATE.search(short.text)
    tagged, state = short.tags.get(Tag.RECEIPTED_MESSAGE_ID), short.tags.get(Tag.MESSAGE_STATE)
    message_id = tagged.rstrip(b"\0").decode("latin-1") if tagged else said_id[1].decode("latin-1") if said_id else ""
    named = STATES.get(state[0]) if state else said_state[1].decode("latin-1") if said_state else None
    return Receipt(message_id, named or "UNKNOWN") if message_id else None
