"""What the benchmark tells, and what its readers leave behind."""

from datetime import datetime

from vokrug.events import Catalogue, Envelope, Event, Reaction, reaction
from vokrug.runtime.database import Tx

BENCH = Catalogue()
KEYS = 1_000
SUBJECT = "01900000-0000-7000-8000-000000000001"
PAD = "x" * 600  # a sale's fact with eight lines has about this size

# `bench_key` is the business: how often each customer bought. `bench_effect` is a reader's: what it saw, in order.
TABLES = """
    create table bench_key (key bigint primary key, number integer not null default 0);
    create table bench_effect (place bigserial, reader text not null, key bigint not null, number integer not null,
                               told_at timestamptz not null, seen_at timestamptz not null default clock_timestamp())
"""

NEXT_NUMBERS = """
    update bench_key set number = number + 1 from (select unnest($1::bigint[]) as key order by 1) k
     where bench_key.key = k.key returning bench_key.key, number
"""


@BENCH.event("bench.bought.v1", owner="bench", key="customer")
class Bought(Event, frozen=True):
    """A customer of the benchmark bought once more."""

    number: int
    pad: str = ""


def reader(name: str) -> Reaction:
    """A reaction that writes down what it saw."""

    @reaction(name, on=[Bought], batch=500)
    async def note(tx: Tx, told: Envelope, now: datetime) -> None:
        seen = tx.attachments.get(note)
        if seen is None:
            seen = tx.attachments[note] = []
            tx.before_commit(lambda: _write(tx, seen))
        seen.append((name, told.key, told.read(Bought).number, told.recorded_at))

    return note


async def _write(tx: Tx, seen: list[tuple[str, int, int, datetime]]) -> None:
    """All effects of a batch in one statement, still in its transaction."""
    names, keys, numbers, times = map(list, zip(*seen, strict=True))
    await tx.run(
        "insert into bench_effect (reader, key, number, told_at) "
        "select * from unnest($1::text[], $2::bigint[], $3::integer[], $4::timestamptz[])",
        names,
        keys,
        numbers,
        times,
    )
