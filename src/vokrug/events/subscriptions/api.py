"""Subscriptions over HTTP: a partner asks, staff approve, both see how it goes."""

from vokrug.events.errors import CursorMalformed, EventTypeUnknown
from vokrug.events.subscriptions import again, lifecycle, rules, store
from vokrug.events.subscriptions.errors import (
    DeliveryOtherwise,
    EndpointDisagreed,
    EndpointNeeded,
    EndpointRefused,
    FilterMalformed,
    FourEyes,
    NoBroker,
    PurposeNeeded,
    PurposeUnknown,
    StartMalformed,
    StateForbids,
    SubscriptionNameTaken,
    SubscriptionUnknown,
    TopicTaken,
)
from vokrug.events.subscriptions.lifecycle import subscription_for
from vokrug.events.subscriptions.schemas import (
    ActView,
    DeliveryLog,
    GiveUp,
    HandOver,
    NewSecret,
    ParkedView,
    Pinged,
    Redrive,
    Redriven,
    Replay,
    RequestSubscription,
    RoundView,
    SubscriptionList,
    SubscriptionView,
    Trail,
    WhyBody,
)
from vokrug.events.subscriptions.topics import TopicDoor
from vokrug.events.subscriptions.types import Delivery, Endpoint, State, Subscription
from vokrug.events.subscriptions.webhooks import agreeing
from vokrug.events.subscriptions.webhooks import store as webhooks_store
from vokrug.events.subscriptions.webhooks.addresses import require_sendable
from vokrug.events.subscriptions.webhooks.messages import Writer
from vokrug.events.subscriptions.webhooks.sender import WebhookDoor
from vokrug.events.types import Installation
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes
from vokrug.runtime.key_ring import KeyRing

routes = Routes("subscriptions")

READERS = [Role.PARTNER, Role.STAFF]
ROOT = "/v1/events/subscriptions"
ONE = ROOT + "/{name}"

MOST_ACTS, MOST_ROUNDS, MOST_PARKED = 500, 100, 500
IN_FLIGHT = {Delivery.WEBHOOK: 8}  # of the others: facts on a page


@routes.post(
    ROOT,
    answers={201: SubscriptionView, 200: SubscriptionView},
    refusals=[
        SubscriptionNameTaken,
        EventTypeUnknown,
        FilterMalformed,
        PurposeNeeded,
        PurposeUnknown,
        StartMalformed,
        CursorMalformed,
        EndpointRefused,
        EndpointNeeded,
        NoBroker,
        TopicTaken,
    ],
    roles=READERS,
)
async def request(call: Call, body: RequestSubscription) -> Answer[SubscriptionView]:
    """Ask for a subscription.

    Another member of staff approves it, then its owner activates it. A webhook's secret is shown now. The same
    request again gets the same answer.
    """
    wish, door = _wish(call, body), call.services.get(WebhookDoor)
    if (wish.delivery == Delivery.WEBHOOK) != (body.endpoint is not None):
        raise EndpointNeeded()
    if (wish.delivery == Delivery.BROKER) != (body.topic is not None):
        raise EndpointNeeded()
    if body.endpoint is not None:
        require_sendable(body.endpoint.url, allows_private=door.allows_private)
    vault, secret = call.services.get(KeyRing).vault, lifecycle.new_secret()
    endpoint = _endpoint(body, vault.seal(lifecycle.sealed_as(wish.name), secret))
    async with call.db.transaction() as tx:
        if wish.topic is not None:
            await call.services.get(TopicDoor).require_free(tx, wish.name, wish.topic)
        is_new = await lifecycle.request(tx, wish, endpoint, call.services.get(Installation), call.now)
        view = await _view(tx, call, wish.name)
        if not is_new and (kept := await store.find_endpoint(tx, wish.name)) and view.state == State.REQUESTED:
            secret = vault.open(lifecycle.sealed_as(wish.name), kept.secret_sealed)
    view.secret = secret if endpoint is not None and view.state == State.REQUESTED else None
    return Answer(view, status=201 if is_new else 200)


