"""What runs beside the requests: reactions, the relay to a broker, the intake from one. Shared out by leases."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from vokrug import events
from vokrug.events.brokers import Broker, BrokerFeed, Door, Intake, Relay, open_broker, parse_address
from vokrug.events.brokers.intake import work_name
from vokrug.events.intake.doors import parse_topics
from vokrug.events.runner import ReactionRunner
from vokrug.events.subscriptions import Lenses, TopicCarriers
from vokrug.events.subscriptions.topics import WORK as TOPICS
from vokrug.events.workers import Leases
from vokrug.kernel import Clock
from vokrug.runtime.database import Database
from vokrug.runtime.settings import Settings

# A process that is stopped in the middle of an effect would hold its partition for ever; the database cuts it.
PAUSED_MOST = "20s"


class Streams:
    """Everything of one process that reads the log or a broker."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        settings: Settings,
        reactions: Sequence[events.Reaction],
        *,
        installation: events.Installation,
        door: Door | None = None,
        lenses: Lenses | None = None,
    ) -> None:
        """`door` is where facts of other systems go; without one there is no intake. `lenses` show subscriptions
        with a topic what they may see; without them nothing goes there."""
        self._runs: list[Callable[[asyncio.Event], Awaitable[None]]] = []
        works = [reaction.name for reaction in reactions]

        def broker(topic: str = settings.broker_topic, keep: timedelta | None = None) -> Broker:
            assert settings.broker_url is not None, "asked for only with an address"
            return open_broker(parse_address(settings.broker_url), topic=topic, installation=installation, keep=keep)

        if settings.broker_url is not None:
            works.append(broker().name)
            works += [TOPICS] if lenses is not None else []
        topics = list(parse_topics(settings.broker_intake))
        if settings.broker_url is not None and topics and door is not None:
            works.append(work_name(broker()))
        if not works:
            return
        leases = Leases(db, works)
        self._runs.append(leases.run)
        if reactions:
            feed = BrokerFeed(broker()) if settings.reactions_from == "broker" else None
            self._runs.append(ReactionRunner(db, clock, reactions, leases=leases, feed=feed).run)
        if settings.broker_url is not None:
            self._runs.append(Relay(db, broker(), leases).run)
            if lenses is not None:
                self._runs.append(TopicCarriers(db, clock, leases, lenses, broker).run)
            if topics and door is not None:
                self._runs.append(Intake(db, broker(), leases, door, topics).run)

    async def run(self, stop: asyncio.Event) -> None:
        await asyncio.gather(*(run(stop) for run in self._runs))


async def open_streams_database(url: str) -> Database:
    """Connections of their own, so that relays and reactions never wait behind requests, nor these behind them."""
    return await Database.connect(url, min_size=0, max_size=12, idle_in_transaction_session_timeout=PAUSED_MOST)
