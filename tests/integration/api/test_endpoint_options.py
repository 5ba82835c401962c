"""Traces, compression, batches and the time limit."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from api.config.settings import Settings
from tests.integration.api.test_http import TASK, locked
from tests.support.graphql_client import CREATE, TOTAL, Client, running, without_cost
from tests.support.graphql_client import ready as when_ready

PAGE = "{ tasks(first: 50) { nodes { id title } totalCount } }"
TRACE = {"X-Millitask-Trace": "1"}


async def traced(client: Client, document: str = PAGE, **variables: Any) -> Any:
    body = {"query": document, "variables": variables}
    answer = (await client.http.post("/graphql", json=body, headers=TRACE)).json()
    trace = answer["extensions"]["cache"]
    assert trace.pop("serverMs") > 0
    return trace


async def test_a_trace_says_what_the_request_cost(client: Client) -> None:
    for _ in range(2):  # the first page also brings the scripts to Redis
        await client.create_many([f"Task {number}" for number in range(50)])
        cold = await traced(client)
        counts = await traced(client, "{ taskCounts { all todo } }")
    # The script, the MGET, the lease and the fill; the rows of all fifty in one query.
    assert cold == {"hits": 0, "misses": 50, "sqlQueries": 1, "redisRoundTrips": 4, "degraded": False}
    warm = {"hits": 50, "misses": 0, "sqlQueries": 0, "redisRoundTrips": 2, "degraded": False}
    assert await asyncio.gather(*(traced(client) for _ in range(5))) == [warm] * 5
    assert counts == {"hits": 0, "misses": 0, "sqlQueries": 0, "redisRoundTrips": 1, "degraded": False}
    await client.create()
    written = await traced(client, CREATE, input={"title": "New"})
    assert (written["sqlQueries"] > 0, written["redisRoundTrips"]) == (True, 2)


async def test_no_trace_unless_asked(client: Client) -> None:
    assert await client.answer(TOTAL) == {"data": {"tasks": {"totalCount": 0}}}


@pytest.mark.parametrize(("trace", "shown"), [(None, False), (True, True)])
async def test_no_trace_in_production_unless_set(
    database_url: str, redis_url: str, trace: bool | None, shown: bool
) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url, profile="production", trace=trace)
    async with running(settings) as client:
        answer = (await client.http.post("/graphql", json={"query": TOTAL}, headers=TRACE)).json()
        assert ("cache" in answer.get("extensions", {})) == shown


async def test_a_long_answer_is_compressed_for_who_can_read_it(client: Client) -> None:
    await client.create_many([f"Task {number}" for number in range(50)])
    for encoding, given in (("gzip", "gzip"), ("identity", None)):
        answer = await client.http.post("/graphql", json={"query": PAGE}, headers={"Accept-Encoding": encoding})
        assert answer.headers.get("Content-Encoding") == given
        assert len(answer.json()["data"]["tasks"]["nodes"]) == 50
        assert "Accept-Encoding" in answer.headers["Vary"]
    short = await client.http.post("/graphql", json={"query": TOTAL}, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in short.headers


@pytest.fixture
async def batching(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    async with running(Settings(database_url=database_url, redis_url=redis_url, max_batch=3)) as client:
        yield client


async def test_a_batch_is_answered_in_order(batching: Client) -> None:
    create = {"query": CREATE, "variables": {"input": {"title": "One"}}}
    answer = await batching.http.post("/graphql", json=[create, {"query": TOTAL}, {"query": "{ nothing }"}])
    first, second, third = map(without_cost, answer.json())
    assert first["data"]["createTask"]["task"]["title"] == "One"
    assert second == {"data": {"tasks": {"totalCount": 1}}}
    assert "data" not in third


@pytest.mark.parametrize("count", [0, 4])
async def test_a_batch_of_too_many(batching: Client, count: int) -> None:
    answer = await batching.http.post("/graphql", json=[{"query": TOTAL}] * count)
    [error] = answer.json()["errors"]
    assert answer.status_code == 400
    assert error["extensions"] == {"code": "BATCH_TOO_LARGE", "limit": 3, "requested": count}
    assert "1 to 3" in error["message"]
    assert str(count) in error["message"]


async def test_a_request_past_its_time_is_given_up_in_the_database_too(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url, request_timeout_ms=300)
    async with running(settings) as client:
        with locked(database_url):
            answer = await client.send(TASK, id="0190f2a4-7d1e-7c3a-9f00-3b1f0c2d4e5f")
            await no_longer_waiting(database_url)
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]) == (503, {"code": "REQUEST_TIMEOUT", "limit": 300})
        assert "300 ms" in error["message"]
        assert "nothing was changed" in error["message"]
        await when_ready(client)
        assert await client.total() == 0


async def test_a_write_past_its_time_may_be_done(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url, request_timeout_ms=1000)
    async with running(settings) as client:
        task = await client.create(title="Before")
        update = 'mutation ($id: ID!) { updateTask(input: {id: $id, title: "After"}) { task { version } } }'
        with locked(database_url):
            answer = await client.send(update, id=task["id"])
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]) == (503, {"code": "OUTCOME_UNKNOWN", "limit": 1000})
        assert "1,000 ms" in error["message"]
        await until_title(client, task["id"], "After")


async def until_title(client: Client, id_: str, title: str) -> None:
    for _ in range(500):
        if (await client.query(TASK, id=id_))["task"]["title"] == title:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"The write did not go on to its end: {title}.")


async def no_longer_waiting(database_url: str) -> None:
    """The statement was cancelled, though the lock that it waited for still stands."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for _ in range(200):
            found = await connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if await found.fetchone() == (0,):
                return
            await asyncio.sleep(0.01)
    raise AssertionError("The statement still waits.")
