"""A chain of two shops over a fresh database, a till, a shopper."""

from collections.abc import AsyncIterator

import pytest

from tests.pos.chain import Chain, Shopper, Till, open_chain


@pytest.fixture
async def chain(database_url: str) -> AsyncIterator[Chain]:
    """Two shops; 5 % in points, points pay half a check, cakes are 10 % cheaper."""
    async with open_chain(database_url) as opened:
        yield opened


@pytest.fixture
def till(chain: Chain) -> Till:
    return chain.till("S1", "T1")


@pytest.fixture
async def shopper(till: Till) -> Shopper:
    return await till.registers()
