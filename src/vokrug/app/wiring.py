"""What runs in one process, with which settings: the only place that knows every domain."""

import asyncio
import hashlib
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import asyncpg

from vokrug import accounts, analytics, cabinet, customers, events, ledger, pos, promotions, web
from vokrug.app import clock as movable
from vokrug.app.streams import Streams, open_streams_database
from vokrug.events import subscriptions
from vokrug.events.intake.doors import broker_door, parse_topics
from vokrug.kernel import Clock, MovedClock, parse_minor
from vokrug.runtime import keys_api
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Operator, Routes, Services
from vokrug.runtime.jobs import Jobs, Worker
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.settings import Settings
from vokrug.runtime.signing import Vault
from vokrug.runtime.telemetry import register_collector, unregister_collector

log = logging.getLogger("vokrug.app")

RENEW_EVERY_S = 1.0
LAG_EVERY_S = 15.0
TRAFFIC_EVERY_S = 60.0
JOBS_AT_ONCE = 2  # a long one, of which one runs at a time anywhere, leaves room for the short ones
DIRECTORY_EVERY = 30  # types of identifiers hardly ever change, and a new one is noticed when it is met

JOBS: list[Jobs] = [
    customers.jobs,
    ledger.jobs,
    events.jobs,
    accounts.jobs,
    subscriptions.jobs,
    promotions.jobs,
    promotions.backtest_jobs,
    pos.jobs,
    analytics.jobs,
]
REACTIONS: list[events.Reaction] = [
    *customers.reactions,
    promotions.follow_segments,
    ledger.propose_joins,
    accounts.close_account,
    *pos.reactions,
    analytics.count,
    pos.look_for_fraud,
]


def routes_of(settings: Settings) -> list[Routes]:
    """Every endpoint that this process answers."""
    all_routes = [
        pos.routes,
        pos.gift_card_routes,
        pos.goods_routes,
        pos.proof_routes,
        pos.message_routes,
        pos.tag_routes,
        pos.offline_routes,
        pos.fraud_routes,
        pos.onboarding_routes,
        pos.watching_routes,
        *customers.all_routes,
        *accounts.all_routes,
        *cabinet.all_routes,
        *web.all_routes,
        *promotions.all_routes,
        ledger.routes,
        ledger.join_routes,
        ledger.giftcards.routes,
        events.routes,
        events.catalogue_routes,
        events.intake_routes,
        events.page_routes,
        subscriptions.routes,
        subscriptions.reading_routes,
        keys_api.routes,
    ]
    return [*all_routes, movable.routes] if settings.clock != "system" else all_routes


@asynccontextmanager
async def living(
    settings: Settings,
    *,
    with_jobs: bool = True,
    jobs_at_once: int = JOBS_AT_ONCE,
    clock: Clock | None = None,
    playground: web.Sandbox | None = None,
) -> AsyncIterator[Services]:
    """The long-lived parts of a process, from its start to its graceful stop. A `playground` hands out its keys."""
    assert settings.database_url, "the floor fills in the address"
    assert settings.reports_url, "the floor fills in where reports read"
    assert settings.secret, "the floor fills in the secret"
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
            for domain in (customers, ledger, accounts, events, subscriptions, promotions, pos, analytics):
                await domain.schedule_all(tx, clock.now())
            directory = await directory_of(tx, settings)
        people = customers.People(directory)
        services.add(people)
        for database in (db, reports):
            provide_people(database, people)
        services.add(KeyRing(db, Vault(settings.secret)))
        services.add(pos.ClaimGuard())
        meter = pos.TillMeter()
        services.add(meter)
        services.watch = meter.note
        services.add(events.Installation("local"))
        services.add(directory)
        services.add(customers.Witnesses(accounts.who_signs_in, ledger.who_holds_value))
        services.add(playground or web.Sandbox())
        services.add(web.KeyDoor(secret_of(settings)))
        services.add(web.Pulse())
        services.add(Operator(settings.operator_name, settings.operator_address))
        stack_accounts(services, settings, stack)
        deliverer = stack_subscriptions(services, settings, stack)
        checkout = stack_checkout(services, settings, stack)
        renew = renewal(services, checkout)
        await renew()
        stop = asyncio.Event()
        tasks = [asyncio.create_task(repeat(renew, stop))]
        streams = await stack_streams(services, settings, stack)
        tasks.append(asyncio.create_task(streams.run(stop)))
        tasks.append(asyncio.create_task(repeat(lag_renewal(services), stop, every_s=LAG_EVERY_S)))
        tasks.append(asyncio.create_task(repeat(traffic_keeping(services), stop, every_s=TRAFFIC_EVERY_S)))
        if with_jobs:
            tasks.append(asyncio.create_task(deliverer.run(stop)))
            tasks.append(
                asyncio.create_task(Worker(settings.database_url, services, JOBS, concurrency=jobs_at_once).run(stop))
            )
        try:
            yield services
        finally:
            stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)


def stack_checkout(services: Services, settings: Settings, stack: AsyncExitStack) -> pos.Checkout:
    """What a till's calls go through, and the keys and numbers it takes from other domains."""
    assert settings.database_url, "the floor fills in the address"
    secret = secret_of(settings)
    ids, gift_keys = ledger.JournalIds(), ledger.GiftKeys(secret)
    offers, codes = promotions.LiveOffers(), promotions.CouponKeys(secret, settings.coupon_codes)
    directory = services.get(customers.Directory)
    checkout = pos.Checkout.over(
        settings.database_url,
        db=services.db,
        clock=services.clock,
        directory=directory,
        offers=offers,
        reference=pos.Reference(offers),
        tokens=pos.Tokens(secret),
        codes=codes,
        ids=ids,
        gift_keys=gift_keys,
        proof_keys=pos.ProofKeys(secret),
        seals=pos.Seals(secret, parse_minor(settings.offline_allowance)),
    )
    for one in (ids, gift_keys, offers, codes, checkout, checkout.proof_keys, outside_of(directory)):
        services.add(one)
    stack.push_async_callback(checkout.close)
    return checkout


