"""The desk at which the commands work: the database, and the chain around it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from vokrug import events, promotions
from vokrug.app.clock import trial_clock
from vokrug.app.floor import running_database
from vokrug.app.wiring import directory_of, outside_of
from vokrug.kernel import Clock
from vokrug.promotions.errors import OfferUnknown
from vokrug.promotions.types import OfferCard
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.settings import Settings, load_settings

T = TypeVar("T")

BY = "command line"


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with."""

    db: Database
    reports: Database
    outside: promotions.Outside
    now: datetime

    async def card(self, tx: Tx, key: str) -> OfferCard:
        """An offer by its key."""
        for row in await promotions.list_offers(tx, search=key, limit=1_000):
            if row.key == key:
                return await promotions.offer_card(tx, row.id)
        raise OfferUnknown(key=key)


def at_desk(work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do some work with the database of the settings, started if it is ours and does not run."""

    async def done(settings: Settings) -> T:
        async with _desk(settings) as desk:
            return await work(desk)

    with running_database(load_settings()) as settings:
        return asyncio.run(done(settings))


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[Desk]:
    assert settings.database_url is not None, "a running database has an address"
    assert settings.reports_url is not None, "reports read somewhere"
    db = await Database.connect(settings.database_url, max_size=4)
    reports = await Database.connect(settings.reports_url, min_size=0, max_size=4)
    try:
        async with db.transaction() as tx:
            clock = Clock() if settings.clock == "system" else await trial_clock(tx, settings.clock)
            await events.synchronise(tx, clock.now())
            outside = outside_of(await directory_of(tx, settings))
        yield Desk(db, reports, outside, clock.now())
    finally:
        await db.close()
        await reports.close()
