"""Third-party clients on Node.js: the audits of graphql-http, graphql-ws, graphql-sse and Apollo Client."""

import json
import re
from collections.abc import AsyncIterator

import pytest

from api.config.settings import Settings
from tests.acceptance.clients.node import FOLDER, install, run
from tests.support.http_service import listening_service


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    install()


@pytest.fixture
async def url(database_url: str, redis_url: str) -> AsyncIterator[str]:
    """Yield the URL of a ready service."""
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        yield url


async def test_every_graphql_over_http_audit_passes(url: str) -> None:
    audits = [json.loads(line) for line in (await run("audits.mjs", url)).splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61


async def test_graphql_ws_and_graphql_sse_follow_all_changes(url: str) -> None:
    assert await run("live.mjs", url) == "ok\n"


async def test_apollo_client_pages_updates_and_persisted_queries(url: str) -> None:
    assert await run("apollo.mjs", url) == "ok\n"


def test_lock_file_contains_no_registry_address() -> None:
    lock = (FOLDER / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert not re.search(r"https?://", lock)