async def stack_streams(services: Services, settings: Settings, stack: AsyncExitStack) -> Streams:
    """Reactions, relays and intakes, on connections of their own."""
    assert settings.database_url, "the floor fills in the address"
    db = await open_streams_database(settings.database_url)
    stack.push_async_callback(db.close)
    provide_people(db, services.get(customers.People))
    return Streams(
        db,
        services.clock,
        settings,
        REACTIONS,
        installation=services.get(events.Installation),
        door=broker_door(parse_topics(settings.broker_intake), services.clock),
        lenses=services.get(subscriptions.Lenses),
    )


def provide_people(db: Database, people: customers.People) -> None:
    """What the stream of facts asks of people: their keys, and who is behind an identifier."""
    events.provide_personal_keys(db, people)
    events.provide_customers(db, people)


def secret_of(settings: Settings) -> bytes:
    assert settings.secret, "the floor fills in the secret"
    return hashlib.sha256(settings.secret.encode()).digest()


async def directory_of(tx: Tx, settings: Settings) -> customers.Directory:
    """Types of identifiers, and the vault that opens what is sealed."""
    return await customers.Directory.load(tx, customers.Vault(secret_of(settings)))


def outside_of(directory: customers.Directory) -> promotions.Outside:
    """What promotions have to ask of the domains above them."""
    return promotions.Outside(pos.Acquaintance(directory), pos.SoldBefore())


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
        await checkout.unseen.write(services.db)

    return renew


def stack_accounts(services: Services, settings: Settings, stack: AsyncExitStack) -> None:
    """The parts that sign people in."""
    services.add(provider_of(settings))
    services.add(accounts.SignInSettings(_listed(settings.trusted_proxies), policy_of(settings)))
    messenger = accounts.Messenger(messages_of(services, settings))
    services.add(messenger)
    stack.push_async_callback(messenger.close)
    door = accounts.HttpLogoutDoor()
    services.add(door)
    stack.push_async_callback(door.close)
    peers = accounts.Peers()
    services.add(peers)
    stack.push_async_callback(peers.close)


def provider_of(settings: Settings) -> accounts.Provider:
    """Who we are to browsers and programs."""
    issuer = settings.issuer or f"http://localhost:{settings.port}"
    return accounts.Provider(issuer, accounts.AccountKeys(secret_of(settings)))


def policy_of(settings: Settings) -> accounts.Policy:
    return accounts.Policy(_listed(settings.sms_prefixes), settings.sms_hourly)


def messages_of(services: Services, settings: Settings) -> accounts.MessageGateway:
    """Where messages leave by. SMPP knows SMS only: calls and letters have an address of their own, or wait at home."""
    home = accounts.ConsoleMessages(services.db, services.clock)
    if not settings.messages_url:
        return home
    way = accounts.gateway_to(settings.messages_url, settings.messages_token)
    if not settings.messages_url.startswith("smpp"):
        return way
    other = settings.messages_other_url
    return accounts.ByChannel({"sms": way}, accounts.gateway_to(other, settings.messages_token) if other else home)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def stack_subscriptions(
    services: Services, settings: Settings, stack: AsyncExitStack
) -> subscriptions.WebhookDeliverer:
    """The parts that bring facts to readers outside, closed with the stack."""
    assert settings.secret, "the floor fills in the secret"
    installation = services.get(events.Installation)
    sender = subscriptions.HttpSender(allows_private=settings.webhooks_to_private)
    stack.push_async_callback(sender.close)
    services.add(subscriptions.WebhookDoor(sender, settings.webhook_origin, settings.webhooks_to_private))
    services.add(subscriptions.Lenses(installation))
    services.add(subscriptions.TopicDoor(settings.broker_url is not None, settings.broker_topic))
    services.add(subscriptions.LogWatch(services.db))
    services.add(subscriptions.Streams())
    services.add(subscriptions.Retention(settings.events_keep_days))
    metrics = subscriptions.LagMetrics()
    services.add(metrics)
    register_collector(metrics)
    stack.callback(unregister_collector, metrics)
    return subscriptions.WebhookDeliverer(
        services.db,
        services.clock,
        sender,
        Vault(settings.secret),
        installation,
        origin=settings.webhook_origin,
    )


def lag_renewal(services: Services) -> Callable[[], Awaitable[None]]:
    """How far subscriptions are, for whoever scrapes the metrics."""

    async def renew() -> None:
        async with services.db.transaction(readonly=True) as tx:
            await services.get(subscriptions.LagMetrics).renew(tx, services.clock.now())

    return renew


def traffic_keeping(services: Services) -> Callable[[], Awaitable[None]]:
    """What tills were answered since the last minute, written down; once more at the stop."""

    async def keep() -> None:
        await services.get(pos.TillMeter).flush(services.db, services.clock.now())

    return keep


async def repeat(work: Callable[[], Awaitable[None]], stop: asyncio.Event, every_s: float = RENEW_EVERY_S) -> None:
    """Again and again until stopped; a database that is away for a while is no reason to give up."""
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)
        try:
            await work()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("could not renew what is kept in memory: %s", type(error).__name__)
