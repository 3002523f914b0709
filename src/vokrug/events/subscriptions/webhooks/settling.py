"""What a round's outcome means for the place, the parked facts and the receiver's standing."""

from datetime import datetime, timedelta

from vokrug.events import places
from vokrug.events.places import Work
from vokrug.events.subscriptions import lifecycle, rules
from vokrug.events.subscriptions import store as subscriptions_store
from vokrug.events.subscriptions.rules import Jitter
from vokrug.events.subscriptions.types import OURSELVES, State
from vokrug.events.subscriptions.webhooks import store
from vokrug.events.subscriptions.webhooks.rounds import BEHIND, Fact, Round
from vokrug.runtime.database import Tx

NOT_SENT = "was not sent any more"
SETTLE_WITHIN_S = 5  # a process that sleeps in the middle of a claim must not stop the others


async def settle(tx: Tx, done: Round, now: datetime, jitter: Jitter) -> None:
    """Write down what happened, all of it or nothing."""
    name = done.subscription.name
    await store.wait_for_endpoint(tx, name, SETTLE_WITHIN_S)
    keeps = _keeps_its_place(done)
    broken = None if keeps else _first_broken_batch(done)
    singly_until = broken[-1].envelope.position if broken and broken[0].has_failed else 0
    if not await store.release(tx, name, done.partition, done.holder, singly_until=singly_until):
        return  # slept too long: whoever has the lease now tells the rest
    await _settle_parked(tx, done, now, jitter)
    if not keeps:
        await _settle_new(tx, done, broken[0].envelope.position - 1 if broken else done.until, now, jitter)
    await _note_standing(tx, done, now, jitter)
    if done.is_gone and await _is_running(tx, name):
        await lifecycle.retire(tx, name, OURSELVES, now, reason="the receiver answered 410 Gone")


async def _is_running(tx: Tx, name: str) -> bool:
    found = await subscriptions_store.lock(tx, name)
    return found is not None and found.state != State.RETIRED


def _keeps_its_place(done: Round) -> bool:
    """Nothing got through, and the fault is the receiver's and not of one fact: everything stays where it is."""
    is_down = done.streak >= rules.BREAKER_AFTER and not rules.is_probing(done.endpoint)
    return done.delivered == 0 and (is_down or done.wait_s is not None or done.is_gone or not done.error)


def _first_broken_batch(done: Round) -> list[Fact] | None:
    """Which of its facts broke a batch is not known: from it on, they go one by one."""
    if not done.in_batches:
        return None
    new = [parcel for lane in done.lanes for parcel in lane if not parcel[0].is_parked]
    return next((parcel for parcel in new if not parcel[0].is_delivered), None)


async def _settle_parked(tx: Tx, done: Round, now: datetime, jitter: Jitter) -> None:
    name, parked = done.subscription.name, [fact for fact in done.facts if fact.is_parked]
    if delivered := [fact.envelope.position for fact in parked if fact.is_delivered]:
        await store.unpark(tx, name, done.partition, delivered)
    for fact in parked:
        if fact.has_failed:
            tries = fact.tries + 1
            await store.failed_again(
                tx,
                name,
                done.partition,
                fact.envelope.position,
                tries=tries,
                error=fact.error,
                retry_at=_next_try(done, tries, now, jitter),
            )


async def _settle_new(tx: Tx, done: Round, until: int, now: datetime, jitter: Jitter) -> None:
    """Park what did not get through, and move the place past it: nobody else waits for it."""
    parking: list[tuple[Fact, int, datetime | None, str]] = [(fact, 0, now, BEHIND) for fact in done.waiting]
    for fact in done.facts:
        if fact.is_parked or fact.is_delivered:
            continue
        if fact.has_failed:
            parking.append((fact, 1, _next_try(done, 1, now, jitter), fact.error))
        else:
            parking.append((fact, 0, now, NOT_SENT))
    parked = [(fact.envelope, *how) for fact, *how in parking if fact.envelope.position <= until]
    if parked:
        await store.park(tx, done.subscription.name, parked, now)  # type: ignore[arg-type]
    place = done.subscription.place
    await places.move_place(tx, Work(place, place, done.partition), until)


def _next_try(done: Round, tries: int, now: datetime, jitter: Jitter) -> datetime | None:
    """None after the last try: a person has to look."""
    return rules.retry_at(now, tries, jitter) if tries < done.endpoint.tries else None


async def _note_standing(tx: Tx, done: Round, now: datetime, jitter: Jitter) -> None:
    name = done.subscription.name
    failed = sum(fact.has_failed for fact in done.facts)
    open_until = rules.opened_until(now, done.streak, jitter)
    if done.wait_s is not None:
        asked = min(timedelta(seconds=done.wait_s), rules.RETRY_AFTER_LONGEST)
        open_until = max(now + asked, open_until or now)
    has_delivered = done.delivered > 0
    added = done.streak if has_delivered else max(0, done.streak - done.endpoint.failures)
    await store.note_outcome(
        tx,
        name,
        now,
        has_delivered=has_delivered,
        failures=added,
        open_until=open_until,
        was_probe=rules.is_probing(done.endpoint),
        status=done.status,
        error=done.error,
    )
    await store.log(
        tx,
        name,
        done.partition,
        now,
        delivered=done.delivered,
        failed=failed,
        until_position=done.until,
        status=done.status,
        error=done.error,
    )
