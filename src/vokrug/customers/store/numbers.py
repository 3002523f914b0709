"""From ids that others know to the numbers that hot tables go by, many at once."""

from collections.abc import Sequence
from uuid import UUID

from vokrug.customers.store.values import plain_uuid
from vokrug.runtime.database import Tx

NUMBERS_OF = """
    select id, coalesce(redirect_to, number) as number from customers_customer where id = any($1) and state <> 'erased'
"""
IDS_OF = "select number, id from customers_customer where number = any($1)"


async def numbers_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Those who are known; a merged customer's number is that of the survivor."""
    return {plain_uuid(row["id"]): row["number"] for row in await tx.rows(NUMBERS_OF, list(ids))}


async def ids_of(tx: Tx, numbers: Sequence[int]) -> dict[int, UUID]:
    return {row["number"]: plain_uuid(row["id"]) for row in await tx.rows(IDS_OF, list(numbers))}