def _wish(call: Call, body: RequestSubscription) -> Subscription:
    if (body.start == "time") != (body.start_time is not None):
        raise StartMalformed()
    if (body.start == "cursor") != (body.start_cursor is not None):
        raise StartMalformed()
    return Subscription(
        name=body.name,
        owner_key=call.caller.key_id,
        words=body.words,
        types=sorted(set(body.types)),
        filter=body.filter.strip(),
        delivery=body.delivery,
        start_from=body.start,
        start_time=body.start_time,
        start_cursor=body.start_cursor,
        purposes=sorted(set(body.purposes)),
        keeps_days=body.keeps_days,
        lag_limit_days=body.lag_limit_days,
        max_per_s=body.max_per_s,
        max_in_flight=body.max_in_flight or IN_FLIGHT.get(Delivery(body.delivery), 1000),
        topic=body.topic,
        state=State.REQUESTED,
        reason="",
        replays=None,
        skipped=0,
        requested_by=call.caller.key_id,
        requested_at=call.now,
        approved_by=None,
        changed_at=call.now,
    )


def _endpoint(body: RequestSubscription, sealed: bytes) -> Endpoint | None:
    if body.endpoint is None:
        return None
    to = body.endpoint
    fares = (None, None, None, None, 0, None, None, "", None, None)
    return Endpoint(body.name, to.url, to.mode, to.batch_size, to.tries, to.timeout_s, sealed, *fares)


async def _view(tx: Tx, call: Call, name: str) -> SubscriptionView:
    known = await subscription_for(tx, call.caller, name)
    lags = await store.lag(tx, [name])
    return SubscriptionView.of(
        known,
        call.now,
        lag=lags[0] if lags else None,
        endpoint=await store.find_endpoint(tx, name),
        sight=await lifecycle.sight_of(tx, known),
    )


@routes.get(ROOT, answers={200: SubscriptionList}, roles=READERS, query={"state": State})
async def list_subscriptions(call: Call) -> Answer[SubscriptionList]:
    """List subscriptions with their lag: a partner's own, or all for staff."""
    owner = None if call.caller.role is Role.STAFF else call.caller.key_id
    async with call.db.transaction(readonly=True) as tx:
        found = await store.list_all(tx, owner_key=owner, state=call.asked.get("state"))
        lags = {lag.name: lag for lag in await store.lag(tx, [one.name for one in found])}
    return Answer(SubscriptionList([SubscriptionView.of(one, call.now, lag=lags.get(one.name)) for one in found]))


