"""Real stores for every test: one PostgreSQL and one Redis a run, a database each a test."""

import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from psycopg import sql

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls

if TYPE_CHECKING:
    from tests.support.graphql_client import Client

_TEMPLATE = "template_millitask"
_REDIS_DATABASES = 16
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreUrls]:
    """The addresses of a PostgreSQL and a Redis that hold nothing anybody would miss."""
    folder: Path = tmp_path_factory.mktemp("stores")
    # Another server for the cache tests, to see that Redis and Valkey agree: `make test-redis`.
    redis_url = os.environ.get("TEST_REDIS_URL")
    settings = Settings(database_url=None, redis_url=redis_url, data_dir=folder)
    with EmbeddedStores(settings, durable=False) as urls:
        yield urls


@pytest.fixture(scope="session")
def template_database(stores: StoreUrls) -> str:
    """The name of a database that has every migration and no rows."""
    from db.migrations import migrate

    _administer(stores, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    migrate(_url(stores, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="session")
def drop_later(stores: StoreUrls) -> Iterator[Callable[[str], None]]:
    """Drops a database beside the tests that follow: PostgreSQL waits until the last connection to it has ended."""
    statement = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with ThreadPoolExecutor(1) as beside:
        dropped = []
        yield lambda name: dropped.append(beside.submit(_administer, stores, statement.format(sql.Identifier(name))))
        for each in dropped:
            each.result()


@pytest.fixture
def database_url(stores: StoreUrls, template_database: str, drop_later: Callable[[str], None]) -> Iterator[str]:
    """A database of the test's own, migrated and empty."""
    name = f"test_{next(_numbers)}"
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template_database)}
    _administer(stores, sql.SQL("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY").format(**names))
    yield _url(stores, name)
    drop_later(name)


@pytest.fixture
def redis_url(stores: StoreUrls) -> Iterator[str]:
    """A Redis database of the test's own, empty."""
    # The numbers go round, so that what a test left running does not meet the next one.
    address = stores.redis_url.partition("?")[0]
    url = f"{address}?db={next(_numbers) % _REDIS_DATABASES}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
async def client(database_url: str, redis_url: str) -> AsyncIterator["Client"]:
    """A client of a service that is ready and holds no task."""
    from tests.support.graphql_client import running

    async with running(Settings(database_url=database_url, redis_url=redis_url)) as running_client:
        yield running_client


def _administer(stores: StoreUrls, statement: sql.Composed) -> None:
    with psycopg.connect(stores.database_url, autocommit=True) as connection:
        connection.execute(statement)


def _url(stores: StoreUrls, database: str) -> str:
    return stores.database_url.replace(":///millitask?", f":///{database}?")
