"""A service that identifies callers by API tokens, and a connection to create and revoke them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.config.settings import Settings
from api.identity import directory as directory_module
from api.identity import stream_watch
from api.identity.session_secrets import ensure_secrets
from db.connection import Connection
from db.pool import Database
from tests.support.http_service import listening_service


@pytest.fixture(autouse=True)
def _frequent_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_module, "LOOK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(stream_watch, "CHECK_SECONDS", 0.1)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    async with Database(database_url) as database, database.connection() as connection:
        yield connection


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    given = Settings(database_url=database_url, redis_url=redis_url, identity="tokens", max_batch=5, data_dir=tmp_path)
    ensure_secrets(given)
    return given


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    async with listening_service(settings) as url:
        yield url
