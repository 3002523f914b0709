"""What runs in one process, with which settings: the only place that knows every domain."""

import asyncio
import hashlib
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import asyncpg

from vokrug import customers, events, ledger, pos, promotions
from vokrug.app import clock as movable
from vokrug.events.runner import ReactionRunner
from vokrug.kernel import Clock, MovedClock
from vokrug.runtime import keys_api
from vokrug.runtime.database import Database
from vokrug.runtime.http import Routes, Services
from vokrug.runtime.jobs import Jobs, Worker
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.settings import Settings
from vokrug.runtime.signing import Vault

log = logging.getLogger("vokrug.app")

RENEW_EVERY_S = 1.0
DIRECTORY_EVERY = 30  # types of identifiers hardly ever change, and a new one is noticed when it is met

JOBS: list[Jobs] = [ledger.jobs, promotions.jobs, pos.jobs]
REACTIONS: list[events.Reaction] = []


def routes_of(settings: Settings) -> list[Routes]:
    """Every endpoint that this process answers."""
    all_routes = [
        pos.routes,
        pos.gift_card_routes,
        customers.routes,
        *promotions.all_routes,
        promotions.policy_routes,
        ledger.routes,
        ledger.giftcards.routes,
        events.routes,
        keys_api.routes,
    ]
    return [*all_routes, movable.routes] if settings.clock != "system" else all_routes


@asynccontextmanager
async def living(settings: Settings, *, with_jobs: bool = True, clock: Clock | None = None) -> AsyncIterator[Services]:
    """The long-lived parts of a process, from its start to its graceful stop."""
    assert settings.database_url, "the floor fills in the address"
    assert settings.reports_url, "the floor fills in where reports read"
    assert settings.secret, "the floor fills in the secret"
    secret = hashlib.sha256(settings.secret.encode()).digest()
    async with AsyncExitStack() as stack:
        db = await Database.connect(settings.database_url, max_size=10)
        stack.push_async_callback(db.close)
        reports = await Database.connect(settings.reports_url, min_size=0, max_size=4)
        stack.push_async_callback(reports.close)
        if clock is None:
            clock = Clock()
            if settings.clock != "system":
                async with db.transaction() as tx:
                    clock = await movable.trial_clock(tx, settings.clock)
        services = Services(db, reports, clock)
        async with db.transaction() as tx:
            await events.synchronise(tx, clock.now())
            for domain in (ledger, promotions, pos):
                await domain.schedule_all(tx, clock.now())
            directory = await customers.Directory.load(tx, customers.Vault(secret))
        services.add(KeyRing(db, Vault(settings.secret)))
        services.add(events.Installation("local"))
        services.add(directory)
        services.add(ledger.JournalIds())
        services.add(ledger.GiftKeys(secret))
        services.add(promotions.LiveOffers())
        services.add(promotions.CouponKeys(secret, settings.coupon_codes))
        checkout = pos.Checkout.over(
            settings.database_url,
            db=db,
            clock=clock,
            directory=directory,
            offers=services.get(promotions.LiveOffers),
            reference=pos.Reference(services.get(promotions.LiveOffers)),
            tokens=pos.Tokens(secret),
            codes=services.get(promotions.CouponKeys),
            ids=services.get(ledger.JournalIds),
            gift_keys=services.get(ledger.GiftKeys),
        )
        services.add(checkout)
        stack.push_async_callback(checkout.close)
        renew = renewal(services, checkout)
        await renew()
        stop = asyncio.Event()
        tasks = [asyncio.create_task(repeat(renew, stop))]
        if REACTIONS:
            tasks.append(asyncio.create_task(ReactionRunner(db, clock, REACTIONS).run(stop)))
        if with_jobs:
            tasks.append(asyncio.create_task(Worker(settings.database_url, services, JOBS, concurrency=1).run(stop)))
        try:
            yield services
        finally:
            stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)


def renewal(services: Services, checkout: pos.Checkout) -> Callable[[], Awaitable[None]]:
    """What every process looks at each second: offers, shops, goods, tiers, identifier types, a trial's clock."""

    turns = itertools.count()

    async def renew() -> None:
        await checkout.reference.renew(services.db, services.clock.now())
        async with services.db.transaction(readonly=True) as tx:
            await checkout.offers.refresh(tx)
            if next(turns) % DIRECTORY_EVERY == 0:
                await checkout.directory.refresh(tx)
            if isinstance(services.clock, MovedClock):
                services.clock.shift = max(services.clock.shift, await movable.read_shift(tx))

    return renew


async def repeat(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Again and again until stopped; a database that is away for a while is no reason to give up."""
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RENEW_EVERY_S)
        try:
            await work()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("could not renew what is kept in memory: %s", type(error).__name__)
