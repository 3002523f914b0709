"""All the SQL of promotions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.promotions.engine import Finding, OfferVersion
from vokrug.promotions.rules import read_body, resolve_groups
from vokrug.promotions.types import AuditEntry, LatestStep, Offer, OfferRow, OfferState, Version
from vokrug.runtime.database import Row, Tx

INSERT_OFFER = """
    insert into promotions_offer (id, key, name, kind, owner, created_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing
"""


async def insert_offer(tx: Tx, id: UUID, *, key: str, name: str, kind: str, owner: str, now: datetime) -> bool:
    """False when the id or the key is there already."""
    return await tx.run(INSERT_OFFER, id, key, name, kind, owner, now) == 1


FIND_OFFER = """
    select id, number, key, name, kind, owner, created_at from promotions_offer where id = $1
"""


async def find_offer(tx: Tx, id: UUID) -> Offer | None:
    return await tx.maybe(Offer, FIND_OFFER, id)


LOCK_OFFER = FIND_OFFER + " for update"


async def lock_offer(tx: Tx, id: UUID) -> Offer | None:
    """Versions of one offer move one at a time."""
    return await tx.maybe(Offer, LOCK_OFFER, id)


FIND_OFFER_BY_KEY = """
    select id, number, key, name, kind, owner, created_at from promotions_offer where key = $1
"""


async def find_offer_by_key(tx: Tx, key: str) -> Offer | None:
    return await tx.maybe(Offer, FIND_OFFER_BY_KEY, key)


RENAME_OFFER = "update promotions_offer set name = $2, owner = $3 where id = $1"


async def rename_offer(tx: Tx, id: UUID, *, name: str, owner: str) -> None:
    await tx.run(RENAME_OFFER, id, name, owner)


INSERT_VERSION = """
    insert into promotions_offer_version (offer_id, version, body, state, created_by, created_at, state_at)
    select $1, coalesce(max(version), 0) + 1, $2::jsonb, 'draft', $3, $4, $4
      from promotions_offer_version where offer_id = $1
    returning version
"""


async def insert_version(tx: Tx, offer_id: UUID, body: str, *, by: str, now: datetime) -> int:
    """The next version of an offer, as a draft. The offer is locked by the caller."""
    version: int = await tx.value(INSERT_VERSION, offer_id, body, by, now)
    return version


LIST_VERSIONS = """
    select offer_id, version, body::text, state, created_by, created_at, state_at
      from promotions_offer_version where offer_id = $1 order by version
"""


async def list_versions(tx: Tx, offer_id: UUID) -> list[Version]:
    return [version_of(row) for row in await tx.rows(LIST_VERSIONS, offer_id)]


FIND_LIVE_VERSION = """
    select offer_id, version, body::text, state, created_by, created_at, state_at
      from promotions_offer_version where offer_id = $1 and state in ('published', 'paused')
"""


async def find_live_version(tx: Tx, offer_id: UUID) -> Version | None:
    rows = await tx.rows(FIND_LIVE_VERSION, offer_id)
    return version_of(rows[0]) if rows else None


SET_STATE = """
    update promotions_offer_version set state = $3, state_at = $4 where offer_id = $1 and version = $2
"""


async def set_state(tx: Tx, version: Version, state: OfferState, now: datetime) -> None:
    await tx.run(SET_STATE, version.offer_id, version.version, state.value, now)


INSERT_AUDIT = """
    insert into promotions_audit (offer_id, version, action, by, at, findings) values ($1, $2, $3, $4, $5, $6::jsonb)
"""


async def insert_audit(
    tx: Tx,
    offer_id: UUID,
    version: int,
    action: str,
    *,
    by: str,
    now: datetime,
    findings: Sequence[Finding] = (),
) -> None:
    told = msgspec.json.encode(list(findings)).decode()
    await tx.run(INSERT_AUDIT, offer_id, version, action, by, now, told)


LIST_AUDIT = """
    select version, action, by, at, findings::text from promotions_audit where offer_id = $1 order by number
"""
read_findings = msgspec.json.Decoder(list[Finding]).decode


async def list_audit(tx: Tx, offer_id: UUID) -> list[AuditEntry]:
    rows = await tx.rows(LIST_AUDIT, offer_id)
    return [AuditEntry(**{**dict(row), "findings": read_findings(row["findings"])}) for row in rows]


LIST_OFFERS = """
    select o.id, o.number, o.key, o.name, o.kind, o.owner,
           newest.version as newest_version, newest.state as newest_state,
           live.version as live_version, live.state as live_state
      from promotions_offer o
      join lateral (select version, state from promotions_offer_version v where v.offer_id = o.id
                     order by version desc limit 1) newest on true
      left join promotions_offer_version live
             on live.offer_id = o.id and live.state in ('published', 'paused')
     where ($1::text is null or $1 in (newest.state, live.state))
       and ($2::text is null or strpos(lower(o.name), lower($2)) > 0 or strpos(o.key, lower($2)) > 0)
       and o.number > $3
     order by o.number limit $4
"""


async def list_offers(
    tx: Tx, *, state: OfferState | None, search: str | None, after: int, limit: int
) -> list[OfferRow]:
    rows = await tx.rows(LIST_OFFERS, state.value if state else None, search, after, limit)
    return [msgspec.convert(dict(row), OfferRow) for row in rows]


LATEST_STEPS = """
    select a.offer_id, o.name, a.version, a.action, a.by, a.at
      from promotions_audit a join promotions_offer o on o.id = a.offer_id order by a.number desc limit $1
"""


async def latest_steps(tx: Tx, limit: int) -> Sequence[LatestStep]:
    return await tx.all(LatestStep, LATEST_STEPS, limit)


LIST_PUBLISHED = """
    select o.number as offer_id, v.version, o.key, v.body::text
      from promotions_offer_version v join promotions_offer o on o.id = v.offer_id
      left join promotions_campaign c on c.number = o.campaign
     where v.state = 'published' and coalesce(c.state, 'running') = 'running'
"""


async def published_rows(tx: Tx) -> Sequence[Row]:
    return await tx.rows(LIST_PUBLISHED)


async def list_published(tx: Tx) -> list[OfferVersion]:
    return [compilable(row) for row in await published_rows(tx)]


LIST_NEWEST = """
    select distinct on (o.id) o.number as offer_id, v.version, o.key, v.body::text
      from promotions_offer_version v join promotions_offer o on o.id = v.offer_id
     where o.id = any($1) order by o.id, v.version desc
"""


async def list_newest(tx: Tx, ids: Sequence[UUID]) -> list[OfferVersion]:
    """The newest version of each offer, whatever its state."""
    return [compilable(row) for row in await tx.rows(LIST_NEWEST, list(ids))]


LIST_WORDINGS = """
    select o.number as offer_id, v.version, o.key, v.body::text
      from unnest($1::bigint[], $2::int[]) as asked (number, version)
      join promotions_offer o on o.number = asked.number
      join promotions_offer_version v on v.offer_id = o.id and v.version = asked.version
"""


async def list_wordings(tx: Tx, which: Sequence[tuple[int, int]]) -> list[OfferVersion]:
    """Versions by the numbers that receipts keep, whatever became of them since."""
    numbers, versions = [number for number, _ in which], [version for _, version in which]
    return [compilable(row) for row in await tx.rows(LIST_WORDINGS, numbers, versions)]


LIST_FOR_EXPORT = """
    select o.key, o.name, o.owner, v.body::text from promotions_offer o
      join lateral (select body from promotions_offer_version v where v.offer_id = o.id
                     order by (v.state in ('published', 'paused')) desc, v.version desc limit 1) v on true
     order by o.number
"""


async def list_for_export(tx: Tx) -> Sequence[Row]:
    """Each offer with the body that runs, or else its newest."""
    return await tx.rows(LIST_FOR_EXPORT)


LIST_GROUPS = "select key, shop_ids, includes, except_shop_ids from promotions_shop_group"


async def list_groups(tx: Tx) -> dict[str, frozenset[int]]:
    """Every group as the shops it comes to."""
    rows = await tx.rows(LIST_GROUPS)
    return resolve_groups({row["key"]: (row["shop_ids"], row["includes"], row["except_shop_ids"]) for row in rows})


SAVE_GROUP = """
    insert into promotions_shop_group (key, name, shop_ids, includes, except_shop_ids, changed_by, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (key) do update
       set name = excluded.name, shop_ids = excluded.shop_ids,
           includes = excluded.includes, except_shop_ids = excluded.except_shop_ids,
           changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""


async def save_group(
    tx: Tx,
    key: str,
    *,
    name: str,
    shop_ids: Sequence[int],
    includes: Sequence[str] = (),
    except_shop_ids: Sequence[int] = (),
    by: str,
    now: datetime,
) -> None:
    shops, never = sorted(set(shop_ids)), sorted(set(except_shop_ids))
    await tx.run(SAVE_GROUP, key, name, shops, sorted(set(includes)), never, by, now)


READ_COUNTER = "select value from promotions_counter"


async def read_counter(tx: Tx) -> int:
    counter: int = await tx.value(READ_COUNTER)
    return counter


RAISE_COUNTER = "update promotions_counter set value = value + 1"


async def raise_counter(tx: Tx) -> None:
    await tx.run(RAISE_COUNTER)


MULTIPLIERS = "select number from promotions_offer where kind = 'earn_multiplier'"
CAMPAIGNED = "select number from promotions_offer where campaign is not null"


async def multipliers(tx: Tx) -> frozenset[int]:
    """Offers that only multiply what others give."""
    return frozenset(row["number"] for row in await tx.rows(MULTIPLIERS))


async def campaigned(tx: Tx) -> frozenset[int]:
    """Offers that belong to a campaign."""
    return frozenset(row["number"] for row in await tx.rows(CAMPAIGNED))


def version_of(row: Row | Mapping[str, Any]) -> Version:
    fields = dict(row)
    body = read_body(msgspec.json.decode(fields.pop("body")))
    return Version(body=body, state=OfferState(fields.pop("state")), **fields)


def compilable(row: Row) -> OfferVersion:
    return OfferVersion(
        offer_id=row["offer_id"],
        version=row["version"],
        key=row["key"],
        body=read_body(msgspec.json.decode(row["body"])),
    )
