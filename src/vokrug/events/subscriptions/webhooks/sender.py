"""One request to one receiver: sent with a time-out, never redirected, judged by its status alone."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from vokrug.events.subscriptions.webhooks.addresses import PublicResolver, is_public_host

CONNECT_WITHIN_S = 5.0
MOST_READ_BYTES = 512  # of an answer: enough for a person to see what went wrong


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request."""

    status: int | None = None  # None: there was no answer
    error: str = ""
    retry_after_s: float | None = None
    headers: Mapping[str, str] | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == 410

    @property
    def asks_to_wait(self) -> bool:
        """The receiver is well and says when it wants more: that is no failure."""
        return self.status in (429, 503) and self.retry_after_s is not None


class Sender(Protocol):
    """The way to receivers."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class WebhookDoor:
    """How this process reaches receivers, and as whom it introduces itself."""

    sender: Sender
    origin: str
    allows_private: bool = False


class HttpSender:
    """Real receivers. `allows_private` lets it talk to this machine and its neighbours."""

    def __init__(self, *, allows_private: bool) -> None:
        self.allows_private = allows_private
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=PublicResolver(allows_private=self.allows_private),
                limit=0,  # each subscription has its own limit
                ttl_dns_cache=30,
                keepalive_timeout=30,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"user-agent": "Vokrug-Webhooks/1"},
            )
        return self._session

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Outcome:
        # An address that is written out is never looked up, so it is looked at here.
        if not self.allows_private and not is_public_host(urlsplit(url).hostname or ""):
            return Outcome(error="the address is not on the public internet")
        limits = aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_WITHIN_S, timeout_s))
        try:
            async with self._open().request(
                method, url, headers=headers, data=body, timeout=limits, allow_redirects=False
            ) as answer:
                said = await answer.content.read(MOST_READ_BYTES)
                return Outcome(
                    answer.status,
                    "" if answer.status < 300 else said.decode("utf-8", "replace"),
                    _seconds(answer.headers.get("retry-after")),
                    {name.lower(): value for name, value in answer.headers.items()},
                )
        except TimeoutError:
            return Outcome(error=f"no answer within {timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(error=f"{type(error).__name__}: {error}"[:300])

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0)  # lets the transports hear of it


def _seconds(retry_after: str | None) -> float | None:
    """Seconds, or a moment of HTTP."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after.strip()[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
