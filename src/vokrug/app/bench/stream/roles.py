"""One process of the benchmark: `python -m vokrug.app.bench.stream.roles '{"role": "writer", …}'`.

Each is killed at any moment, so it keeps nothing that is not in the database, in the broker, or written to
its file of acknowledgements.
"""

import asyncio
import logging
import random
import signal
import sys
from pathlib import Path

import msgspec

from vokrug.app.bench.stream.facts import KEYS, NEXT_NUMBERS, PAD, SUBJECT, Bought, reader
from vokrug.events import Installation, ReactionRunner, publish
from vokrug.events.brokers import BrokerFeed, Relay, open_broker, parse_address
from vokrug.events.workers import Leases
from vokrug.kernel import Clock
from vokrug.runtime.database import Database


class Role(msgspec.Struct, frozen=True):
    """What a process does."""

    role: str  # writer, relay, log_reader, broker_reader
    database_url: str
    broker_url: str = ""
    acks: str = ""  # where a writer writes down what was acknowledged
    events: int = 0  # how many it writes in all
    per_commit: int = 10
    seed: int = 0
    topic: str = "bench.events"


async def play(role: Role, stop: asyncio.Event) -> None:
    db = await Database.connect(role.database_url, min_size=0, max_size=10, idle_in_transaction_session_timeout="5s")
    try:
        await {"writer": write, "relay": relay, "log_reader": read_log, "broker_reader": read_broker}[role.role](
            role, db, stop
        )
    finally:
        await db.close()


async def write(role: Role, db: Database, stop: asyncio.Event) -> None:
    """Tell what customers bought; a new process goes on with what the file says is still to do."""
    chance = random.Random(role.seed)
    with Path(role.acks).open("a+") as file:  # noqa: ASYNC230  a line of its own file delays nobody else
        file.seek(0)
        done = sum(int(line) for line in file)
        while done < role.events and not stop.is_set():
            keys = sorted(chance.sample(range(KEYS), min(role.per_commit, role.events - done)))
            try:
                await tell(db, keys)
            except Exception:
                await asyncio.sleep(0.1)  # the database is away; a commit in doubt is counted by the database itself
                continue
            done += len(keys)
            file.write(f"{len(keys)}\n")
            file.flush()


async def tell(db: Database, keys: list[int]) -> None:
    now = Clock().now()
    async with db.transaction() as tx:
        for row in await tx.rows(NEXT_NUMBERS, keys):
            await publish(tx, Bought(row["number"], PAD), key=row["key"], subject=SUBJECT, at=now)


async def relay(role: Role, db: Database, stop: asyncio.Event) -> None:
    broker = open_broker(parse_address(role.broker_url), topic=role.topic, installation=Installation("bench"))
    leases = Leases(db, [broker.name])
    await asyncio.gather(leases.run(stop), Relay(db, broker, leases).run(stop))


async def read_log(role: Role, db: Database, stop: asyncio.Event) -> None:
    leases = Leases(db, ["bench.log"])
    runner = ReactionRunner(db, Clock(), [reader("bench.log")], leases=leases)
    await asyncio.gather(leases.run(stop), runner.run(stop))


async def read_broker(role: Role, db: Database, stop: asyncio.Event) -> None:
    address = parse_address(role.broker_url)
    broker = open_broker(address, topic=role.topic, installation=Installation("bench"))
    name = f"bench.{address.kind}"
    leases = Leases(db, [name])
    runner = ReactionRunner(db, Clock(), [reader(name)], leases=leases, feed=BrokerFeed(broker))
    await asyncio.gather(leases.run(stop), runner.run(stop))


async def main(role: Role) -> None:
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of every try to reach a broker that is away
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await play(role, stop)


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Role)))
