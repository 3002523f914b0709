"""The whole application over HTTP, with a product that signs people in and a person to be signed in."""

from collections.abc import AsyncIterator

import pytest

from tests.accounts.street import Street, live_street_on, street_on
from vokrug.runtime.database import Database


@pytest.fixture
async def street(db: Database) -> AsyncIterator[Street]:
    async with street_on(db) as made:
        yield made


@pytest.fixture
async def live_street(db: Database) -> AsyncIterator[Street]:
    async with live_street_on(db) as made:
        yield made
