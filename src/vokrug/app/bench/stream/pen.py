"""One writer of the rates: `python -m vokrug.app.bench.stream.pen URL SEED`.

Reads turns from its input, a JSON object a line, and answers each with the number of facts it wrote.
"""

import asyncio
import random
import sys
import time
from uuid import uuid4

import asyncpg
import msgspec

from vokrug.app.bench.stream.facts import KEYS, NEXT_NUMBERS, PAD, SUBJECT, Bought
from vokrug.events import row_of
from vokrug.kernel import Clock


class Turn(msgspec.Struct, frozen=True):
    """Write with one statement for a while."""

    sql: str
    per_commit: int
    seconds: float
    with_change: bool = False  # the customers' own rows are changed in the same transaction


async def main(url: str, seed: int) -> None:
    connection = await asyncpg.connect(url)
    chance = random.Random(seed)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(await write(connection, msgspec.json.decode(line, type=Turn), chance), flush=True)
    await connection.close()


async def write(connection: "asyncpg.Connection[asyncpg.Record]", turn: Turn, chance: random.Random) -> int:
    statement = await connection.prepare(turn.sql)
    change = await connection.prepare(NEXT_NUMBERS)
    until_s, count = time.monotonic() + turn.seconds, 0
    while time.monotonic() < until_s:
        now = Clock().now()
        keys = chance.sample(range(KEYS), turn.per_commit)
        rows = [row_of(Bought(count, PAD), key=key, subject=SUBJECT, at=now, id=uuid4()) for key in keys]
        if turn.with_change:
            async with connection.transaction():
                await change.fetch(keys)
                await statement.fetch(*map(list, zip(*rows, strict=True)))
        else:
            await statement.fetch(*map(list, zip(*rows, strict=True)))
        count += len(rows)
    return count


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
