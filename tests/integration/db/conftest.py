"""Fixtures: an open database for each test."""

from collections.abc import AsyncIterator

import pytest

from db.pool import Connection, Database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    async with database.connection() as connection:
        yield connection
