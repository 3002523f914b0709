"""Segments follow whoever changed; a full count once a night looks at everybody and says how many were elsewhere."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug import events
from vokrug.customers import store as identity
from vokrug.customers.crosswalk.store import note
from vokrug.customers.directory import Directory
from vokrug.customers.errors import IdentifierBlocked, IdentifierMalformed, PhoneMalformed
from vokrug.customers.facts import SegmentEntered, SegmentLeft
from vokrug.customers.segments import rules, store
from vokrug.customers.segments.errors import SegmentIsAList, SegmentIsARule, SegmentMalformed, SegmentUnknown
from vokrug.customers.segments.types import Rule, Segment, Tried
from vokrug.customers.types import Identifier
from vokrug.kernel import Text
from vokrug.runtime.database import Database, Tx

KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,55}")
PAGE = 500
SAMPLE = 10
MOST_LIVE = 200
CHUNK = 5_000
MOST_BAD = 1_000


async def define(tx: Tx, key: str, words: Text, rule: Rule | None, *, by: str, now: datetime) -> tuple[Segment, bool]:
    """Make a segment, or give it another rule. Answers with it, and whether everybody has to be looked at."""
    if not KEY.fullmatch(key) or not (words.en.strip() and words.ru.strip()):
        raise SegmentMalformed(problem="key or words")
    if rule is not None:
        rules.require_sound(rule)
    before = await store.find_segment(tx, key, is_locked=True)
    if before is not None and (before.rule is None) != (rule is None):
        raise SegmentIsAList if before.rule is None else SegmentIsARule
    if (before is None or before.state != "live") and len(await store.live_segments(tx)) >= MOST_LIVE:
        raise SegmentMalformed(problem=f"more than {MOST_LIVE} live segments")
    if before is not None and (before.words, before.rule, before.state) == (words, rule, "live"):
        return before, False
    await store.put_segment(tx, key, words, rule, by=by, now=now)
    return await shown(tx, key), True


async def end(tx: Tx, key: str) -> Segment:
    """Nobody is in it any more. Repeat freely."""
    if await store.find_segment(tx, key, is_locked=True) is None:
        raise SegmentUnknown(key=key)
    await store.end_segment(tx, key)
    return await shown(tx, key)


async def shown(tx: Tx, key: str) -> Segment:
    if (found := await store.find_segment(tx, key)) is None:
        raise SegmentUnknown(key=key)
    return found


async def segments(tx: Tx) -> Sequence[Segment]:
    return await store.list_segments(tx)


async def segments_of(tx: Tx, number: int) -> list[str]:
    """The keys of the segments that a person is in: one key read. By the survivor's number."""
    return await store.segments_of(tx, number)


async def try_out(tx: Tx, rule: Rule, now: datetime) -> Tried:
    """How many people a rule would find, and a few of them. Nothing is kept."""
    rules.require_sound(rule)
    return Tried(*await store.try_out(tx, rules.compiled(rule, 0, now, 1), SAMPLE))


async def look_again(tx: Tx, numbers: Collection[int], now: datetime) -> Counter[int]:
    """Who of these is in which segment by now; tell who entered and who left. How many moved, by segment.

    Ended segments count as fitting nobody.
    """
    live = await store.live_segments(tx)
    conditions, first = {}, 2
    for one in live:
        conditions[one.number] = rules.compiled(one.rule, one.number, now, first)
        first += len(conditions[one.number].parameters)
    held = await store.segmented(tx, numbers)
    fits = await store.who_fits(tx, numbers, conditions) if conditions else {number: set() for number in numbers}
    moving = {number: fit for number, fit in fits.items() if fit != held.get(number, set())}
    if not moving:
        return Counter()
    keys = {one.number: one.key for one in await store.list_segments(tx)}
    ids = await identity.ids_of(tx, sorted(moving))
    by, moved = Counter[int](), Counter[int]()
    for number, fit in sorted(moving.items()):
        had = held.get(number, set())
        for kind, segments, step in ((SegmentEntered, fit - had, 1), (SegmentLeft, had - fit, -1)):
            for segment in sorted(segments):
                by[segment] += step
                moved[segment] += 1
                fact = kind(customer_id=ids[number], segment=keys[segment])
                await events.publish(tx, fact, key=number, subject=str(ids[number]), at=now)
    await store.put_segmented(tx, moving, by)
    return moved


