"""Partners keep their own ids. They ask for ours, ten thousand at a time, or keep a copy and read what changed."""

from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from vokrug.customers.crosswalk import store
from vokrug.customers.crosswalk.errors import (
    CrosswalkCursorMalformed,
    CrosswalkForOneself,
    CrosswalkNotYours,
    CrosswalkTypeSecret,
)
from vokrug.customers.crosswalk.pairwise import Pairwise, Plain
from vokrug.customers.crosswalk.types import Right, Row, Walked
from vokrug.customers.directory import Directory
from vokrug.customers.errors import IdentifierBlocked, IdentifierMalformed, PhoneMalformed
from vokrug.customers.types import Identifier, Sensitivity
from vokrug.runtime.database import Database, Tx

T = TypeVar("T")

BY_ID = "id"
PAGE = 2_000
NO_IDENTIFIER = (IdentifierMalformed, PhoneMalformed, IdentifierBlocked)


class Walker:
    """What one key may see, ready to look up and to show."""

    def __init__(self, directory: Directory, right: Right) -> None:
        self._directory = directory
        self.right = right
        self.ids = Pairwise(directory.vault, right.sector) if right.is_pairwise else Plain()
        kinds = [directory.identifier_type(code) for code in right.types]
        self._codes = {kind.id: kind.code for kind in kinds}

    def type_ids(self, codes: Collection[str]) -> list[int]:
        return [type_id for type_id, code in self._codes.items() if code in codes]

    def require(self, codes: Collection[str]) -> None:
        for code in codes:
            if code not in self.right.types:
                raise CrosswalkNotYours(type=code[:64])

    def walked(self, row: Row, *, is_followed: bool) -> Walked:
        """A line for a customer. Followed, a merged one is their survivor; or else a word of where they moved."""
        if row.state == "erased":
            return Walked(self.ids.out(row.id), is_erased=True)
        survivor = self.ids.out(row.survivor_id)
        if not is_followed and row.id != row.survivor_id:
            return Walked(self.ids.out(row.id), moved_to=survivor)
        values: dict[str, list[str]] = {}
        for type_id, holder, wrapped, cipher in row.identifiers:
            value = self._directory.vault.person_key(holder, wrapped).open(cipher, "identifier")
            of_type = values.setdefault(self._codes[type_id], [])
            if value not in of_type:  # several sources may say the same
                of_type.append(value)
        return Walked(survivor, values, [self.ids.out(id) for id in row.merged_ids])


async def grant(tx: Tx, directory: Directory, right: Right, now: datetime) -> None:
    """Say which types a key may see. Somebody else's key; types that are shown to nobody are refused."""
    if right.granted_by == right.key_id:
        raise CrosswalkForOneself
    await directory.meet(tx, right.types)
    for code in right.types:
        if directory.identifier_type(code).sensitivity is Sensitivity.SECRET:
            raise CrosswalkTypeSecret(type=code)
    await store.put_right(tx, right, now)


async def rights(tx: Tx) -> Sequence[Right]:
    return await store.list_rights(tx)


async def walker_for(tx: Tx, directory: Directory, key_id: str) -> Walker:
    """The only way to others' ids: what was granted to this key."""
    right = await store.find_right(tx, key_id)
    if right is None:
        raise CrosswalkNotYours(type="*")
    await directory.meet(tx, right.types)
    return Walker(directory, right)


async def look_up(
    tx: Tx, directory: Directory, walker: Walker, by: str, values: Sequence[str], want: Collection[str]
) -> list[Walked | None]:
    """Who is behind each value, in the order asked, in one statement. None: nobody, or no such value."""
    walker.require([code for code in (by, *want) if code != BY_ID])
    type_ids = walker.type_ids(want)
    if by == BY_ID:
        places, ids = _places([_id_of(value, walker) for value in values])
        found = await store.by_id(tx, ids, type_ids)
    else:
        identified: list[Identifier | None] = []
        for value in values:
            try:
                identified.append(directory.identify(by, value))
            except NO_IDENTIFIER:
                identified.append(None)
        places, identifiers = _places(identified)
        found = await store.by_identifier(tx, identifiers, type_ids)
    known = {places[i]: row for i, row in found.items()}
    return [walker.walked(known[i], is_followed=True) if i in known else None for i in range(len(values))]


def _places(given: Sequence[T | None]) -> tuple[list[int], list[T]]:
    """What there is, and where among all that was given."""
    there = {i: one for i, one in enumerate(given) if one is not None}
    return list(there), list(there.values())


def _id_of(value: str, walker: Walker) -> UUID | None:
    try:
        return walker.ids.back(UUID(value))
    except ValueError:
        return None


async def changes(tx: Tx, walker: Walker, cursor: str, limit: int) -> tuple[list[Walked], str, bool]:
    """Everybody whose identity changed since, each as they are now, once; the next cursor; is there more?"""
    after = _place_of(cursor)
    if after > await store.head(tx):
        raise CrosswalkCursorMalformed
    rows = await store.changes(tx, after, limit, walker.type_ids(walker.right.types))
    next_cursor = str(rows[-1].place if rows else after)
    return [walker.walked(row, is_followed=False) for row in rows], next_cursor, len(rows) == limit


async def snapshot(db: Database, walker: Walker) -> AsyncGenerator[tuple[list[Walked], str | None], None]:
    """Everybody who has something the key may see, page by page; the last page brings the cursor to read on from.

    The cursor is of before the first page: what changes while this is read is read again afterwards.
    """
    type_ids = walker.type_ids(walker.right.types)
    async with db.one_read() as tx:
        start = await store.head(tx)
    after = 0
    while True:
        async with db.one_read() as tx:
            rows = await store.snapshot(tx, after, PAGE, type_ids)
        if not rows:
            break
        after = rows[-1].number
        yield [walker.walked(row, is_followed=True) for row in rows if row.identifiers], None
    yield [], str(start)


def _place_of(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise CrosswalkCursorMalformed
    return int(cursor)
