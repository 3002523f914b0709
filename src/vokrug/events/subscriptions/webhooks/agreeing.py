"""Does the receiver want our webhooks? The handshake of CloudEvents, and a message to try things out."""

from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.events.subscriptions.errors import EndpointDisagreed
from vokrug.events.subscriptions.rules import rate_of, shown_url
from vokrug.events.subscriptions.types import Endpoint, Subscription
from vokrug.events.subscriptions.webhooks.messages import Writer
from vokrug.events.subscriptions.webhooks.sender import Outcome, Sender
from vokrug.events.types import Envelope

PING = "vokrug.ping.v1"


async def agree(sender: Sender, subscription: Subscription, endpoint: Endpoint, origin: str) -> int | None:
    """Ask for permission; the requests a minute that were granted, None for any number."""
    headers = {"webhook-request-origin": origin}
    wanted = rate_of(subscription)
    if wanted is not None:
        headers["webhook-request-rate"] = str(int(wanted * 60))
    outcome = await sender.send("OPTIONS", endpoint.url, headers, b"", endpoint.timeout_s)
    said = outcome.headers or {}
    url = shown_url(endpoint.url)
    if outcome.status is None:
        raise EndpointDisagreed(url=url, reason=outcome.error)
    if not outcome.is_delivered:
        raise EndpointDisagreed(url=url, reason=f"status {outcome.status}")
    if said.get("webhook-allowed-origin") not in (origin, "*"):
        raise EndpointDisagreed(url=url, reason="WebHook-Allowed-Origin does not name us")
    granted = said.get("webhook-allowed-rate", "*").strip()
    return int(granted[:9]) if granted.isdigit() and int(granted[:9]) > 0 else None


async def ping(sender: Sender, writer: Writer, endpoint: Endpoint, id: UUID, now: datetime) -> Outcome:
    """A signed message that tells no fact and moves no place."""
    told = Envelope(0, 0, PING, id, 0, endpoint.subscription, now, now, msgspec.json.encode({"ping": True}))
    message = writer.write([told], now)
    return await sender.send("POST", endpoint.url, message.headers, message.body, endpoint.timeout_s)