@routes.get(ONE, answers={200: SubscriptionView}, refusals=[SubscriptionUnknown], roles=READERS)
async def show(call: Call) -> Answer[SubscriptionView]:
    """One subscription: what it sees, how far it is, how its receiver fares."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(await _view(tx, call, call.path["name"]))


# --- steps ---


@routes.post(ONE + ":approve", answers={200: SubscriptionView}, refusals=[SubscriptionUnknown, FourEyes, StateForbids])
async def approve(call: Call) -> Answer[SubscriptionView]:
    """Approve a request. Not for whoever made it."""
    name = call.path["name"]
    async with call.db.transaction() as tx:
        await lifecycle.approve(tx, name, call.caller.key_id, call.now)
        return Answer(await _view(tx, call, name))


@routes.post(ONE + ":reject", answers={200: SubscriptionView}, refusals=[SubscriptionUnknown, StateForbids])
async def reject(call: Call, body: WhyBody) -> Answer[SubscriptionView]:
    """Decline a request, and say why."""
    name = call.path["name"]
    async with call.db.transaction() as tx:
        await lifecycle.reject(tx, name, call.caller.key_id, body.reason, call.now)
        return Answer(await _view(tx, call, name))


@routes.post(
    ONE + ":activate",
    answers={200: SubscriptionView},
    refusals=[SubscriptionUnknown, StateForbids, EndpointDisagreed],
    roles=READERS,
)
async def activate(call: Call) -> Answer[SubscriptionView]:
    """Begin to read. A webhook's receiver is asked first whether it agrees (CloudEvents' OPTIONS handshake)."""
    name, door = call.path["name"], call.services.get(WebhookDoor)
    async with call.db.transaction(readonly=True) as tx:
        known = await subscription_for(tx, call.caller, name)
        rules.moved(known, "activate")
        endpoint = await store.find_endpoint(tx, name)
    granted = await agreeing.agree(door.sender, known, endpoint, door.origin) if endpoint else None
    async with call.db.transaction() as tx:
        if endpoint is not None:
            await store.verified(tx, name, granted, call.now)
        await lifecycle.activate(tx, name, call.caller.key_id, call.now)
        return Answer(await _view(tx, call, name))


@routes.post(
    ONE + ":pause", answers={200: SubscriptionView}, refusals=[SubscriptionUnknown, StateForbids], roles=READERS
)
async def pause(call: Call, body: WhyBody | None) -> Answer[SubscriptionView]:
    """Stop for a while. Its place keeps the past for it."""
    name = call.path["name"]
    async with call.db.transaction() as tx:
        await subscription_for(tx, call.caller, name)
        await lifecycle.pause(tx, name, call.caller.key_id, call.now, reason=body.reason if body else "")
        return Answer(await _view(tx, call, name))


@routes.post(
    ONE + ":resume", answers={200: SubscriptionView}, refusals=[SubscriptionUnknown, StateForbids], roles=READERS
)
async def resume(call: Call) -> Answer[SubscriptionView]:
    """Go on after a pause."""
    name = call.path["name"]
    async with call.db.transaction() as tx:
        await subscription_for(tx, call.caller, name)
        await lifecycle.resume(tx, name, call.caller.key_id, call.now)
        return Answer(await _view(tx, call, name))


@routes.post(
    ONE + ":retire", answers={200: SubscriptionView}, refusals=[SubscriptionUnknown, StateForbids], roles=READERS
)
async def retire(call: Call, body: WhyBody | None) -> Answer[SubscriptionView]:
    """End it for good. Its places are forgotten."""
    name = call.path["name"]
    async with call.db.transaction() as tx:
        await subscription_for(tx, call.caller, name)
        await lifecycle.retire(tx, name, call.caller.key_id, call.now, reason=body.reason if body else "")
        return Answer(await _view(tx, call, name))


@routes.post(ONE + ":hand-over", answers={200: SubscriptionView}, refusals=[SubscriptionUnknown])
async def hand_over(call: Call, body: HandOver) -> Answer[SubscriptionView]:
    """Let another key read from now on: a partner who changes keys keeps its place."""
    name = call.path["name"]
    async with call.db.transaction() as tx:
        await lifecycle.hand_over(tx, name, body.owner_key, call.caller.key_id, call.now)
        return Answer(await _view(tx, call, name))


# --- again ---


@routes.post(
    ONE + ":replay",
    answers={201: SubscriptionView},
    refusals=[SubscriptionUnknown, SubscriptionNameTaken, StateForbids, StartMalformed, CursorMalformed],
    roles=READERS,
)
async def replay(call: Call, body: Replay) -> Answer[SubscriptionView]:
    """Tell the past again, up to this moment, under a new name. Each fact bears the extension `replay`."""
    if (body.from_time is None) == (body.cursor is None):
        raise StartMalformed()
    async with call.db.transaction() as tx:
        known = await subscription_for(tx, call.caller, call.path["name"])
        await again.replay(
            tx,
            call.services.get(KeyRing).vault,
            known,
            name=body.name,
            actor=call.caller.key_id,
            now=call.now,
            from_time=body.from_time,
            cursor=body.cursor,
        )
        return Answer(await _view(tx, call, body.name), status=201)


@routes.post(ONE + ":redrive", answers={200: Redriven}, refusals=[SubscriptionUnknown, StateForbids], roles=READERS)
async def redrive(call: Call, body: Redrive | None) -> Answer[Redriven]:
    """Try again what waits for a person, in order."""
    async with call.db.transaction() as tx:
        known = await subscription_for(tx, call.caller, call.path["name"])
        keys = await again.redrive(tx, known, call.caller.key_id, call.now, key=body.key if body else None)
    return Answer(Redriven(keys))


@routes.post(ONE + ":give-up", answers={204: None}, refusals=[SubscriptionUnknown, StateForbids], roles=READERS)
async def give_up(call: Call, body: GiveUp) -> Answer[None]:
    """Let a parked fact go undelivered, so that the later ones of its key move on. Repeat freely."""
    async with call.db.transaction() as tx:
        known = await subscription_for(tx, call.caller, call.path["name"])
        await again.give_up(
            tx,
            known,
            call.caller.key_id,
            call.now,
            partition=body.partition,
            position=body.position,
            reason=body.reason,
        )
    return Answer(None, status=204)


# --- webhooks ---


@routes.post(
    ONE + ":rotate-secret", answers={200: NewSecret}, refusals=[SubscriptionUnknown, DeliveryOtherwise], roles=READERS
)
async def rotate_secret(call: Call) -> Answer[NewSecret]:
    """A new secret, shown now and never again. The former one signs beside it for a day."""
    async with call.db.transaction() as tx:
        known = await subscription_for(tx, call.caller, call.path["name"], lock=True)
        await _endpoint_of(tx, known)
        vault = call.services.get(KeyRing).vault
        secret = await lifecycle.rotate_secret(tx, vault, known.name, call.caller.key_id, call.now)
    return Answer(NewSecret(secret))


@routes.post(ONE + ":ping", answers={200: Pinged}, refusals=[SubscriptionUnknown, DeliveryOtherwise], roles=READERS)
async def ping(call: Call) -> Answer[Pinged]:
    """Send a signed `vokrug.ping.v1` now, and say what the receiver answered. Nothing else changes."""
    door, vault = call.services.get(WebhookDoor), call.services.get(KeyRing).vault
    async with call.db.transaction(readonly=True) as tx:
        known = await subscription_for(tx, call.caller, call.path["name"])
        endpoint = await _endpoint_of(tx, known)
    writer = Writer(endpoint, call.services.get(Installation), vault, door.origin, call.now)
    outcome = await agreeing.ping(door.sender, writer, endpoint, new_id(), call.now)
    return Answer(Pinged(outcome.is_delivered, outcome.status, outcome.error))


async def _endpoint_of(tx: Tx, known: Subscription) -> Endpoint:
    if (endpoint := await store.find_endpoint(tx, known.name)) is None:
        raise DeliveryOtherwise(name=known.name, delivery=known.delivery)
    return endpoint


@routes.get(ONE + "/deliveries", answers={200: DeliveryLog}, refusals=[SubscriptionUnknown], roles=READERS)
async def deliveries(call: Call) -> Answer[DeliveryLog]:
    """The latest deliveries of a webhook with their errors, and what is parked."""
    async with call.db.transaction(readonly=True) as tx:
        known = await subscription_for(tx, call.caller, call.path["name"])
        rounds = await webhooks_store.list_rounds(tx, RoundView, known.name, MOST_ROUNDS)
        parked = await webhooks_store.list_parked(tx, ParkedView, known.name, MOST_PARKED)
    return Answer(DeliveryLog(rounds, parked))


@routes.get(ONE + "/audit", answers={200: Trail}, refusals=[SubscriptionUnknown], roles=READERS)
async def audit(call: Call) -> Answer[Trail]:
    """Everything that anybody did to it, the latest first."""
    async with call.db.transaction(readonly=True) as tx:
        known = await subscription_for(tx, call.caller, call.path["name"])
        acts = await store.list_acts(tx, known.name, MOST_ACTS)
    return Answer(Trail([ActView.of(act) for act in acts]))
