"""Types of identifiers and of attributes: configuration, kept as data."""

import msgspec

from vokrug.customers.store.values import as_json
from vokrug.customers.types import AttributeType, IdentifierType, Rung, Sensitivity, Source, Strength, Survives
from vokrug.kernel import Text
from vokrug.runtime.database import Row, Tx

IDENTIFIER_TYPES = """
    select id, code, normaliser, is_unique, is_immutable, max_per_customer, priority, min_joining_strength,
           sensitivity, attach_sources, blocked, max_new, new_days, crowd, crowd_days, ladder
      from customers_identifier_type
"""


async def identifier_types(tx: Tx) -> list[IdentifierType]:
    return [_identifier_type(row) for row in await tx.rows(IDENTIFIER_TYPES + " order by id")]


def _identifier_type(row: Row) -> IdentifierType:
    return IdentifierType(
        id=row["id"],
        code=row["code"],
        normaliser=row["normaliser"],
        is_unique=row["is_unique"],
        is_immutable=row["is_immutable"],
        max_per_customer=row["max_per_customer"],
        priority=row["priority"],
        min_joining_strength=Strength(row["min_joining_strength"]),
        sensitivity=Sensitivity(row["sensitivity"]),
        attach_sources=frozenset(map(Source, row["attach_sources"])),
        blocked=frozenset(row["blocked"]),
        max_new=row["max_new"],
        new_days=row["new_days"],
        crowd=row["crowd"],
        crowd_days=row["crowd_days"],
        ladder=tuple(map(Rung, row["ladder"])),
    )


async def lock_identifier_type(tx: Tx, code: str) -> IdentifierType | None:
    found = await tx.rows(IDENTIFIER_TYPES + " where code = $1 for update", code)
    return _identifier_type(found[0]) if found else None


IS_TYPE_IN_USE = "select exists (select from customers_identifier where type_id = $1)"


async def is_type_in_use(tx: Tx, type_id: int) -> bool:
    return bool(await tx.value(IS_TYPE_IN_USE, type_id))


PUT_IDENTIFIER_TYPE = """
    insert into customers_identifier_type
        (code, normaliser, is_unique, is_immutable, max_per_customer, priority, min_joining_strength,
         sensitivity, attach_sources, blocked, max_new, new_days, crowd, crowd_days, ladder)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    on conflict on constraint identifier_type_code_is_used_once do update
       set normaliser = excluded.normaliser, is_unique = excluded.is_unique,
           is_immutable = excluded.is_immutable, max_per_customer = excluded.max_per_customer,
           priority = excluded.priority, min_joining_strength = excluded.min_joining_strength,
           sensitivity = excluded.sensitivity, attach_sources = excluded.attach_sources,
           blocked = excluded.blocked, max_new = excluded.max_new, new_days = excluded.new_days,
           crowd = excluded.crowd, crowd_days = excluded.crowd_days, ladder = excluded.ladder
    returning id
"""


async def put_identifier_type(tx: Tx, kind: IdentifierType) -> int:
    type_id: int = await tx.value(
        PUT_IDENTIFIER_TYPE,
        kind.code,
        kind.normaliser,
        kind.is_unique,
        kind.is_immutable,
        kind.max_per_customer,
        kind.priority,
        kind.min_joining_strength,
        kind.sensitivity,
        sorted(kind.attach_sources),
        sorted(kind.blocked),
        kind.max_new,
        kind.new_days,
        kind.crowd,
        kind.crowd_days,
        list(kind.ladder),
    )
    return type_id


ATTRIBUTE_TYPES = """
    select code, schema, words, version, survives, trust, fresh_days from customers_attribute_type order by code
"""
FIND_ATTRIBUTE_TYPE = """
    select code, schema, words, version, survives, trust, fresh_days from customers_attribute_type where code = $1
"""


async def attribute_types(tx: Tx) -> list[AttributeType]:
    return [_attribute_type(row) for row in await tx.rows(ATTRIBUTE_TYPES)]


async def find_attribute_type(tx: Tx, code: str) -> AttributeType | None:
    rows = await tx.rows(FIND_ATTRIBUTE_TYPE, code)
    return _attribute_type(rows[0]) if rows else None


def _attribute_type(row: Row) -> AttributeType:
    return AttributeType(
        code=row["code"],
        schema=msgspec.json.decode(row["schema"]),
        words=Text(**msgspec.json.decode(row["words"])),
        version=row["version"],
        survives=Survives(row["survives"]),
        trust=tuple(map(Source, row["trust"])),
        fresh_days=row["fresh_days"],
    )


PUT_ATTRIBUTE_TYPE = """
    insert into customers_attribute_type as known (code, schema, words, survives, trust, fresh_days)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (code) do update
       set schema = excluded.schema, words = excluded.words, survives = excluded.survives, trust = excluded.trust,
           fresh_days = excluded.fresh_days,
           version = known.version + (known.schema <> excluded.schema)::int
    returning version
"""


async def put_attribute_type(tx: Tx, kind: AttributeType) -> int:
    """The version counts changes of the schema; new words leave it alone."""
    words = {"en": kind.words.en, "ru": kind.words.ru}
    how = (kind.survives.value, list(kind.trust), kind.fresh_days)
    version: int = await tx.value(PUT_ATTRIBUTE_TYPE, kind.code, as_json(kind.schema), as_json(words), *how)
    return version
