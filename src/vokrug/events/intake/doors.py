"""The door for what comes from a broker: the same checks, dead letters and rights as over HTTP."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from vokrug.events.brokers.intake import Taken
from vokrug.events.intake.arrivals import of_event
from vokrug.events.intake.publishing import Publisher, publish_arrivals
from vokrug.kernel import Clock
from vokrug.runtime.database import Tx


def parse_topics(text: str) -> dict[str, str | None]:
    """`"erp.facts=key1,legacy"` to topics, each with the key it speaks for; None: staff."""
    pairs = (part.strip().partition("=") for part in text.split(","))
    return {topic.strip(): key.strip() or None for topic, _, key in pairs if topic.strip()}


def broker_door(
    topics: Mapping[str, str | None], clock: Clock
) -> Callable[[Tx, str, Sequence[dict[str, Any]]], Awaitable[Sequence[Taken]]]:
    """Takes what the topics tell. What is refused is a dead letter of the topic's key, or of the topic itself."""

    async def door(tx: Tx, topic: str, events: Sequence[dict[str, Any]]) -> Sequence[Taken]:
        key = topics.get(topic)
        publisher = (
            Publisher(f"topic:{topic}", "staff", is_staff=True)
            if key is None
            else Publisher(key, "partner", is_staff=False)
        )
        outcomes = await publish_arrivals(tx, [of_event(event) for event in events], publisher, clock.now())
        return [Taken(None if one.refusal is None else one.refusal.code) for one in outcomes]

    return door
