"""The world outside: products that hear of a logout, phones and mailboxes that get messages."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import aiohttp
from prometheus_client import Counter

from vokrug.accounts.store import attempts as store
from vokrug.accounts.types import Message
from vokrug.kernel import Clock
from vokrug.runtime import smpp
from vokrug.runtime.database import Database

log = logging.getLogger("vokrug.accounts")

ANSWER_WITHIN_S = 3.0
MESSAGES = Counter("vokrug_messages", "Messages by channel and what became of them", ["channel", "outcome"])


class LogoutDoor(Protocol):
    async def tell(self, address: str, logout_token: str) -> bool:
        """Has the product taken note?"""
        ...


class HttpLogoutDoor:
    """Posts the token. Redirects are not followed: staff registered this address and no other."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    async def tell(self, address: str, logout_token: str) -> bool:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S))
        try:
            async with self._http.post(address, data={"logout_token": logout_token}, allow_redirects=False) as answer:
                return answer.status in (200, 204)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


class MessageGateway(Protocol):
    async def send(self, message: Message) -> bool:
        """Has it been taken on?"""
        ...

    async def close(self) -> None: ...


class ConsoleMessages:
    """Keeps messages in a table for the developer to read: the default. Nothing leaves the machine."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def send(self, message: Message) -> bool:
        async with self._db.transaction() as tx:
            await store.put_message(tx, message, self._clock.now())
        log.info("a message by %s waits at /v1/account-messages", message.channel)
        return True

    async def close(self) -> None:
        """Nothing is held."""


class HttpMessages:
    """Posts `{"channel": "sms", "to": …, "text": …}` to a gateway, with a bearer token."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token
        self._http: aiohttp.ClientSession | None = None

    async def send(self, message: Message) -> bool:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S * 3))
        said = {"channel": message.channel, "to": message.address, "text": message.text}
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            async with self._http.post(self._address, json=said, headers=headers, allow_redirects=False) as answer:
                return answer.status < 300
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


class SmppMessages:
    """Hands SMS to an operator over SMPP: `smpp://user:password@host:2775?from=SHOP&window=10`, or `smpps://`."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        asked = dict(parse_qsl(parts.query))
        is_secure = parts.scheme == "smpps"
        self.session = smpp.Session(
            parts.hostname or "localhost",
            parts.port or (3550 if is_secure else 2775),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            source=asked.get("from", "VOKRUG"),
            window=int(asked.get("window", "10")),
            is_secure=is_secure,
            on_receipt=self._heard,
        )

    async def send(self, message: Message) -> bool:
        try:
            await self.session.submit(message.address, message.text)
        except (smpp.Lost, smpp.Refused) as error:
            log.warning("the operator did not take a message: %s", error)
            return False
        return True

    def _heard(self, receipt: smpp.Receipt) -> None:
        """What became of a part, told later. Which message it was nobody needs to know here."""
        MESSAGES.labels("sms", receipt.state.lower()).inc()
        if receipt.is_final and receipt.state != "DELIVRD":
            log.warning("a message by sms came to nothing: %s", receipt.state)

    async def close(self) -> None:
        await self.session.close()


class ByChannel:
    """SMS go one way; calls and letters, which that way does not know, another."""

    def __init__(self, ways: Mapping[str, MessageGateway], other: MessageGateway) -> None:
        self._ways, self._other = ways, other

    async def send(self, message: Message) -> bool:
        return await self._ways.get(message.channel, self._other).send(message)

    async def close(self) -> None:
        for way in (*self._ways.values(), self._other):
            await way.close()


def gateway_to(address: str, token: str) -> MessageGateway:
    """The gateway behind an address."""
    return SmppMessages(address) if address.startswith(("smpp://", "smpps://")) else HttpMessages(address, token)


class Messenger:
    """Sends after the answer has left, so that the time it takes tells nobody whether there was anything to send."""

    def __init__(self, gateway: MessageGateway) -> None:
        self.gateway = gateway
        self._sending: set[asyncio.Task[None]] = set()

    def post(self, message: Message | None) -> None:
        if message is not None:
            task = asyncio.create_task(self._send(message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, message: Message) -> None:
        for _ in range(2):
            if await self.gateway.send(message):
                MESSAGES.labels(message.channel, "sent").inc()
                return
        MESSAGES.labels(message.channel, "not_sent").inc()
        log.error("a message by %s could not be sent", message.channel)

    async def idle(self) -> None:
        """When all that was posted has left."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def close(self) -> None:
        await self.idle()
        await self.gateway.close()
