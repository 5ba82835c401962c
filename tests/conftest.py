"""Fixtures with real stores: one PostgreSQL and one Redis server per worker, one database per test."""

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls

if TYPE_CHECKING:
    from tests.support.graphql_client import Client

_TEMPLATE = "template_millitask"
_REDIS_DATABASES = 16
_MEMORY_FOLDER = Path("/dev/shm")
_MEMORY_BYTES = 4 * 2**30
_IN_MEMORY = _MEMORY_FOLDER.is_dir() and shutil.disk_usage(_MEMORY_FOLDER).free >= _MEMORY_BYTES
if _IN_MEMORY:
    # The folders of `tmp_path`: to initialize and stop a durable PostgreSQL takes a third of the time in memory.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY_FOLDER))
_numbers = itertools.count(1)

# Clients of httpx give up after 5 s by default. A service may need longer while other tests keep the machine busy.
for _phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, _phase, 60.0)

# No property test fails because the machine is busy.
hypothesis_settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("unhurried")
# `make check` uses this profile: property tests try fewer examples (tests/support/examples.py).
hypothesis_settings.register_profile("quick", hypothesis_settings.get_profile("unhurried"))


def pytest_collection_finish() -> None:
    """Exclude the imported modules from garbage collection, which would traverse them again and again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail if pytest-xdist does not keep the tests of a group in one process, because it says nothing itself."""
    if item.config.getoption("loadgroup", False) and item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
        pytest.fail("this version of pytest-xdist ignores xdist_group with this version of pytest")


@pytest.fixture(scope="session")
def stores_folder() -> Iterator[Path]:
    """Yield a folder for the data of the stores, in memory where possible.

    Each test creates and drops a database of about 350 files. In memory, this is four times faster.
    """
    with tempfile.TemporaryDirectory(prefix="millitask-tests-", dir=_MEMORY_FOLDER if _IN_MEMORY else None) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def stores(stores_folder: Path) -> Iterator[StoreUrls]:
    """Yield the URLs of a PostgreSQL and a Redis server for tests."""
    # With TEST_REDIS_URL, the tests use another Redis server, for example Redis 8 instead of the embedded Valkey.
    redis_url = os.environ.get("TEST_REDIS_URL")
    settings = Settings(database_url=None, redis_url=redis_url, data_dir=stores_folder)
    with EmbeddedStores(settings, durable=False) as urls:
        yield urls


@pytest.fixture(scope="session")
def template_database(stores: StoreUrls) -> str:
    """Create a database with all migrations and no rows, and return its name."""
    from db.migrations import migrate

    _execute(stores, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    migrate(_url(stores, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="session")
def drop_later(stores: StoreUrls) -> Iterator[Callable[[str], None]]:
    """Yield a function that drops a database in a thread, because PostgreSQL first waits until its connections end."""
    statement = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with ThreadPoolExecutor(1) as thread:
        drops = []
        yield lambda name: drops.append(thread.submit(_execute, stores, statement.format(sql.Identifier(name))))
        for drop in drops:
            drop.result()


@pytest.fixture
def database_url(stores: StoreUrls, template_database: str, drop_later: Callable[[str], None]) -> Iterator[str]:
    """Yield the URL of a migrated and empty database for one test."""
    name = f"test_{next(_numbers)}"
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template_database)}
    _execute(stores, sql.SQL("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY").format(**names))
    yield _url(stores, name)
    drop_later(name)


@pytest.fixture
def redis_url(stores: StoreUrls) -> Iterator[str]:
    """Yield the URL of an empty Redis database for one test."""
    # The database number rotates, so that tasks left over from one test do not disturb the next test.
    address = stores.redis_url.partition("?")[0]
    url = f"{address}?db={next(_numbers) % _REDIS_DATABASES}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
async def client(database_url: str, redis_url: str) -> AsyncIterator["Client"]:
    """Yield a client of a ready service without tasks."""
    from tests.support.graphql_client import running

    async with running(Settings(database_url=database_url, redis_url=redis_url)) as running_client:
        yield running_client


def _execute(stores: StoreUrls, statement: sql.Composed) -> None:
    with psycopg.connect(stores.database_url, autocommit=True) as connection:
        connection.execute(statement)


def _url(stores: StoreUrls, database: str) -> str:
    return stores.database_url.replace(":///millitask?", f":///{database}?")
