"""What every request meets: ids, limits, health, errors outside and inside of GraphQL."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from schema.resolvers.validation import uuid7
from tests.support.graphql_client import TOTAL, Client, ready, running, started

HEX_ID = re.compile(r"[0-9a-f]{16}")
# Where nobody listens.
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


@contextmanager
def locked(database_url: str) -> Iterator[None]:
    """Whoever wants to read or write a task waits."""
    with psycopg.connect(database_url) as connection:
        connection.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


async def waiting(database_url: str, count: int) -> None:
    """Until so many statements wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(2000):
            row = connection.execute(query).fetchone()
            if row is not None and row[0] >= count:
                return
            await asyncio.sleep(0.005)
    raise AssertionError("Nothing waits for the lock.")


async def test_each_request_has_an_id_of_its_own(client: Client) -> None:
    answers = [await client.http.get(path) for path in ("/livez", "/livez", "/metrics", "/nowhere")]
    answers += [await client.send(TOTAL), await client.post(b"{")]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert all(HEX_ID.fullmatch(id_) for id_ in ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("given", ["a", "trace-1.2_3", "x" * 64, "019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f"])
async def test_a_clients_own_id_is_kept(client: Client, given: str) -> None:
    answer = await client.http.get("/livez", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", " ", "x" * 65, "a b", 'a"b', "a\tb", "<script>", "a,b"])
async def test_an_id_that_could_do_harm_is_not(client: Client, given: str) -> None:
    answer = await client.http.get("/livez", headers={"X-Request-Id": given})
    assert HEX_ID.fullmatch(answer.headers["X-Request-Id"])


async def test_an_unexpected_error_is_masked_and_carries_the_request_id(
    client: Client, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE task")
    body = {"query": TASK, "variables": {"id": str(uuid7())}}
    answer = await client.http.post("/graphql", json=body, headers={"X-Request-Id": "mine"})
    assert answer.status_code == 200
    assert answer.headers["X-Request-Id"] == "mine"
    found = answer.json()
    assert found["data"] == {"task": None}
    [error] = found["errors"]
    assert error["path"] == ["task"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "mine"}
    assert "mine" in error["message"]
    for secret in ("relation", "does not exist", "psycopg", "SELECT"):
        assert secret not in answer.text
    # The log has what the answer has not.
    log = capsys.readouterr().out
    assert "masked error" in log
    assert "does not exist" in log


async def test_beyond_the_limit_requests_are_sent_away(settings: Settings, database_url: str) -> None:
    async with running(settings.model_copy(update={"max_requests_in_flight": 1})) as client:
        with locked(database_url):
            held = asyncio.create_task(client.answer(TASK, id=str(uuid7())))
            await waiting(database_url, 1)
            refused = await client.send(TOTAL)
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1
            assert refused.headers["X-Request-Id"]
            [error] = refused.json()["errors"]
            assert error["extensions"] == {"code": "BUSY", "limit": 1}
            assert "1 requests" in error["message"]
            for path in ("/livez", "/readyz", "/metrics"):
                assert (await client.http.get(path)).status_code == 200
        assert await held == {"data": {"task": None}}
        # The place is free again, after errors too.
        for _ in range(3):
            assert (await client.post(b"{")).status_code == 400
        assert await client.total() == 0


async def test_a_statement_that_takes_too_long_is_unavailable(settings: Settings, database_url: str) -> None:
    async with running(settings.model_copy(update={"statement_timeout_ms": 200})) as client:
        with locked(database_url):
            error = await client.error(TASK, id=str(uuid7()))
        assert error["extensions"] == {"code": "UNAVAILABLE"}
        assert await client.total() == 0


async def test_the_process_lives_and_is_ready(client: Client) -> None:
    for path, body in (("/livez", {"status": "ok"}), ("/readyz", {"status": "ready", "degraded": False})):
        answer = await client.http.get(path)
        assert (answer.status_code, answer.json()) == (200, body)
        assert answer.headers["Content-Type"] == "application/json"


async def test_not_ready_before_the_gate_was_read(settings: Settings) -> None:
    async with started(settings.model_copy(update={"database_url": NO_DATABASE})) as client:
        answer = await client.http.get("/readyz")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.json()["status"] == "not ready"
        assert "PostgreSQL" in answer.json()["reason"]
        assert (await client.http.get("/livez")).status_code == 200


async def test_until_there_is_an_index_postgresql_answers(settings: Settings, database_url: str) -> None:
    async with started(settings.model_copy(update={"redis_url": NO_REDIS})) as client:
        await ready(client, degraded=True)
        made = await client.create(title="Without Redis")
        answer = await client.answer("{ tasks(first: 5) { totalCount nodes { id } } }")
        assert answer == {
            "data": {"tasks": {"totalCount": 1, "nodes": [{"id": made["id"]}]}},
            "extensions": {"degraded": True},
        }
        counters = await client.counters()
        assert counters["millitask_degraded"] == 1
        assert counters["millitask_degraded_reads_total"] >= 1


async def test_get_answers_a_query(client: Client) -> None:
    answer = await client.http.get("/graphql", params={"query": TOTAL})
    assert (answer.status_code, answer.json()["data"]) == (200, {"tasks": {"totalCount": 0}})
    assert answer.headers["Cache-Control"] == "no-store"
    answer = await client.http.get(
        "/graphql", params={"query": TASK, "variables": f'{{"id": "{uuid7()}"}}', "operationName": ""}
    )
    assert answer.status_code in (200, 400)


async def test_get_refuses_a_mutation(client: Client) -> None:
    params = {"query": 'mutation { createTask(input: { title: "New" }) { task { id } } }'}
    answer = await client.http.get("/graphql", params=params)
    assert answer.status_code in (400, 405)
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] in ("BAD_REQUEST", "METHOD_NOT_ALLOWED")
    assert "mutation" in error["message"].lower()
    assert await client.total() == 0


@pytest.mark.parametrize("variables", ["{", "1", "[]", "\0"])
async def test_get_with_bad_variables(client: Client, variables: str) -> None:
    answer = await client.http.get("/graphql", params={"query": TOTAL, "variables": variables})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_another_method_is_refused(client: Client, method: str) -> None:
    answer = await client.http.request(method, "/graphql", json={"query": TOTAL})
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


async def test_there_is_nothing_elsewhere(client: Client) -> None:
    assert (await client.http.get("/nowhere")).status_code == 404


def shut_down(url: str) -> None:
    with redis.Redis.from_url(url) as connection:
        connection.shutdown(nosave=True)


async def test_without_redis_everything_goes_on_and_nothing_is_lost(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    with EmbeddedStores(Settings(database_url=database_url, redis_url=None, data_dir=folder), durable=False) as urls:
        settings = Settings(database_url=database_url, redis_url=urls.redis_url)
        async with running(settings) as client:
            kept = await client.create(title="Kept")
            shut_down(urls.redis_url)
            assert await client.total() == 1
            answer = await client.answer(TASK, id=kept["id"])
            assert answer["data"]["task"]["id"] == kept["id"]
            assert answer["extensions"] == {"degraded": True}
            made = await client.create(title="Without Redis")
            page = await client.query("{ tasks { totalCount nodes { id } } }")
            assert page["tasks"] == {"totalCount": 2, "nodes": [{"id": made["id"]}, {"id": kept["id"]}]}
            assert (await client.http.get("/readyz")).json() == {"status": "ready", "degraded": True}
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT title FROM task ORDER BY id").fetchall() == [("Kept",), ("Without Redis",)]
