"""Lists and households, taken from files."""

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from vokrug import customers
from vokrug.promotions import store as offers
from vokrug.promotions.errors import ListKeyMalformed, ListUnknown
from vokrug.promotions.files import BadLine, Imported, OneCustomer, OneOfHousehold, read_lines
from vokrug.promotions.lists import store
from vokrug.runtime.database import Tx

SHORT_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
CHUNK = 5_000  # lines
MOST_BAD = 1_000  # lines told of; beyond that the file is another file

T = TypeVar("T", bound=Struct)


async def in_chunks(
    tx: Tx,
    lines: Iterable[str],
    kind: type[T],
    take: Callable[[list[tuple[int, T]]], Awaitable[None]],
    *,
    is_dry: bool = False,
) -> Imported:
    """Read a file line by line and hand customers' numbers on, some thousand at a time."""
    taken, bad = 0, list[BadLine]()
    chunk: list[tuple[int, T]] = []

    async def flush() -> None:
        nonlocal taken
        ids = [UUID(str(read.customer)) for _, read in chunk]  # type: ignore[attr-defined]
        numbers = await customers.numbers_of(tx, ids)
        known = [(numbers[id], read) for id, (_, read) in zip(ids, chunk, strict=True) if id in numbers]
        unknown = [(line, id) for id, (line, _) in zip(ids, chunk, strict=True) if id not in numbers]
        bad.extend(BadLine(line, "nobody has this id", str(id)) for line, id in unknown)
        if known and not is_dry:
            await take(known)
        taken += len(known)
        chunk.clear()

    for number, read in read_lines(lines, kind):
        if isinstance(read, BadLine):
            bad.append(read)
        else:
            chunk.append((number, read))
        if len(chunk) >= CHUNK:
            await flush()
    if chunk:
        await flush()
    bad.sort(key=lambda one: one.line)
    return Imported(taken, bad[:MOST_BAD], is_dry)


async def import_list(
    tx: Tx, key: str, lines: Iterable[str], *, name: str, replace: bool, is_dry: bool, by: str, now: datetime
) -> Imported:
    """Put customers on a list; `replace` takes everybody else off it."""
    if not SHORT_WORD.fullmatch(key):
        raise ListKeyMalformed()
    number = 0
    if not is_dry:
        number = await store.save(tx, key, name, by=by, now=now)
        if replace:
            await store.remove(tx, number, None)

    async def take(known: list[tuple[int, OneCustomer]]) -> None:
        await store.add(tx, number, [customer for customer, _ in known])

    done = await in_chunks(tx, lines, OneCustomer, take, is_dry=is_dry)
    if not is_dry:
        await offers.raise_counter(tx)
    return done


async def take_off(tx: Tx, key: str, ids: Iterable[UUID]) -> int:
    """Take customers off a list."""
    number = await store.find(tx, key)
    if number is None:
        raise ListUnknown(key=key)
    numbers = await customers.numbers_of(tx, list(ids))
    await store.remove(tx, number, list(numbers.values()))
    return len(numbers)


async def import_households(tx: Tx, lines: Iterable[str], *, is_dry: bool) -> Imported:
    """Who lives together, until the customers' own domain knows it."""

    async def take(known: list[tuple[int, OneOfHousehold]]) -> None:
        await store.save_households(tx, [customer for customer, _ in known], [read.household for _, read in known])

    done = await in_chunks(tx, lines, OneOfHousehold, take, is_dry=is_dry)
    if not is_dry:
        await offers.raise_counter(tx)
    return done
