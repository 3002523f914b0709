"""Events that could not be taken. Each is found, looked at, sent again (mended or not), or let go with a reason."""

from datetime import datetime, timedelta
from uuid import UUID

from prometheus_client import Counter

from vokrug.events.errors import DeadLetterEnded, DeadLetterUnknown
from vokrug.events.intake import store
from vokrug.events.intake.arrivals import structured
from vokrug.events.intake.publishing import MENDABLE, Outcome, Publisher, letter_of, take
from vokrug.events.intake.store import DeadLetter
from vokrug.runtime.database import Database, Tx

ENDED = Counter("vokrug_events_dead_letters_ended", "Dead letters dealt with.", ["how"])


async def letter_for(tx: Tx, id: UUID, asker: Publisher, *, lock: bool = False) -> DeadLetter:
    """The only way to a dead letter: staff reach all of them, a partner its own."""
    found = await store.find_letter(tx, id, None if asker.is_staff else asker.key, lock=lock)
    if found is None:
        raise DeadLetterUnknown(id=str(id))
    return found


async def resubmit(tx: Tx, id: UUID, corrected: bytes | None, asker: Publisher, now: datetime) -> Outcome:
    """Try again, as its publisher would: the event as it came, or as it is corrected.

    What fails again stays, with its newest body and reason; the refusal is in the outcome, for the caller to say.
    """
    letter = await _open_letter(tx, id, asker)
    publisher = Publisher(letter.publisher, letter.publisher_role, is_staff=letter.publisher_role == "staff")
    (outcome,) = await take(tx, [structured(corrected if corrected is not None else letter.raw)], publisher, now)
    if outcome.refusal is None:
        await store.end(tx, id, "taken", now, asker.key, None)
        ENDED.labels("taken").inc()
    elif isinstance(outcome.refusal, MENDABLE):
        await store.try_again(tx, letter_of(id, outcome), now)
    return Outcome(outcome.arrival, outcome.refusal, id)


async def discard(tx: Tx, id: UUID, because: str, asker: Publisher, now: datetime) -> None:
    """Let it go, and say why."""
    await _open_letter(tx, id, asker)
    await store.end(tx, id, "discarded", now, asker.key, because)
    ENDED.labels("discarded").inc()


async def _open_letter(tx: Tx, id: UUID, asker: Publisher) -> DeadLetter:
    letter = await letter_for(tx, id, asker, lock=True)
    if letter.state != "open":
        raise DeadLetterEnded(id=str(id), state=letter.state)
    return letter


async def forget_old(db: Database, now: datetime, *, keep_days: int = 30, remember_days: int = 90) -> int:
    """Sweep what has served: dead letters hold what people sent, so they are not kept for long.

    `remember_days` is how long a repeat of a source and id is recognised.
    """
    gone = 0
    kept_before = now - timedelta(days=keep_days)
    while True:
        async with db.transaction() as tx:
            letters = await store.forget_letters(tx, ended_before=kept_before, open_before=kept_before, batch=1_000)
            told = await store.forget_published(tx, now - timedelta(days=remember_days), 1_000)
        gone += letters + told
        if not letters + told:
            return gone
