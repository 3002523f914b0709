"""Offers as they were at a moment, and as they are."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.promotions.engine import OfferBody, OfferVersion, Policy
from vokrug.promotions.engine.policy import DEFAULT
from vokrug.promotions.lists import store as lists
from vokrug.promotions.rules import read_body
from vokrug.runtime.database import Row, Tx

# A version is never edited, so a body that was read once is known for good.
_bodies: dict[tuple[UUID, int], OfferBody] = {}
KEEP_BODIES = 20_000

read_policy = msgspec.json.Decoder(Policy).decode

LIVE_AT = """
    select o.id, o.number as offer_id, last.version, o.key
      from promotions_offer o
      cross join lateral (select a.version, a.action from promotions_audit a
                           where a.offer_id = o.id and a.action in ('published', 'paused', 'ended') and a.at <= $1
                           order by a.at desc, a.number desc limit 1) last
     where last.action = 'published' order by o.number
"""
MOVES_BETWEEN = """
    select a.at, o.id, o.number as offer_id, o.key, a.version, a.action
      from promotions_audit a join promotions_offer o on o.id = a.offer_id
     where a.action in ('published', 'paused', 'ended') and a.at > $1 and a.at <= $2 order by a.number
"""
POLICY_AT = "select body::text from promotions_policy where created_at <= $1 order by version desc limit 1"
POLICIES_BETWEEN = """
    select created_at, body::text from promotions_policy where created_at > $1 and created_at <= $2 order by version
"""
NEWEST = """
    select distinct on (o.id) o.id, o.number as offer_id, v.version, o.key
      from promotions_offer_version v join promotions_offer o on o.id = v.offer_id
     where o.id = any($1) order by o.id, v.version desc
"""
NUMBERS = "select id, number from promotions_offer where id = any($1)"
NUMBERS_BY_KEY = "select key, number from promotions_offer where key = any($1)"
LISTED = "select customer_number, lists from promotions_listed where customer_number = any($1)"
LAST_NUMBER = "select coalesce(max(number), 0) from promotions_offer"
BODIES = """
    select v.offer_id, v.version, v.body::text
      from unnest($1::uuid[], $2::int[]) as wanted (offer_id, version)
      join promotions_offer_version v on v.offer_id = wanted.offer_id and v.version = wanted.version
"""


async def live_at(tx: Tx, moment: datetime) -> list[OfferVersion]:
    """The versions that ran at a moment, by number."""
    return await _with_bodies(tx, await tx.rows(LIVE_AT, moment))


async def newest(tx: Tx, ids: Sequence[UUID]) -> list[OfferVersion]:
    """The newest version of each offer, whatever its state."""
    return await _with_bodies(tx, await tx.rows(NEWEST, list(ids)))


async def moves_between(tx: Tx, after: datetime, until: datetime) -> list[tuple[datetime, int, OfferVersion | None]]:
    """What changed in the published set, in its order: an offer's number, and what runs of it from then on."""
    rows = await tx.rows(MOVES_BETWEEN, after, until)
    published = [row for row in rows if row["action"] == "published"]
    versions = {(one.offer_id, one.version): one for one in await _with_bodies(tx, published)}
    return [
        (
            row["at"],
            row["offer_id"],
            versions[row["offer_id"], row["version"]] if row["action"] == "published" else None,
        )
        for row in rows
    ]


async def policy_at(tx: Tx, moment: datetime) -> Policy:
    """The policy in force at a moment; until somebody wrote one, what the product comes with."""
    body = await tx.value(POLICY_AT, moment)
    return DEFAULT if body is None else read_policy(body)


async def policies_between(tx: Tx, after: datetime, until: datetime) -> list[tuple[datetime, Policy]]:
    rows = await tx.rows(POLICIES_BETWEEN, after, until)
    return [(row["created_at"], read_policy(row["body"])) for row in rows]


async def numbers(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, int]:
    return {row["id"]: row["number"] for row in await tx.rows(NUMBERS, list(ids))}


async def numbers_by_key(tx: Tx, keys: Sequence[str]) -> dict[str, int]:
    return {row["key"]: row["number"] for row in await tx.rows(NUMBERS_BY_KEY, list(keys))}


async def segments_of(tx: Tx, customers: Collection[int]) -> dict[int, frozenset[str]]:
    """The lists that customers are on today, as segments."""
    keys = await lists.read_keys(tx)
    rows = await tx.rows(LISTED, list(customers))
    return {row["customer_number"]: frozenset(f"list:{keys[n]}" for n in row["lists"]) for row in rows}


async def last_number(tx: Tx) -> int:
    number: int = await tx.value(LAST_NUMBER)
    return number


async def _with_bodies(tx: Tx, rows: Sequence[Row]) -> list[OfferVersion]:
    wanted = [(row["id"], row["version"]) for row in rows]
    known = {one: _bodies[one] for one in wanted if one in _bodies}
    unknown = [one for one in dict.fromkeys(wanted) if one not in known]
    if unknown:
        asked = [list(column) for column in zip(*unknown, strict=True)]
        for row in await tx.rows(BODIES, *asked):
            known[row["offer_id"], row["version"]] = read_body(msgspec.json.decode(row["body"]))
        if len(_bodies) + len(unknown) > KEEP_BODIES:
            _bodies.clear()
        _bodies.update(known)
    return [
        OfferVersion(offer_id=row["offer_id"], version=row["version"], key=row["key"], body=known[one])
        for one, row in zip(wanted, rows, strict=True)
    ]
