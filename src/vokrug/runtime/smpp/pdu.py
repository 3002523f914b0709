"""Packets of SMPP 3.4: a header of four numbers and a body of C strings, octets and tagged values."""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct(">IIII")
LONGEST = 1 << 16  # nothing that we send or want comes near


class Command(IntEnum):
    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x1
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x2
    BIND_TRANSMITTER_RESP = 0x80000002
    SUBMIT_SM = 0x4
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x5
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x6
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x9
    BIND_TRANSCEIVER_RESP = 0x80000009
    ENQUIRE_LINK = 0x15
    ENQUIRE_LINK_RESP = 0x80000015


RESPONSE = 0x80000000


class Status(IntEnum):
    """The few that we say or act on; any other number is a refusal."""

    OK = 0x0
    INVALID_COMMAND = 0x3
    NOT_BOUND = 0x4
    SYSTEM_ERROR = 0x8
    INVALID_DESTINATION = 0xB
    BIND_FAILED = 0xD
    INVALID_PASSWORD = 0xE
    QUEUE_FULL = 0x14
    SUBMIT_FAILED = 0x45
    THROTTLED = 0x58


class Tag(IntEnum):
    RECEIPTED_MESSAGE_ID = 0x1E
    SC_INTERFACE_VERSION = 0x210
    MESSAGE_PAYLOAD = 0x424
    MESSAGE_STATE = 0x427


class Malformed(Exception):
    """Not a packet that we can read."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """A packet. Its repr hides the body: messages are secrets, and so are passwords."""

    command: int
    status: int
    sequence: int
    body: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        return HEADER.pack(HEADER.size + len(self.body), self.command, self.status, self.sequence) + self.body

    @property
    def is_response(self) -> bool:
        return bool(self.command & RESPONSE)

    def answer(self, status: int = Status.OK, body: bytes = b"") -> "Pdu":
        return Pdu(self.command | RESPONSE, status, self.sequence, body)


async def read_pdu(reader: asyncio.StreamReader) -> Pdu:
    """The next packet. IncompleteReadError when the other side has hung up."""
    length, command, status, sequence = HEADER.unpack(await reader.readexactly(HEADER.size))
    if not HEADER.size <= length <= LONGEST:
        raise Malformed(f"a packet of {length} bytes")
    return Pdu(command, status, sequence, await reader.readexactly(length - HEADER.size))


@dataclass(frozen=True, slots=True)
class Address:
    """A number with its type: 1 international, 5 alphanumeric, 0 unknown."""

    number: str
    ton: int = 1
    npi: int = 1

    @classmethod
    def of(cls, text: str) -> "Address":
        if text.startswith("+"):
            return cls(text[1:])
        return cls(text, 0, 1) if text.isdigit() else cls(text, 5, 0)


UDH, RECEIPT = 0x40, 0x04


@dataclass(frozen=True, slots=True)
class Short:
    """The body of submit_sm and deliver_sm, which is one. Its repr hides whom it is for and what it says."""

    source: Address
    destination: Address = field(repr=False)
    text: bytes = field(repr=False)
    coding: int = 0
    esm_class: int = 0
    registered: int = 0
    tags: Mapping[int, bytes] = field(default_factory=dict, repr=False)

    def encode(self) -> bytes:
        if len(self.text) > 254:
            raise Malformed("a short message of more than 254 octets")
        head = b"\0" + _address(self.source) + _address(self.destination)
        head += bytes((self.esm_class, 0, 0)) + b"\0\0" + bytes((self.registered, 0, self.coding, 0, len(self.text)))
        return head + self.text + encode_tags(self.tags)

    @classmethod
    def decode(cls, body: bytes) -> "Short":
        fields = Fields(body)
        fields.text()  # service_type
        source, destination = fields.address(), fields.address()
        esm_class, _, _ = fields.octet(), fields.octet(), fields.octet()
        fields.text(), fields.text()  # when to send, until when
        registered, _, coding, _, length = (fields.octet() for _ in range(5))
        text = fields.octets(length)
        tags = fields.tags()
        return cls(source, destination, tags.get(Tag.MESSAGE_PAYLOAD, text), coding, esm_class, registered, tags)


def bind_body(system_id: str, password: str, system_type: str = "") -> bytes:
    return _text(system_id) + _text(password) + _text(system_type) + bytes((0x34, 0, 0)) + _text("")


def read_bind(body: bytes) -> tuple[str, str]:
    """Who it is, and their password."""
    fields = Fields(body)
    return fields.text(), fields.text()


def encode_tags(tags: Mapping[int, bytes]) -> bytes:
    return b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in tags.items())


class Fields:
    """A body, read from left to right."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def octet(self) -> int:
        return self.octets(1)[0]

    def octets(self, count: int) -> bytes:
        found = self._body[self._at : self._at + count]
        if len(found) < count:
            raise Malformed("a body that ends too early")
        self._at += count
        return found

    def text(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise Malformed("a string without its end")
        found = self._body[self._at : end].decode("latin-1")
        self._at = end + 1
        return found

    def address(self) -> Address:
        ton, npi = self.octet(), self.octet()
        return Address(self.text(), ton, npi)

    def tags(self) -> dict[int, bytes]:
        found = {}
        while self._at < len(self._body):
            tag, length = struct.unpack(">HH", self.octets(4))
            found[tag] = self.octets(length)
        return found


def _text(text: str) -> bytes:
    return text.encode("latin-1") + b"\0"


def _address(address: Address) -> bytes:
    return bytes((address.ton, address.npi)) + _text(address.number)
