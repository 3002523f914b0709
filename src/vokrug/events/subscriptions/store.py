"""The SQL of subscriptions: what they are, who did what to them, how far they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from vokrug.events.subscriptions.types import Act, Endpoint, Reach, Subscription, SubscriptionLag, place_of
from vokrug.events.types import Envelope
from vokrug.runtime.database import Tx

COLUMNS = """
    name, owner_key, words, types, filter, delivery, start_from, start_time, start_cursor, purposes, keeps_days,
    lag_limit_days, max_per_s, max_in_flight, topic, state, reason, replays, skipped, requested_by, requested_at,
    approved_by, changed_at
"""

FIND = f"select {COLUMNS} from events_subscription where name = $1"  # noqa: S608  the columns are ours

LOCK = FIND + " for update"

LIST = f"""
    select {COLUMNS} from events_subscription
     where ($1::text is null or owner_key = $1) and ($2::text is null or state = $2) order by name
"""  # noqa: S608  the columns are ours

INSERT = f"""
    insert into events_subscription ({COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
    on conflict do nothing
"""  # noqa: S608  the columns are ours

SET_STATE = """
    update events_subscription
       set state = $2, reason = $3, changed_at = $4, approved_by = coalesce($5, approved_by)
     where name = $1
"""

HAND_OVER = "update events_subscription set owner_key = $2, changed_at = $3 where name = $1"

WRITE_ACT = """
    insert into events_subscription_audit (subscription, at, actor, action, details) values ($1, $2, $3, $4, $5)
"""

LIST_ACTS = """
    select at, actor, action, details from events_subscription_audit
     where subscription = $1 order by id desc limit $2
"""

LAG = """
    select lag.* from events_subscription_lag lag join events_subscription s using (name)
     where s.state in ('active', 'paused') and ($1::text[] is null or name = any($1)) order by name
"""

ENDPOINT_COLUMNS = """
    subscription, url, mode, batch_size, tries, timeout_s, secret_sealed, former_secret_sealed, former_until,
    verified_at, allowed_per_min, failures, open_until, last_status, last_error, last_failed_at, delivered_at
"""

FIND_ENDPOINT = f"select {ENDPOINT_COLUMNS} from events_endpoint where subscription = $1"  # noqa: S608  ours

INSERT_ENDPOINT = """
    insert into events_endpoint (subscription, url, mode, batch_size, tries, timeout_s, secret_sealed, verified_at,
                                 allowed_per_min)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

VERIFIED = "update events_endpoint set verified_at = $2, allowed_per_min = $3 where subscription = $1"

CHANGE_KEY = """
    update events_endpoint set former_secret_sealed = secret_sealed, former_until = $3, secret_sealed = $2
     where subscription = $1
"""

TRUST_AGAIN = "update events_endpoint set failures = 0, open_until = null where subscription = $1"

FORGET_LEASES = "delete from events_sending where subscription = $1"

REACHES = """
    select o.partition, o.position, least(h.next_position - 1, o.until) as horizon
      from events_offset o join events_head h using (partition) where o.reaction = $1 order by o.partition
"""

HEADS = "select partition, next_position - 1 from events_head order by partition"

COMMIT = """
    update events_offset o set position = given.position
      from unnest($2::smallint[], $3::bigint[]) as given (partition, position)
     where o.reaction = $1 and o.partition = given.partition and o.position < given.position
"""

ENROL_AT = """
    insert into events_offset (reaction, partition, position)
    select $1, given.partition, least(given.position, h.next_position - 1)
      from unnest($2::smallint[], $3::bigint[]) as given (partition, position)
           join events_head h using (partition)
"""

ENROL_AT_TIME = """
    insert into events_offset (reaction, partition, position)
    select $1, partition, events_position_before(partition, $2) from events_head
"""

# By number: a join that gives the name comes after the choice.
READ = """
    select told.partition, told.position, t.name as type, told.id, told.key, told.subject, told.time,
           told.recorded_at, told.data, $5::boolean as is_replay
      from unnest($1::smallint[], $2::bigint[], $3::bigint[]) as wanted (partition, after, until)
           cross join lateral
           (select * from events_log l
             where l.partition = wanted.partition and l.position > wanted.after and l.position <= wanted.until
               and l.type = any($4::integer[])
             order by l.position limit $6) as told
           join events_type t on t.id = told.type
     order by told.partition, told.position
"""

TOPIC_TAKEN = "select exists (select from events_subscription where topic = $2 and name <> $1)"

PERSONAL = "select name, personal from events_type where name = any($1) order by name"

CATALOGUE_MARK = "select count(*), sum(revision), max(changed_at) from events_type"

CONSENTS = "select name, purpose from events_type where name = any($1) and purpose is not null order by name"

LOCK_TOKENS = "select tokens, filled_at from events_subscription_rate where subscription = $1 for update"

WRITE_TOKENS = """
    insert into events_subscription_rate (subscription, tokens, filled_at) values ($1, $2, $3)
    on conflict on constraint a_subscription_has_one_rate do update
       set tokens = excluded.tokens, filled_at = excluded.filled_at
"""


async def find(tx: Tx, name: str) -> Subscription | None:
    return await tx.maybe(Subscription, FIND, name)


async def lock(tx: Tx, name: str) -> Subscription | None:
    return await tx.maybe(Subscription, LOCK, name)


async def list_all(tx: Tx, *, owner_key: str | None = None, state: str | None = None) -> list[Subscription]:
    return await tx.all(Subscription, LIST, owner_key, state)


async def insert(tx: Tx, new: Subscription) -> bool:
    """False when the name is taken."""
    return bool(await tx.run(INSERT, *(getattr(new, column.strip()) for column in COLUMNS.split(","))))


async def set_state(
    tx: Tx, name: str, state: str, now: datetime, *, reason: str = "", approved_by: str | None = None
) -> None:
    await tx.run(SET_STATE, name, state, reason, now, approved_by)


async def hand_over(tx: Tx, name: str, owner_key: str, now: datetime) -> None:
    await tx.run(HAND_OVER, name, owner_key, now)


async def write_act(tx: Tx, name: str, actor: str, action: str, now: datetime, details: Mapping[str, Any]) -> None:
    await tx.run(WRITE_ACT, name, now, actor, action, msgspec.json.encode(details).decode())


async def list_acts(tx: Tx, name: str, limit: int) -> list[Act]:
    rows = await tx.rows(LIST_ACTS, name, limit)
    return [Act(row["at"], row["actor"], row["action"], msgspec.json.decode(row["details"])) for row in rows]


async def lag(tx: Tx, names: Sequence[str] | None = None) -> list[SubscriptionLag]:
    return await tx.all(SubscriptionLag, LAG, names)


async def find_endpoint(tx: Tx, name: str) -> Endpoint | None:
    return await tx.maybe(Endpoint, FIND_ENDPOINT, name)


async def insert_endpoint(tx: Tx, new: Endpoint) -> None:
    to = (new.subscription, new.url, new.mode, new.batch_size, new.tries, new.timeout_s, new.secret_sealed)
    await tx.run(INSERT_ENDPOINT, *to, new.verified_at, new.allowed_per_min)


async def verified(tx: Tx, name: str, allowed_per_min: int | None, now: datetime) -> None:
    await tx.run(VERIFIED, name, now, allowed_per_min)


async def rotate_secret(tx: Tx, name: str, sealed: bytes, former_until: datetime) -> None:
    await tx.run(CHANGE_KEY, name, sealed, former_until)


async def trust_again(tx: Tx, name: str) -> None:
    """Somebody has looked after the receiver: what happened before counts no more."""
    await tx.run(TRUST_AGAIN, name)


async def forget_leases(tx: Tx, name: str) -> None:
    """Whoever is sending for it finds out when they come back."""
    await tx.run(FORGET_LEASES, name)


async def reaches(tx: Tx, name: str) -> list[Reach]:
    return await tx.all(Reach, REACHES, place_of(name))


async def heads(tx: Tx) -> dict[int, int]:
    """The last position of each partition."""
    return {row[0]: row[1] for row in await tx.rows(HEADS)}


async def commit(tx: Tx, name: str, positions: Mapping[int, int]) -> int:
    """Move places forward; an earlier cursor moves nothing back."""
    return await tx.run(COMMIT, place_of(name), list(positions), list(positions.values()))


async def enrol_at(tx: Tx, name: str, positions: Mapping[int, int]) -> None:
    await tx.run(ENROL_AT, place_of(name), list(positions), list(positions.values()))


async def enrol_at_time(tx: Tx, name: str, moment: datetime) -> None:
    await tx.run(ENROL_AT_TIME, place_of(name), moment)


async def read(
    tx: Tx, spans: Mapping[int, tuple[int, int]], types: Sequence[int], *, limit: int, is_replay: bool
) -> list[Envelope]:
    """At most `limit` facts of each partition, between the given positions."""
    after = [span[0] for span in spans.values()]
    until = [span[1] for span in spans.values()]
    return await tx.all(Envelope, READ, list(spans), after, until, types, is_replay, limit)


async def topic_taken(tx: Tx, name: str, topic: str) -> bool:
    """Does another subscription have it, or did one ever?"""
    return bool(await tx.value(TOPIC_TAKEN, name, topic))


async def personal_fields(tx: Tx, types: Sequence[str]) -> list[tuple[str, list[dict[str, str]]]]:
    """Of each type: its personal fields with their purposes."""
    rows = await tx.rows(PERSONAL, types)
    return [(row["name"], msgspec.json.decode(row["personal"])) for row in rows]


async def catalogue_mark(tx: Tx) -> tuple[Any, ...]:
    """Another one after every change of a type."""
    return tuple((await tx.rows(CATALOGUE_MARK))[0])


async def consents(tx: Tx, types: Sequence[str]) -> dict[str, str]:
    """Which of these types may only be read for a purpose as a whole."""
    return {row["name"]: row["purpose"] for row in await tx.rows(CONSENTS, types)}


async def lock_tokens(tx: Tx, name: str) -> tuple[float, datetime] | None:
    rows = await tx.rows(LOCK_TOKENS, name)
    return (rows[0]["tokens"], rows[0]["filled_at"]) if rows else None


async def write_tokens(tx: Tx, name: str, tokens: float, now: datetime) -> None:
    await tx.run(WRITE_TOKENS, name, tokens, now)
