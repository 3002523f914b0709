"""What unknown goods may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.pos.goods.types import AliasKind, Proposal, ProposalState, Reason
from vokrug.runtime.database import Row, Tx


@dataclass(frozen=True, slots=True)
class Unsought:
    """Something unknown for which nobody has looked yet."""

    shop_id: int
    sku: str
    barcode: str
    is_many: bool
    name: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A proposal as stored, locked."""

    id: UUID
    shop_id: int
    shop: str
    kind: AliasKind
    code: str
    name: str
    article_id: int
    sku: str
    state: ProposalState


SHOWN = """
    select p.id, s.code as shop, p.kind, p.code, p.name, a.sku, a.name as article, p.score_bp, p.reason, p.words, p.state,
           p.proposed_at, p.decided_by, p.decided_at
      from pos_goods_proposal p join pos_shop s on s.id = p.shop_id join pos_article a on a.id = p.article_id
     where """
FIND = SHOWN + "p.id = $1"
LIST = (
    SHOWN
    + """p.state = $1 and ($2 = '' or s.code = $2)
       and ($3::uuid is null or (-p.score_bp, p.id) > (select -l.score_bp, l.id from pos_goods_proposal l where l.id = $3))
     order by p.score_bp desc, p.id limit $4
"""
)
LOCK = """
    select p.id, p.shop_id, s.code as shop, p.kind, p.code, p.name, p.article_id, a.sku, p.state
      from pos_goods_proposal p join pos_shop s on s.id = p.shop_id join pos_article a on a.id = p.article_id
     where p.id = $1 for update of p
"""
# All of one code, in one order: two who decide at once wait for each other and do not cross.
LOCK_CODE = "select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2 || '/' || $3, 5002))"
DECIDE = "update pos_goods_proposal set state = $2, decided_by = $3, decided_at = $4 where id = $1"
OVERTAKE = """
    update pos_goods_proposal set state = 'overtaken', decided_by = $5, decided_at = $6
     where shop_id = $1 and kind = $2 and code = $3 and article_id <> $4 and state = 'open'
"""
ACCEPT_SAME = """
    update pos_goods_proposal set state = 'accepted', decided_by = $5, decided_at = $6
     where shop_id = $1 and kind = $2 and code = $3 and article_id = $4 and state in ('open', 'overtaken')
"""
REOPEN = """
    update pos_goods_proposal set state = 'open', decided_by = null, decided_at = null
     where shop_id = $1 and kind = $2 and code = $3 and state in ('overtaken', 'accepted')
"""
ADD = """
    insert into pos_goods_proposal (id, shop_id, kind, code, name, article_id, score_bp, reason, words, proposed_at)
    select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::text[],
                         $9::text[], $10::timestamptz[])
    on conflict (shop_id, kind, code, article_id) do nothing
"""
UNSOUGHT = """
    select shop_id, sku, barcode, is_many, name from pos_goods_unknown
     where mapped_at is null and (sought_at is null or sought_at < $1)
     order by sought_at nulls first, shop_id, sku limit $2
"""
SOUGHT = """
    update pos_goods_unknown u set sought_at = $3 from unnest($1::bigint[], $2::text[]) as done (shop_id, sku)
     where u.shop_id = done.shop_id and u.sku = done.sku
"""
SEEK_AGAIN = "update pos_goods_unknown set sought_at = null where mapped_at is null and sought_at is not null"
# Those that share most beginnings of words and sizes; how alike they are is said elsewhere.
ALIKE = """
    select a.id, a.sku, a.name, a.article, (select count(*) from unnest(a.name_keys) k where k = any($1)) as shared
      from pos_article a where a.name_keys && $1::text[] and not a.is_withdrawn
     order by shared desc, a.id limit $2
"""
KEYLESS = "select id, name from pos_article where name_keys is null order by id limit $1 for update skip locked"
SAVE_KEYS = """
    update pos_article a set name_keys = string_to_array(made.keys, ' ')
      from unnest($1::bigint[], $2::text[]) as made (id, keys) where a.id = made.id
"""
BEARERS = """
    select a.id, a.sku, a.name, a.article from pos_article a
     where not a.is_withdrawn and (a.barcodes && $1::text[] or upper(a.article) = upper($2)) order by a.id limit 20
"""


async def find(tx: Tx, id: UUID) -> Proposal | None:
    return await tx.maybe(Proposal, FIND, id)


async def listed(tx: Tx, state: ProposalState, shop: str, after: UUID | None, limit: int) -> list[Proposal]:
    """The likeliest first; of one shop, or of all (`''`)."""
    return await tx.all(Proposal, LIST, state, shop, after, limit)


async def lock(tx: Tx, id: UUID) -> Pair | None:
    """The proposal, with every other one of its code waiting for us."""
    pair = await tx.maybe(Pair, LOCK, id)
    if pair is not None:
        await tx.run(LOCK_CODE, str(pair.shop_id), pair.kind, pair.code)
    return pair


async def decide(tx: Tx, id: UUID, state: ProposalState, *, by: str | None, now: datetime | None) -> None:
    await tx.run(DECIDE, id, state, by, now)


async def overtake(
    tx: Tx, shop_id: int, kind: AliasKind, code: str, article_id: int, *, by: str, now: datetime
) -> None:
    """The code is mapped: what else was proposed for it waits no longer."""
    await tx.run(OVERTAKE, shop_id, kind, code, article_id, by, now)
    await tx.run(ACCEPT_SAME, shop_id, kind, code, article_id, by, now)


async def reopen(tx: Tx, shop_id: int, kind: AliasKind, code: str) -> None:
    """The code is mapped no longer: everything but what was rejected is open again."""
    await tx.run(REOPEN, shop_id, kind, code)


async def add(tx: Tx, rows: Sequence[tuple[UUID, int, AliasKind, str, str, int, int, Reason, str, datetime]]) -> int:
    """Those that were not proposed before, whatever was decided then."""
    if not rows:
        return 0
    return await tx.run(ADD, *[list(column) for column in zip(*rows, strict=True)])


async def unsought(tx: Tx, before: datetime, limit: int) -> list[Unsought]:
    """Unknown goods nobody has looked for since a moment. Not locked: what tills sell is written down meanwhile, and
    two who look at once find the same.
    """
    return await tx.all(Unsought, UNSOUGHT, before, limit)


async def sought(tx: Tx, done: Sequence[Unsought], now: datetime) -> None:
    await tx.run(SOUGHT, [one.shop_id for one in done], [one.sku for one in done], now)


async def seek_again(tx: Tx) -> None:
    """The catalogue has new names: what was looked for in vain may be there now."""
    await tx.run(SEEK_AGAIN)


async def alike(tx: Tx, keys: Sequence[str], limit: int) -> Sequence[Row]:
    return await tx.rows(ALIKE, keys, limit)


async def bearers(tx: Tx, barcodes: Sequence[str], article: str) -> Sequence[Row]:
    """Articles by barcode or article number."""
    return await tx.rows(BEARERS, barcodes, article)


async def keyless(tx: Tx, limit: int) -> Sequence[Row]:
    """Articles that cannot be found by their names yet."""
    return await tx.rows(KEYLESS, limit)


async def save_keys(tx: Tx, ids: Sequence[int], keys: Sequence[str]) -> None:
    await tx.run(SAVE_KEYS, ids, keys)
