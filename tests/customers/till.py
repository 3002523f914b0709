"""A till to tell stories with, and the hour they happen at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vokrug.customers import Consent, Directory, Registered, Registration, Source, register
from vokrug.kernel import new_id
from vokrug.runtime.database import Database

NOON = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)

Picture = Callable[[], Awaitable[dict[str, list[str]]]]

OFFERS = Consent("offers", "2026-01", True)


@dataclass
class Shop:
    """Registers people as a till does."""

    db: Database
    directory: Directory
    defaults: dict[str, Any] = field(default_factory=lambda: {"source": Source.TILL, "shop": 7})

    async def registers(self, phone: str = "+7 916 123-45-67", called: str = "Анна", **more: Any) -> Registered:
        asked = {"request_id": new_id(), **self.defaults, "phone": phone, "called": called, **more}
        async with self.db.transaction() as tx:
            return await register(tx, self.directory, Registration(**asked), NOON)
