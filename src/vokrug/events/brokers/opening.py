"""From an address to a broker; the client library is imported only for the broker that is used."""

from datetime import timedelta

from vokrug.events.brokers.addresses import Address
from vokrug.events.brokers.errors import BrokerExtraMissing
from vokrug.events.brokers.types import Broker
from vokrug.events.types import Installation


def open_broker(address: Address, *, topic: str, installation: Installation, keep: timedelta | None = None) -> Broker:
    """Nothing is connected yet: a broker that is away does not stop anybody's start.

    `keep` is how long a topic that is made now keeps its facts; None: as long as the broker does by itself.
    """
    try:
        if address.kind == "kafka":
            from vokrug.events.brokers.kafka import KafkaBroker

            return KafkaBroker(address, topic, installation, keep)
        from vokrug.events.brokers.nats import NatsBroker

        return NatsBroker(address, topic, installation, keep)
    except ImportError as error:
        raise BrokerExtraMissing(scheme=f"{address.kind}://", extra=address.kind) from error
