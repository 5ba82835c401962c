"""A service that identifies callers by API tokens, and a connection to create and revoke them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from api.identity import directory as directory_module
from api.identity import stream_watch
from api.identity.session_secrets import ensure_secrets
from db.connection import Connection
from db.pool import Database
from tests.support.http_service import listening_service
from tests.support.oidc_provider import AUDIENCE, real_provider
from tests.support.token_factories import make_workspace


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


@pytest.fixture
def issuer() -> Iterator[str]:
    claims = {"name": "Alice", "workspace": ["default", "acme", "gone"], "scope": "tasks:read tasks:write"}
    with real_provider(**claims) as issuer:
        yield issuer


@pytest.fixture
async def oidc_browser(
    settings: Settings, issuer: str, connection: Connection, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    await make_workspace(connection, "acme")
    file = tmp_path / "client-secrets"
    file.write_text("a secret with : and %\n")
    changes: dict[str, Any] = {
        "identity": "tokens,oidc",
        "oidc_issuers": issuer,
        "oidc_audience": "x",
        "oidc_client_ids": AUDIENCE,
    }
    changes["oidc_client_secrets_file"] = file
    async with (
        listening_service(settings.model_copy(update=changes)) as url,
        httpx.AsyncClient(base_url=url.removesuffix("/graphql"), timeout=30) as browser,
    ):
        yield browser
