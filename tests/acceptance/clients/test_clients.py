"""Third-party clients on Node.js: the audits of graphql-http, graphql-ws, graphql-sse and Apollo Client."""

import asyncio
import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from api.config.settings import Settings
from tests.acceptance.clients.node import FOLDER, install, run
from tests.support.graphql_client import CREATE
from tests.support.http_service import listening_service
from tests.support.table_lock import PATIENT, locked_task_table, wait_for_lock_waiters

pytestmark = pytest.mark.xdist_group("clients")


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


async def test_apollo_client_reads_errors_of_requests_that_do_not_run(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url, max_requests_in_flight=1, **PATIENT)
    create = {"query": CREATE, "variables": {"input": {"title": "Waits"}}}
    async with listening_service(settings) as url, httpx.AsyncClient(timeout=60) as http:
        assert await run("errors.mjs", url, "BODY_TOO_LARGE", str(2**20)) == "ok\n"
        with locked_task_table(database_url):
            waiting = asyncio.create_task(http.post(url, json=create))
            await wait_for_lock_waiters(database_url, 1, "%INSERT%")
            assert await run("errors.mjs", url, "BUSY", "1") == "ok\n"
        assert (await waiting).status_code == 200


def test_lock_file_contains_no_registry_address() -> None:
    lock = (FOLDER / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert not re.search(r"https?://", lock)
