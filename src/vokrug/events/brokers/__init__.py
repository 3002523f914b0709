"""Message brokers by configuration: the log is relayed to one, and facts of others come from one.

The log stays where facts are told; a broker is a copy of it for those who would rather read there. Without
the setting `broker_url` nothing of this is imported.
"""

from vokrug.events.brokers.addresses import Address, parse_address
from vokrug.events.brokers.feed import BrokerFeed
from vokrug.events.brokers.intake import Door, Intake, Taken
from vokrug.events.brokers.opening import open_broker
from vokrug.events.brokers.relay import Relay
from vokrug.events.brokers.types import Broker, Fenced, Lane

__all__ = [
    "Address",
    "Broker",
    "BrokerFeed",
    "Door",
    "Fenced",
    "Intake",
    "Lane",
    "Relay",
    "Taken",
    "open_broker",
    "parse_address",
]
