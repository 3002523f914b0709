"""Reads Vokrug's published facts. Depends on the published contract only."""

from vokrug_consumer.erasures import ERASED, Erasure, erasure_of
from vokrug_consumer.facts import Fact, NotAFact, from_cloudevent, from_kafka
from vokrug_consumer.following import follow
from vokrug_consumer.once import GapFound, Inbox, Once, SqliteInbox
from vokrug_consumer.webhooks import SignatureRefused, from_webhook, sign, verify

__all__ = [
    "ERASED",
    "Erasure",
    "Fact",
    "GapFound",
    "Inbox",
    "NotAFact",
    "Once",
    "SignatureRefused",
    "SqliteInbox",
    "erasure_of",
    "follow",
    "from_cloudevent",
    "from_kafka",
    "from_webhook",
    "sign",
    "verify",
]
