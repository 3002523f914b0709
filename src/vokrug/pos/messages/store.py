"""All the SQL of messages."""

from datetime import datetime

import msgspec

from vokrug.pos.messages.schemas import ReceiptMessage
from vokrug.runtime.database import Tx

# A document is repeated for hours, never for weeks: what was in force longer ago is not looked for.
READ = "select version, body::text from pos_receipt_messages order by version desc limit 50"
DECLARE = "insert into pos_receipt_messages (body, declared_by, declared_at) values ($1, $2, $3) returning version"


async def versions(tx: Tx) -> dict[int, tuple[ReceiptMessage, ...]]:
    """The newest first."""
    rows = await tx.rows(READ)
    return {row["version"]: msgspec.json.decode(row["body"], type=tuple[ReceiptMessage, ...]) for row in rows}


async def declare(tx: Tx, messages: list[ReceiptMessage], by: str, now: datetime) -> int:
    version: int = await tx.value(DECLARE, msgspec.json.encode(messages).decode(), by, now)
    return version
