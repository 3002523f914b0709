"""The world outside: products that hear of a logout, phones and mailboxes that get messages."""

import asyncio
import logging
from typing import Protocol

import aiohttp

from vokrug.accounts.store import attempts as store
from vokrug.accounts.types import Message
from vokrug.kernel import Clock
from vokrug.runtime.database import Database

log = logging.getLogger("vokrug.accounts")

ANSWER_WITHIN_S = 3.0


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
                return
        log.error("a message by %s could not be sent", message.channel)

    async def idle(self) -> None:
        """When all that was posted has left."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def close(self) -> None:
        await self.idle()
        await self.gateway.close()
