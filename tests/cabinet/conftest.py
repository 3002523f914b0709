"""The whole application with a chain of two shops, and the people who look at their own pages."""

from collections.abc import AsyncIterator

import pytest

from tests.cabinet.visitor import Visitor, visitor_of
from tests.pos.chain import Chain, Till
from tests.pos.conftest import chain, opened, till

__all__ = ["chain", "opened", "till"]


@pytest.fixture
async def anna(chain: Chain, till: Till) -> AsyncIterator[Visitor]:
    """Registered at a till, signed in by SMS."""
    async with visitor_of(chain, till) as made:
        yield made
