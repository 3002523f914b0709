"""All the SQL of experiments."""

from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.promotions.experiments.types import Experiment, Holdout, Variant
from vokrug.runtime.database import Row, Tx

COLUMNS = "number, id, key, name, variants::text, state, from_at, until_at"
LIST_RUNNING = f"select {COLUMNS} from promotions_experiment where state = 'running' order by number"  # noqa: S608
LIST_ALL = f"select {COLUMNS} from promotions_experiment order by number desc limit 500"  # noqa: S608
FIND = f"select {COLUMNS} from promotions_experiment where id = $1"  # noqa: S608
INSERT = """
    insert into promotions_experiment (id, key, name, variants, state, from_at, until_at, changed_by, changed_at)
    values ($1, $2, $3, $4::text::jsonb, 'running', $5, $6, $7, $5) on conflict do nothing
"""
END = """
    update promotions_experiment set state = 'ended', until_at = coalesce(until_at, $2), changed_by = $3, changed_at = $2
     where id = $1 and state = 'running'
"""
READ_HOLDOUT = "select share_bp, salt from promotions_holdout"
SAVE_HOLDOUT = "update promotions_holdout set share_bp = $1, salt = $2"


def _experiment(row: Row) -> Experiment:
    variants = msgspec.json.decode(row["variants"], type=tuple[Variant, ...])
    return Experiment(**{**dict(row), "variants": variants, "id": UUID(bytes=row["id"].bytes)})


async def list_running(tx: Tx) -> list[Experiment]:
    return [_experiment(row) for row in await tx.rows(LIST_RUNNING)]


async def list_all(tx: Tx) -> list[Experiment]:
    return [_experiment(row) for row in await tx.rows(LIST_ALL)]


async def find(tx: Tx, id: UUID) -> Experiment | None:
    rows = await tx.rows(FIND, id)
    return _experiment(rows[0]) if rows else None


async def insert(
    tx: Tx,
    id: UUID,
    *,
    key: str,
    name: str,
    variants: tuple[Variant, ...],
    until: datetime | None,
    by: str,
    now: datetime,
) -> bool:
    return await tx.run(INSERT, id, key, name, msgspec.json.encode(variants).decode(), now, until, by) == 1


async def end(tx: Tx, id: UUID, *, by: str, now: datetime) -> None:
    await tx.run(END, id, now, by)


async def read_holdout(tx: Tx) -> Holdout:
    return await tx.one(Holdout, READ_HOLDOUT)


async def save_holdout(tx: Tx, holdout: Holdout) -> None:
    await tx.run(SAVE_HOLDOUT, holdout.share_bp, holdout.salt)


KNOWN_OFFERS = "select number from promotions_offer where number = any($1)"


async def known_offers(tx: Tx, numbers: list[int]) -> list[int]:
    return [row["number"] for row in await tx.rows(KNOWN_OFFERS, numbers)]
