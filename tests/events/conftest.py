"""A shop that tells two kinds of facts, and a log to tell them to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from tests.events.door import Door, Town, knock, open_door
from vokrug.events import Catalogue, Event, provide_customers, provide_personal_keys, publish, synchronise
from vokrug.kernel import Clock
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Role

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHOPPER = UUID("01900000-0000-7000-8000-000000000001")

SHOP = Catalogue()


@SHOP.event("shop.sold.v1", owner="shop", key="customer")
class Sold(Event, frozen=True):
    """A sale became final."""

    number: int
    total_minor: int = 0


@SHOP.event("shop.returned.v1", owner="shop", key="customer", retention_days=7)
class Returned(Event, frozen=True):
    """Goods came back."""

    number: int


class StoppedClock(Clock):
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A database that no domain has told its types to, whoever else was imported into this process."""
    database = await Database.connect(database_url)
    yield database
    await database.close()


@pytest.fixture
async def log(db: Database) -> Database:
    """A database that knows the shop's facts."""
    async with db.transaction() as tx:
        await synchronise(tx, NOON, SHOP)
    return db


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


async def tell(tx: Tx, event: Event, *, key: int = 1) -> None:
    await publish(tx, event, key=key, subject=str(SHOPPER), at=NOON)


async def sell(db: Database, *sales: tuple[int, int]) -> None:
    """Each sale is (customer, number), told in a transaction of its own."""
    for key, number in sales:
        async with db.transaction() as tx:
            await tell(tx, Sold(number), key=key)


@pytest.fixture
async def http(db: Database, clock: StoppedClock) -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP door, and nobody in front of it yet. The database knows the shop's facts, told by our code."""
    async with db.transaction() as tx:
        await synchronise(tx, NOON, SHOP)
    async with open_door(db, clock) as http:
        yield http


@pytest.fixture
def town(db: Database) -> Town:
    made = Town()
    provide_customers(db, made)
    provide_personal_keys(db, made)
    return made


@pytest.fixture
async def partner(http: httpx.AsyncClient, db: Database, clock: StoppedClock) -> Door:
    return await knock(http, db, Role.PARTNER, clock)


@pytest.fixture
async def stranger(http: httpx.AsyncClient, db: Database, clock: StoppedClock) -> Door:
    return await knock(http, db, Role.PARTNER, clock)


@pytest.fixture
async def staff(http: httpx.AsyncClient, db: Database, clock: StoppedClock) -> Door:
    return await knock(http, db, Role.STAFF, clock)
