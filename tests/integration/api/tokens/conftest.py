"""An identification by API tokens that looks for changes often."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from api.identity import directory as directory_module
from api.identity.directory import Directory
from api.identity.tokens import ApiTokens
from db.connection import Connection
from db.pool import Database


@pytest.fixture(autouse=True)
def _frequent_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_module, "LOOK_INTERVAL_SECONDS", 0.1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    async with database.connection() as connection:
        yield connection


@pytest.fixture
async def directory(database: Database) -> AsyncIterator[Directory]:
    async with Directory(database) as directory:
        yield directory


@pytest.fixture
def tokens(directory: Directory) -> ApiTokens:
    return ApiTokens(directory)


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


async def until(refusal: type[Exception], call: Callable[[], Awaitable[Any]]) -> Exception:
    """Repeat a call until it raises. The directory bounds the time."""
    async with asyncio.timeout(30):
        while True:
            try:
                await call()
            except refusal as error:
                return error
            await asyncio.sleep(0.02)


def runs_without_waiting(call: Any) -> bool:
    """Return whether a coroutine ends without giving up the event loop."""
    try:
        call.send(None)
    except StopIteration:
        return True
    call.close()
    return False
