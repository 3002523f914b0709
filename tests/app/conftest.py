"""One server for all tests that ask it things; each keeps to shops and customers of its own."""

import asyncio
from collections.abc import Iterator

import pytest

from vokrug.kernel import new_id
from vokrug.runtime.postgres import create_database, drop_database

from .shopkeeper import Running, keys_of, serving


@pytest.fixture(scope="session")
def running(postgres_base: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    name = f"test_{new_id().hex}"
    create_database(f"{postgres_base}/postgres", name, template)
    database_url = f"{postgres_base}/{name}"
    key, token = asyncio.run(keys_of(database_url))
    with serving(database_url, tmp_path_factory.mktemp("server")) as url:
        yield Running(url, key, token, database_url)
    drop_database(f"{postgres_base}/postgres", name)
