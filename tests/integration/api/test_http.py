"""Tests HTTP requests: ids, limits, health checks, methods and errors."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import redis

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from millitask import __version__
from schema.ids import new_id
from tests.support.graphql_client import TOTAL, Client, ready, running, started
from tests.support.table_lock import locked_task_table, wait_for_lock_waiters

# No server listens on this port.
NO_REDIS = "redis://127.0.0.1:1/0"
NO_DATABASE = "postgresql://127.0.0.1:1/nothing"

TASK = "query ($id: ID!) { task(id: $id) { id title } }"


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url)


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    async with running(settings) as running_client:
        yield running_client


async def test_each_request_gets_its_own_id(client: Client) -> None:
    responses = [await client.http.get(path) for path in ("/livez", "/livez", "/metrics", "/nowhere")]
    responses += [await client.send(TOTAL), await client.post(b"{")]
    ids = [response.headers["X-Request-Id"] for response in responses]
    assert all(re.fullmatch("[0-9a-f]{16}", id_) for id_ in ids)
    assert len(set(ids)) == len(ids)


async def test_no_path_is_hidden_by_its_encoding(client: Client) -> None:
    """A proxy that blocks /metrics may compare the path as it was sent."""
    for path in ("/%6Detrics", "/metric%73", "/%67raphql", "/_next/static/..%2f..%2findex.html"):
        response = await client.http.get(path)
        assert response.status_code == 404
        assert "without percent-encoding" in response.json()["errors"][0]["message"]


async def test_unexpected_error_is_masked_and_carries_the_request_id(
    client: Client, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE task RENAME TO stored")
        connection.execute("CREATE VIEW task AS SELECT * FROM stored WHERE 1 / 0 = 1")
    body = {"query": TASK, "variables": {"id": str(new_id())}}
    response = await client.http.post("/graphql", json=body, headers={"X-Request-Id": "mine"})
    assert response.status_code == 200
    assert response.headers["X-Request-Id"] == "mine"
    found = response.json()
    assert found["data"] == {"task": None}
    [error] = found["errors"]
    assert error["path"] == ["task"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "mine"}
    assert "mine" in error["message"]
    for secret in ("division", "by zero", "psycopg", "SELECT"):
        assert secret not in response.text
    # Only the log has the details of the error.
    log = capsys.readouterr().out
    assert "masked error" in log
    assert "division by zero" in log


async def test_requests_over_the_limit_are_refused(settings: Settings, database_url: str) -> None:
    async with running(settings.model_copy(update={"max_requests_in_flight": 1})) as client:
        with locked_task_table(database_url):
            pending = asyncio.create_task(client.answer(TASK, id=str(new_id())))
            await wait_for_lock_waiters(database_url, 1)
            refused = await client.send(TOTAL)
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1
            assert refused.headers["X-Request-Id"]
            [error] = refused.json()["errors"]
            assert error["extensions"] == {"code": "BUSY", "limit": 1}
            assert "limit of 1 requests" in error["message"]
            for path in ("/livez", "/readyz", "/metrics"):
                assert (await client.http.get(path)).status_code == 200
        assert await pending == {"data": {"task": None}}
        # Finished and failed requests do not count towards the limit.
        for _ in range(3):
            assert (await client.post(b"{")).status_code == 400
        assert await client.total() == 0


async def test_statement_over_its_time_limit_is_unavailable(settings: Settings, database_url: str) -> None:
    async with running(settings.model_copy(update={"statement_timeout_ms": 200})) as client:
        with locked_task_table(database_url):
            error = await client.error(TASK, id=str(new_id()))
        assert error["extensions"] == {"code": "UNAVAILABLE"}
        assert await client.total() == 0


async def test_health_checks_of_a_ready_service(client: Client) -> None:
    for path, body in (
        ("/livez", {"status": "ok"}),
        ("/readyz", {"status": "ready", "degraded": False, "version": __version__}),
    ):
        response = await client.http.get(path)
        assert (response.status_code, response.json()) == (200, body)
        assert response.headers["Content-Type"] == "application/json"


async def test_service_is_not_ready_without_postgresql(settings: Settings) -> None:
    async with started(settings.model_copy(update={"database_url": NO_DATABASE})) as client:
        response = await client.http.get("/readyz")
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) >= 1
        assert response.json()["status"] == "not ready"
        assert response.json()["version"] == __version__
        assert "PostgreSQL" in response.json()["reason"]
        assert (await client.http.get("/livez")).status_code == 200


async def test_postgresql_answers_while_there_is_no_index(settings: Settings, database_url: str) -> None:
    async with started(settings.model_copy(update={"redis_url": NO_REDIS})) as client:
        await ready(client, degraded=True)
        made = await client.create(title="Without Redis")
        response = await client.answer("{ tasks(first: 5) { totalCount nodes { id } } }")
        assert response == {
            "data": {"tasks": {"totalCount": 1, "nodes": [{"id": made["id"]}]}},
            "extensions": {"degraded": True},
        }
        counters = await client.counters()
        assert counters["millitask_degraded"] == 1
        assert counters["millitask_degraded_reads_total"] >= 1


async def test_get_runs_a_query(client: Client) -> None:
    response = await client.http.get("/graphql", params={"query": TOTAL})
    assert (response.status_code, response.json()["data"]) == (200, {"tasks": {"totalCount": 0}})
    assert response.headers["Cache-Control"] == "no-store"
    response = await client.http.get(
        "/graphql", params={"query": TASK, "variables": f'{{"id": "{new_id()}"}}', "operationName": ""}
    )
    assert response.status_code in (200, 400)


async def test_get_refuses_a_mutation(client: Client) -> None:
    params = {"query": 'mutation { createTask(input: { title: "New" }) { task { id } } }'}
    response = await client.http.get("/graphql", params=params)
    assert response.status_code in (400, 405)
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] in ("BAD_REQUEST", "METHOD_NOT_ALLOWED")
    assert "mutation" in error["message"].lower()
    assert await client.total() == 0


@pytest.mark.parametrize("variables", ["{", "1", "[]", "\0"])
async def test_get_with_invalid_variables_is_refused(client: Client, variables: str) -> None:
    response = await client.http.get("/graphql", params={"query": TOTAL, "variables": variables})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(client: Client, method: str) -> None:
    response = await client.http.request(method, "/graphql", json={"query": TOTAL})
    assert response.status_code == 405
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


async def test_unknown_path_is_not_found(client: Client) -> None:
    assert (await client.http.get("/nowhere")).status_code == 404


def shut_down_redis(url: str) -> None:
    with redis.Redis.from_url(url) as connection:
        connection.shutdown(nosave=True)


async def test_service_works_without_redis_and_loses_nothing(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    with EmbeddedStores(Settings(database_url=database_url, redis_url=None, data_dir=folder), durable=False) as urls:
        settings = Settings(database_url=database_url, redis_url=urls.redis_url)
        async with running(settings) as client:
            kept = await client.create(title="Kept")
            shut_down_redis(urls.redis_url)
            assert await client.total() == 1
            response = await client.answer(TASK, id=kept["id"])
            assert response["data"]["task"]["id"] == kept["id"]
            assert response["extensions"] == {"degraded": True}
            made = await client.create(title="Without Redis")
            page = await client.query("{ tasks { totalCount nodes { id } } }")
            assert page["tasks"] == {"totalCount": 2, "nodes": [{"id": made["id"]}, {"id": kept["id"]}]}
            assert (await client.http.get("/readyz")).json() == {
                "status": "ready",
                "degraded": True,
                "version": __version__,
            }
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT title FROM task ORDER BY id").fetchall() == [("Kept",), ("Without Redis",)]
