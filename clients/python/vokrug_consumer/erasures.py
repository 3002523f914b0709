"""Somebody's data has to go: also from the copies that a consumer made."""

import json
import urllib.request
from dataclasses import dataclass

from vokrug_consumer.facts import Fact

ERASED = "customers.erased.v1"


@dataclass(frozen=True, slots=True)
class Erasure:
    """Whose data, told by which fact."""

    customer_id: str
    fact: Fact

    def acknowledgement(self, vokrug: str, consumer: str, key: str) -> urllib.request.Request:
        """A request that says our copies are gone. Send it once they are; repeat freely."""
        url = f"{vokrug}/v1/events/consumers/{consumer}/acknowledgements"
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        body = json.dumps({"events": [self.fact.id]}).encode()
        return urllib.request.Request(url, body, headers, method="POST")  # noqa: S310  the caller knows its Vokrug


def erasure_of(fact: Fact) -> Erasure | None:
    """Does this fact ask to forget somebody?"""
    if fact.type != ERASED or fact.subject is None:
        return None
    return Erasure(fact.subject, fact)
