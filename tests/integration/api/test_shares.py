"""Tests that pages find request slots and connections, however many searches or writes there are."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from tests.support.gate_states import wait_until
from tests.support.http_service import listening_service
from tests.support.table_lock import PATIENT, locked_task_table, wait_for_lock_waiters

SEARCH = '{ searchTasks(query: "task", first: 5) { nodes { id } } }'
CREATE = 'mutation { createTask(input: {title: "Written later"}) { task { id } } }'
PAGE = "{ tasks(first: 5) { totalCount nodes { title } } }"
INSIGHTS = """{
  insights(range: { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" }, resolution: HOUR) { clients { actor } }
}"""
REQUESTS = 100


@pytest.fixture
async def http(database_url: str, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(database_url=database_url, redis_url=redis_url, page_cache_mb=0, **PATIENT)
    limits = httpx.Limits(max_connections=None)
    async with listening_service(settings) as url, httpx.AsyncClient(limits=limits, timeout=60) as client:
        client.base_url = httpx.URL(url.removesuffix("/graphql"))
        yield client


async def answer(http: httpx.AsyncClient, document: str) -> Any:
    response = await http.post("/graphql", json={"query": document})
    assert response.status_code == 200
    return response.json()


async def page_of(http: httpx.AsyncClient) -> Any:
    """Return the page of tasks, which Redis answers.

    If the lease on the gate lapses on a busy machine, PostgreSQL answers in place of Redis, and waits for the lock.
    """
    for _ in range(6):
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                return (await answer(http, PAGE))["data"]
    raise AssertionError("The page was not answered.")


@pytest.mark.parametrize(
    ("document", "table", "waiting_in_postgresql", "code", "limit"),
    [
        (SEARCH, "task", 2, "SEARCHES_BUSY", 16),
        (CREATE, "task", 4, "WRITES_BUSY", 32),
        (INSIGHTS, "usage_count", 2, "SEARCHES_BUSY", 16),
    ],
)
async def test_pages_are_answered_while_a_share_is_full(
    http: httpx.AsyncClient,
    database_url: str,
    document: str,
    table: str,
    waiting_in_postgresql: int,
    code: str,
    limit: int,
) -> None:
    await answer(http, CREATE.replace("Written later", "A task"))
    page = await page_of(http)
    with locked_task_table(database_url, table):
        attackers = [asyncio.create_task(answer(http, document)) for _ in range(REQUESTS)]
        await wait_for_lock_waiters(database_url, waiting_in_postgresql)
        await wait_until(lambda: sum(each.done() for each in attackers) >= REQUESTS - limit)
        for _ in range(10):
            assert await page_of(http) == page
        metrics = (await http.get("/metrics")).text
        [in_flight] = re.findall(rf"^millitask_{code.removesuffix('_BUSY').lower()}_in_flight (\d+)\.0$", metrics, re.M)
        assert waiting_in_postgresql <= int(in_flight) <= limit
    answers = await asyncio.gather(*attackers)
    errors = [error for found in answers for error in found.get("errors", [])]
    extensions = {"code": code, "limit": limit, "retryAfterSeconds": 1}
    # On a busy machine, more are refused: those that have waited for five seconds.
    assert [error["extensions"] for error in errors] == [extensions] * len(errors)
    assert REQUESTS - limit <= len(errors) < REQUESTS
