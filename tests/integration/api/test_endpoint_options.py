"""Tests the endpoint's options: traces, compression, batches and the time limit."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.config.settings import Settings
from tests.support.graphql_client import CREATE, TOTAL, Client, ready, running, without_cost
from tests.support.table_lock import locked_task_table, wait_until_statement_is_cancelled

PAGE = "{ tasks(first: 50) { nodes { id title } totalCount } }"
TASK = "query ($id: ID!) { task(id: $id) { id title } }"
TRACE = {"X-Millitask-Trace": "1"}


async def trace_of(client: Client, document: str = PAGE, **variables: Any) -> Any:
    body = {"query": document, "variables": variables}
    response = (await client.http.post("/graphql", json=body, headers=TRACE)).json()
    trace = response["extensions"]["cache"]
    assert trace.pop("serverMs") > 0
    return trace


async def test_trace_reports_what_the_request_cost(client: Client) -> None:
    for _ in range(2):  # the first round also loads the scripts into Redis
        await client.create_many([f"Task {number}" for number in range(50)])
        cold = await trace_of(client)
        counts = await trace_of(client, "{ taskCounts { all todo } }")
    # Three round trips: page script with entries, leases and fill. One query reads all fifty rows.
    assert cold == {"hits": 0, "misses": 50, "sqlQueries": 1, "redisRoundTrips": 1, "degraded": False}
    warm = {"hits": 50, "misses": 0, "sqlQueries": 0, "redisRoundTrips": 1, "degraded": False}
    assert await asyncio.gather(*(trace_of(client) for _ in range(5))) == [warm] * 5
    assert counts == {"hits": 0, "misses": 0, "sqlQueries": 0, "redisRoundTrips": 1, "degraded": False}
    await client.create()
    written = await trace_of(client, CREATE, input={"title": "New"})
    assert (written["sqlQueries"] > 0, written["redisRoundTrips"]) == (True, 2)


async def test_no_trace_without_the_header(client: Client) -> None:
    assert await client.answer(TOTAL) == {"data": {"tasks": {"totalCount": 0}}}


@pytest.mark.parametrize(("trace", "shown"), [(None, False), (True, True)])
async def test_no_trace_in_production_by_default(
    database_url: str, redis_url: str, trace: bool | None, shown: bool
) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url, profile="production", trace=trace)
    async with running(settings) as client:
        response = (await client.http.post("/graphql", json={"query": TOTAL}, headers=TRACE)).json()
        assert ("cache" in response.get("extensions", {})) == shown


async def test_long_response_is_compressed_if_accepted(client: Client) -> None:
    await client.create_many([f"Task {number}" for number in range(50)])
    for accepted, encoding in (("gzip", "gzip"), ("identity", None)):
        response = await client.http.post("/graphql", json={"query": PAGE}, headers={"Accept-Encoding": accepted})
        assert response.headers.get("Content-Encoding") == encoding
        assert len(response.json()["data"]["tasks"]["nodes"]) == 50
        assert "Accept-Encoding" in response.headers["Vary"]
    short = await client.http.post("/graphql", json={"query": TOTAL}, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in short.headers


@pytest.fixture
async def batching_client(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    async with running(Settings(database_url=database_url, redis_url=redis_url, max_batch=3)) as client:
        yield client


async def test_batch_is_answered_in_order(batching_client: Client) -> None:
    create = {"query": CREATE, "variables": {"input": {"title": "One"}}}
    response = await batching_client.http.post("/graphql", json=[create, {"query": TOTAL}, {"query": "{ nothing }"}])
    first, second, third = map(without_cost, response.json())
    assert first["data"]["createTask"]["task"]["title"] == "One"
    assert second == {"data": {"tasks": {"totalCount": 1}}}
    assert "data" not in third


@pytest.mark.parametrize("count", [0, 4])
async def test_batch_outside_the_limits_is_refused(batching_client: Client, count: int) -> None:
    response = await batching_client.http.post("/graphql", json=[{"query": TOTAL}] * count)
    [error] = response.json()["errors"]
    assert response.status_code == 400
    assert error["extensions"] == {"code": "BATCH_TOO_LARGE", "limit": 3, "requested": count}
    assert "1 to 3" in error["message"]
    assert str(count) in error["message"]


async def test_read_after_its_time_limit_is_cancelled_in_the_database(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url, request_timeout_ms=300)
    async with running(settings) as client:
        with locked_task_table(database_url):
            response = await client.send(TASK, id="0190f2a4-7d1e-7c3a-9f00-3b1f0c2d4e5f")
            await wait_until_statement_is_cancelled(database_url)
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]) == (503, {"code": "REQUEST_TIMEOUT", "limit": 300})
        assert "300 ms" in error["message"]
        assert "Nothing was changed" in error["message"]
        await ready(client)
        assert await client.total() == 0


async def test_write_after_its_time_limit_may_still_be_applied(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url, request_timeout_ms=1000)
    async with running(settings) as client:
        task = await client.create(title="Before")
        update = 'mutation ($id: ID!) { updateTask(input: {id: $id, title: "After"}) { task { version } } }'
        with locked_task_table(database_url):
            response = await client.send(update, id=task["id"])
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]) == (503, {"code": "OUTCOME_UNKNOWN", "limit": 1000})
        assert "1,000 ms" in error["message"]
        await wait_for_title(client, task["id"], "After")


async def wait_for_title(client: Client, id_: str, title: str) -> None:
    for _ in range(500):
        if (await client.query(TASK, id=id_))["task"]["title"] == title:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"The write was not applied: the title is not {title}.")
