"""Segments, who is in them, and who changed since they were looked at."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.customers.segments.types import Compiled, Rule, Segment
from vokrug.customers.store.values import as_json, plain_uuid
from vokrug.kernel import Text
from vokrug.runtime.database import Row, Tx

COLUMNS = """
    select number, key, words::text as words, rule::text as rule, members, state, made_by, made_at, counted_at,
           last_differences
      from customers_segment
"""
LIVE = COLUMNS + " where state = 'live' order by number"
FIND = COLUMNS + " where key = $1"
LIST = COLUMNS + " order by key"
PUT = """
    insert into customers_segment (key, words, rule, made_by, made_at) values ($1, $2, $3, $4, $5)
    on conflict (key) do update
       set words = excluded.words, rule = excluded.rule, made_by = excluded.made_by, made_at = excluded.made_at,
           state = 'live', counted_at = null
"""
END = "update customers_segment set state = 'ended' where key = $1"
COUNTED = "update customers_segment set counted_at = $2, last_differences = $3 where number = $1"
_decode_rule = msgspec.json.Decoder(Rule).decode


async def live_segments(tx: Tx) -> list[Segment]:
    return [_segment(row) for row in await tx.rows(LIVE)]


async def find_segment(tx: Tx, key: str, *, is_locked: bool = False) -> Segment | None:
    rows = await tx.rows(FIND + (" for update" if is_locked else ""), key)
    return _segment(rows[0]) if rows else None


async def list_segments(tx: Tx) -> list[Segment]:
    return [_segment(row) for row in await tx.rows(LIST)]


async def put_segment(tx: Tx, key: str, words: Text, rule: Rule | None, *, by: str, now: datetime) -> None:
    told = {"en": words.en, "ru": words.ru}
    await tx.run(PUT, key, as_json(told), None if rule is None else as_json(rule), by, now)


async def end_segment(tx: Tx, key: str) -> None:
    await tx.run(END, key)


async def mark_counted(tx: Tx, number: int, now: datetime, differences: int) -> None:
    await tx.run(COUNTED, number, now, differences)


def _segment(row: Row) -> Segment:
    fields = dict(row)
    fields["words"] = Text(**msgspec.json.decode(row["words"]))
    fields["rule"] = None if row["rule"] is None else _decode_rule(row["rule"])
    return Segment(**fields)


async def who_fits(tx: Tx, numbers: Collection[int], conditions: Mapping[int, Compiled]) -> dict[int, set[int]]:
    """For each of these customers, the segments they fit, all of them asked in one statement. Whoever is no survivor
    fits none.
    """
    parts = ", ".join(f"case when {one.sql} then {int(number)} end" for number, one in conditions.items())
    sql = f"""
        select p.number, array_remove(array[{parts}]::int[], null) as fits
          from customers_customer p where p.number = any($1) and p.state = 'active'
    """  # noqa: S608, words of ours; values are parameters
    parameters: list[Any] = [value for one in conditions.values() for value in one.parameters]
    found = {row["number"]: set(row["fits"]) for row in await tx.rows(sql, list(numbers), *parameters)}
    return {number: found.get(number, set()) for number in numbers}


async def try_out(tx: Tx, condition: Compiled, sample: int) -> tuple[int, list[UUID]]:
    """How many fit a condition, and the newest few of them. Looks at everybody: for a person who waits for it."""
    counted = f"select count(*) from customers_customer p where p.state = 'active' and {condition.sql}"  # noqa: S608
    newest = (
        f"select p.id from customers_customer p where p.state = 'active' and {condition.sql} "  # noqa: S608
        f"order by p.number desc limit {int(sample)}"
    )
    count: int = await tx.value(counted, *condition.parameters)
    return count, [plain_uuid(row["id"]) for row in await tx.rows(newest, *condition.parameters)]


SEGMENTED = "select customer_number, segments from customers_segmented where customer_number = any($1)"
SEGMENTS_OF = """
    select segment.key from customers_segmented of_them
      join customers_segment segment on segment.number = any(of_them.segments) and segment.state = 'live'
     where of_them.customer_number = $1 order by 1
"""
PUT_SEGMENTED = """
    insert into customers_segmented (customer_number, segments)
    select number, array(select (jsonb_array_elements_text(held::jsonb))::int)
      from unnest($1::bigint[], $2::text[]) as told (number, held)
    on conflict (customer_number) do update set segments = excluded.segments
"""
FORGET_EMPTY = "delete from customers_segmented where customer_number = any($1) and segments = '{}'"
ADD_MEMBERS = """
    update customers_segment segment set members = members + moved.by
      from unnest($1::int[], $2::bigint[]) as moved (number, by) where segment.number = moved.number
"""


async def segmented(tx: Tx, numbers: Collection[int]) -> dict[int, set[int]]:
    return {row["customer_number"]: set(row["segments"]) for row in await tx.rows(SEGMENTED, list(numbers))}


async def segments_of(tx: Tx, number: int) -> list[str]:
    return [row["key"] for row in await tx.rows(SEGMENTS_OF, number)]


async def put_segmented(tx: Tx, held: Mapping[int, Collection[int]], moved: Mapping[int, int]) -> None:
    told = [as_json(sorted(segments)) for segments in held.values()]
    await tx.run(PUT_SEGMENTED, list(held), told)
    await tx.run(FORGET_EMPTY, list(held))
    await tx.run(ADD_MEMBERS, list(moved), list(moved.values()))


LOCK_HEAD = "select place from customers_segment_head for update"
MOVE_HEAD = "update customers_segment_head set place = $1"
CHANGED = "select customer_number, place from customers_change where place > $1 order by place limit $2"
EVERYBODY = """
    select number from customers_customer where number > $1 order by number limit $2
"""


async def lock_head(tx: Tx) -> int:
    """How far segments have followed. One follower at a time."""
    place: int = await tx.value(LOCK_HEAD)
    return place


async def changed_since(tx: Tx, place: int, limit: int) -> tuple[list[int], int]:
    rows = await tx.rows(CHANGED, place, limit)
    return [row["customer_number"] for row in rows], rows[-1]["place"] if rows else place


async def move_head(tx: Tx, place: int) -> None:
    await tx.run(MOVE_HEAD, place)


async def everybody(tx: Tx, after: int, limit: int) -> list[int]:
    return [row["number"] for row in await tx.rows(EVERYBODY, after, limit)]


ADD_LISTED = """
    insert into customers_segment_listed (segment, customer_number)
    select $1, unnest($2::bigint[]) on conflict do nothing returning customer_number
"""
CLEAR_LISTED = "delete from customers_segment_listed where segment = $1 returning customer_number"
REMOVE_LISTED = """
    delete from customers_segment_listed where segment = $1 and customer_number = any($2) returning customer_number
"""


async def add_listed(tx: Tx, segment: int, numbers: Sequence[int]) -> list[int]:
    return [row["customer_number"] for row in await tx.rows(ADD_LISTED, segment, list(numbers))]


async def clear_listed(tx: Tx, segment: int) -> list[int]:
    return [row["customer_number"] for row in await tx.rows(CLEAR_LISTED, segment)]


async def remove_listed(tx: Tx, segment: int, numbers: Sequence[int]) -> list[int]:
    return [row["customer_number"] for row in await tx.rows(REMOVE_LISTED, segment, list(numbers))]
