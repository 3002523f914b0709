"""A chain of two shops over a fresh database, a till, a shopper."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from tests.pos.burning import Burning, Phones
from tests.pos.chain import Chain, Opened, Shopper, Till, copied, open_chain, prepare
from vokrug import accounts
from vokrug.runtime.postgres import create_database, drop_database


@pytest.fixture(scope="session")
def opened(postgres_base: str, template: str) -> Iterator[Opened]:
    """Two shops; 5 % in points, points pay half a check, cakes are 10 % cheaper."""
    name, admin = f"chain_{uuid4().hex}", f"{postgres_base}/postgres"
    create_database(admin, name, template)
    yield asyncio.run(prepare(name, f"{postgres_base}/{name}"))
    drop_database(admin, name)


@pytest.fixture
async def chain(postgres_base: str, opened: Opened) -> AsyncIterator[Chain]:
    with copied(postgres_base, opened.database) as url:
        async with open_chain(url, opened) as chain:
            yield chain


@pytest.fixture
def till(chain: Chain) -> Till:
    return chain.till("S1", "T1")


@pytest.fixture
async def shopper(till: Till) -> Shopper:
    return await till.registers()


@pytest.fixture
async def burning(chain: Chain) -> Burning:
    """From 300 points on the shopper gives their word; codes come to phones of ours."""
    phones = Phones()
    chain.services.add(accounts.Messenger(phones))
    burning = Burning(chain, phones)
    await burning.declares()
    return burning
