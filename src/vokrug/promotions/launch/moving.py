"""Many offers moved at once, in a few statements."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.promotions.engine import Finding
from vokrug.promotions.store import version_of
from vokrug.promotions.types import OfferState, Version
from vokrug.runtime.database import Tx

SLICE = 100  # offers between two moments at which somebody else may run
Step = tuple[UUID, int, str, Sequence[Finding]]  # offer, version, what was done, what the lint said


@dataclass(frozen=True, slots=True)
class Newest:
    """An offer with the newest of its versions."""

    number: int
    key: str
    version: Version


LOCK_OFFERS = "select id from promotions_offer where id = any($1) order by number for update"
NEWEST = """
    select distinct on (v.offer_id) o.number, o.key,
           v.offer_id, v.version, v.body::text, v.state, v.created_by, v.created_at, v.state_at
      from promotions_offer o join promotions_offer_version v on v.offer_id = o.id
     where o.id = any($1) order by v.offer_id, v.version desc
"""
END_LIVE = """
    update promotions_offer_version set state = 'ended', state_at = $3
     where state in ('published', 'paused')
       and (offer_id, version) in (
           select v.offer_id, v.version
             from promotions_offer_version v
             join unnest($1::uuid[], $2::int[]) as wanted (offer_id, version) on wanted.offer_id = v.offer_id
            where v.version <> wanted.version)
    returning offer_id, version
"""
PUBLISH = """
    update promotions_offer_version v set state = 'published', state_at = $3
      from unnest($1::uuid[], $2::int[]) as wanted (offer_id, version)
     where v.offer_id = wanted.offer_id and v.version = wanted.version
"""
INSERT_AUDITS = """
    insert into promotions_audit (offer_id, version, action, by, at, findings)
    select step.offer_id, step.version, step.action, $5, $6, step.findings::jsonb
      from unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) with ordinality
           as step (offer_id, version, action, findings, place)
     order by step.place
"""
WITH_LIMITS = "select distinct offer from promotions_limit where offer = any($1) and is_live"


async def lock_newest(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Newest]:
    """These offers, locked in the order of their numbers, each with its newest version."""
    await tx.rows(LOCK_OFFERS, list(ids))
    found = {}
    for at, row in enumerate(await tx.rows(NEWEST, list(ids)), start=1):
        if at % SLICE == 0:
            await asyncio.sleep(0)
        fields = dict(row)
        number, key = fields.pop("number"), fields.pop("key")
        found[fields["offer_id"]] = Newest(number, key, version_of(fields))
    return found


async def end_live(tx: Tx, moving: Sequence[Newest], now: datetime) -> list[tuple[UUID, int]]:
    """The versions that ran, or rested, until these take their place."""
    return [(row["offer_id"], row["version"]) for row in await tx.rows(END_LIVE, *_versions(moving), now)]


async def publish(tx: Tx, moving: Sequence[Newest], now: datetime) -> None:
    await tx.run(PUBLISH, *_versions(moving), now)


async def insert_audits(tx: Tx, steps: Iterable[Step], *, by: str, now: datetime) -> None:
    """In the order given."""
    rows = [
        (offer, version, action, msgspec.json.encode(list(found)).decode()) for offer, version, action, found in steps
    ]
    if rows:
        await tx.run(INSERT_AUDITS, *map(list, zip(*rows, strict=True)), by, now)


async def with_limits(tx: Tx, numbers: Sequence[int]) -> frozenset[int]:
    """Those of these offers that limits are written for."""
    return frozenset(row["offer"] for row in await tx.rows(WITH_LIMITS, list(numbers)))


def steps_of(
    moving: Sequence[Newest], ended: Sequence[tuple[UUID, int]], findings: dict[str, list[Finding]]
) -> list[Step]:
    """What the audit keeps of a publication: what ended, what was checked on the way, what runs."""
    steps: list[Step] = [(offer_id, version, OfferState.ENDED.value, ()) for offer_id, version in ended]
    for one in moving:
        offer_id, version = one.version.offer_id, one.version.version
        if one.version.state == OfferState.DRAFT:
            steps.append((offer_id, version, OfferState.CHECKED.value, ()))
        steps.append((offer_id, version, OfferState.PUBLISHED.value, findings.get(one.key, ())))
    return steps


def _versions(moving: Sequence[Newest]) -> tuple[list[UUID], list[int]]:
    return [one.version.offer_id for one in moving], [one.version.version for one in moving]
