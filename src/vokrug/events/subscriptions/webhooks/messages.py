"""A webhook's request: CloudEvents in binary, structured or batch mode, signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from vokrug.events.subscriptions import attributes
from vokrug.events.subscriptions.lifecycle import sealed_as
from vokrug.events.subscriptions.types import Endpoint
from vokrug.events.subscriptions.webhooks import signing
from vokrug.events.types import Envelope, Installation
from vokrug.runtime.signing import Vault


@dataclass(frozen=True, slots=True)
class Message:
    headers: Mapping[str, str]
    body: bytes


class Writer:
    """Writes messages for one round. Secrets are opened once, and live no longer than it."""

    def __init__(
        self, endpoint: Endpoint, installation: Installation, vault: Vault, origin: str, now: datetime
    ) -> None:
        self._endpoint = endpoint
        self._installation = installation
        self._origin = origin
        sealed = [endpoint.secret_sealed]
        if endpoint.former_secret_sealed is not None and endpoint.former_until and now < endpoint.former_until:
            sealed.append(endpoint.former_secret_sealed)
        self._secrets = [vault.open(sealed_as(endpoint.subscription), one) for one in sealed]

    def write(self, told: Sequence[Envelope], at: datetime) -> Message:
        """A request with these facts; several make a batch."""
        headers: dict[str, str] = {}
        if self._endpoint.batch_size > 1:
            body, kind = attributes.batch(told, self._installation), attributes.BATCH
        elif self._endpoint.mode == "structured":
            body, kind = attributes.structured(told[0], self._installation), attributes.STRUCTURED
        else:
            body, kind = attributes.binary_body(told[0]), attributes.JSON
            headers = attributes.binary_headers(told[0], self._installation)
        ids = [one.id for one in told]
        signed = signing.headers(
            self._secrets,
            message_id=signing.message_id(self._endpoint.subscription, ids),
            at_s=int(at.timestamp()),
            body=body,
        )
        return Message(headers | signed | {"content-type": kind, "webhook-request-origin": self._origin}, body)
