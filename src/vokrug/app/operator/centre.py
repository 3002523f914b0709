"""The operator's SMPP centre: binds, takes messages, tells later what became of them."""

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from vokrug.app.operator.phones import Phones
from vokrug.runtime.smpp.pdu import (
    RECEIPT,
    UDH,
    Command,
    Malformed,
    Pdu,
    Short,
    Status,
    Tag,
    encode_tags,
    read_bind,
    read_pdu,
)
from vokrug.runtime.smpp.texts import said

BINDS = (Command.BIND_TRANSCEIVER, Command.BIND_TRANSMITTER, Command.BIND_RECEIVER)
DELIVERED, UNDELIVERED = 2, 5
WORDS = {DELIVERED: "DELIVRD", UNDELIVERED: "UNDELIV"}


@dataclass(eq=False)
class Visit:
    """One connection."""

    phones: Phones
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ids: "itertools.count[int]"
    is_bound: bool = False
    taken: int = 0
    sequence: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def serve(self) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, Malformed):
            while True:
                pdu = await read_pdu(self.reader)
                if not pdu.is_response and not await self.hear(pdu):
                    break
        self.writer.close()

    async def hear(self, pdu: Pdu) -> bool:
        """Answer a request. False: the visit is over."""
        behaviour = self.phones.behaviour
        if pdu.command in BINDS:
            self.tell(self.bound(pdu))
        elif pdu.command == Command.UNBIND:
            self.tell(pdu.answer())
            return False
        elif behaviour.deaf:
            return True
        elif pdu.command == Command.ENQUIRE_LINK:
            self.tell(pdu.answer())
        elif pdu.command != Command.SUBMIT_SM:
            self.tell(Pdu(Command.GENERIC_NACK, Status.INVALID_COMMAND, pdu.sequence))
        elif not self.is_bound:
            self.tell(pdu.answer(Status.NOT_BOUND))
        else:
            self.taken += 1
            if behaviour.hang_up_after and self.taken >= behaviour.hang_up_after:
                behaviour.hang_up_after = 0
                return False
            self.submit(pdu)
        with suppress(ConnectionError):
            await self.writer.drain()
        return True

    def bound(self, pdu: Pdu) -> Pdu:
        _, password = read_bind(pdu.body)
        wanted = self.phones.behaviour.password
        if wanted is not None and password != wanted:
            return pdu.answer(Status.INVALID_PASSWORD)
        self.is_bound = True
        return pdu.answer(body=b"vokrug\0" + encode_tags({Tag.SC_INTERFACE_VERSION: b"\x34"}))

    def submit(self, pdu: Pdu) -> None:
        behaviour = self.phones.behaviour
        if behaviour.throttle_every and self.taken % behaviour.throttle_every == 0:
            self.tell(pdu.answer(Status.THROTTLED))
            return
        if self.phones.happens(behaviour.refuse):
            self.tell(pdu.answer(Status.SUBMIT_FAILED))
            return
        short = Short.decode(pdu.body)
        message_id = f"{next(self.ids):08x}"
        self.tell(pdu.answer(body=message_id.encode() + b"\0"))
        is_lost = self.phones.happens(behaviour.undelivered)
        if not is_lost:
            text, place = said(short.text, short.coding, has_header=bool(short.esm_class & UDH))
            to = f"+{short.destination.number}" if short.destination.ton == 1 else short.destination.number
            self.phones.take_part(to, short.source.number, text, place)
        if short.registered & 1 and behaviour.receipts:
            self.tell(self.receipt(short, message_id, UNDELIVERED if is_lost else DELIVERED))

    def receipt(self, short: Short, message_id: str, state: int) -> Pdu:
        day = f"{datetime.now(UTC):%y%m%d%H%M}"
        text = (
            f"id:{message_id} sub:001 dlvrd:{int(state == DELIVERED):03} submit date:{day} done date:{day} "
            f"stat:{WORDS[state]} err:000 text:"
        )
        tags: dict[int, bytes] = {
            Tag.RECEIPTED_MESSAGE_ID: message_id.encode() + b"\0",
            Tag.MESSAGE_STATE: bytes((state,)),
        }
        told = Short(short.destination, short.source, text.encode(), esm_class=RECEIPT, tags=tags)
        return Pdu(Command.DELIVER_SM, Status.OK, next(self.sequence), told.encode())

    def tell(self, pdu: Pdu) -> None:
        self.writer.write(pdu.encode())


@dataclass(eq=False)
class Centre:
    """Listens, and keeps whoever is connected."""

    phones: Phones
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    visits: set[Visit] = field(default_factory=set)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(self.phones, reader, writer, self.ids)
        self.visits.add(visit)
        try:
            await visit.serve()
        finally:
            self.visits.discard(visit)

    def hang_up(self) -> None:
        """Every line breaks at once."""
        for visit in self.visits:
            visit.writer.close()