async def follow(db: Database, now: datetime) -> int:
    """Look again at whoever changed since the last time. How many did."""
    looked = 0
    while True:
        async with db.transaction() as tx:
            place = await store.lock_head(tx)
            numbers, reached = await store.changed_since(tx, place, PAGE)
            if not numbers:
                return looked
            await look_again(tx, numbers, now)
            await store.move_head(tx, reached)
            looked += len(numbers)


async def count_all(db: Database, now: datetime) -> int:
    """Look at everybody, a page at a time. How many were elsewhere than they were kept: time passes rules by, and
    anything else is a fault.
    """
    after, moved = 0, Counter[int]()
    while True:
        async with db.transaction() as tx:
            await store.lock_head(tx)
            numbers = await store.everybody(tx, after, PAGE)
            if not numbers:
                break
            moved += await look_again(tx, numbers, now)
            after = numbers[-1]
    async with db.transaction() as tx:
        for one in await store.list_segments(tx):
            if one.state == "live" or moved[one.number]:
                await store.mark_counted(tx, one.number, now, moved[one.number])
    return moved.total()


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that names nobody. The value is not repeated: answers are logged."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Listed:
    taken: int
    bad: list[Bad]


async def put_on_list(
    tx: Tx, directory: Directory, key: str, type: str, lines: Iterable[str], *, replace: bool, is_dry: bool
) -> Listed:
    """Put people on a list by identifiers of one type, one a line. Lines that name nobody are told by their numbers."""
    segment = await store.find_segment(tx, key, is_locked=True)
    if segment is None:
        raise SegmentUnknown(key=key)
    if segment.rule is not None:
        raise SegmentIsARule
    await directory.meet(tx, [type])
    directory.identifier_type(type)
    bad, found, changed = list[Bad](), set[int](), set[int]()
    chunk: list[tuple[int, Identifier]] = []

    async def flush() -> None:
        people = await identity.resolve(tx, [one for _, one in chunk])
        found.update(person.number for person in people.values())
        bad.extend(Bad(line, "unknown") for i, (line, _) in enumerate(chunk) if i not in people)
        chunk.clear()

    for line, text in enumerate(lines, 1):
        value = text.strip().strip('"').strip()
        if not value or (line == 1 and value.lower() in ("value", type)):
            continue
        try:
            chunk.append((line, directory.identify(type, value)))
        except (IdentifierMalformed, PhoneMalformed, IdentifierBlocked) as refusal:
            bad.append(Bad(line, refusal.code))
        if len(chunk) >= CHUNK:
            await flush()
    await flush()
    if not is_dry:
        if replace:
            changed.update(await store.clear_listed(tx, segment.number))
        changed.update(await store.add_listed(tx, segment.number, sorted(found)))
        await note(tx, changed, is_of_identity=False)  # followed like any other change
    return Listed(len(found), sorted(bad, key=lambda one: one.line)[:MOST_BAD])


async def take_off_list(tx: Tx, key: str, ids: Collection[UUID]) -> int:
    """Take people off a list, whichever of their ids it knew. How many were on it."""
    segment = await store.find_segment(tx, key, is_locked=True)
    if segment is None:
        raise SegmentUnknown(key=key)
    if segment.rule is not None:
        raise SegmentIsARule
    numbers = [member.number for member in (await identity.find_members(tx, ids)).values()]
    members = [one.number for number in numbers for one in await identity.people_of(tx, number)]
    gone = await store.remove_listed(tx, segment.number, members)
    await note(tx, gone, is_of_identity=False)
    return len(gone)
