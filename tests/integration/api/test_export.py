"""Tests /export: who may export what, how many at once, and what a client sees of an export that is cut."""

import asyncio
import csv
import io
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest
from structlog.testing import capture_logs

from api.config.settings import Settings
from api.http import export
from api.http.export import MAX_EXPORTS
from api.identity.authenticator import Authenticator
from schema.ids import new_id
from tests.integration.schema.test_creation_times import ScopedCallers
from tests.support.graphql_client import Client
from tests.support.http_service import listening_service
from tests.support.task_lists import create_list
from tests.support.workspaces import named_callers

ROOT = Path(__file__).parents[3]
# Tasks of 40 MB, which no socket buffers.
INSERT = """
    INSERT INTO task (workspace_id, id, title, description, words_version)
    SELECT 'default', uuidv7(), 'Large', repeat('x', 10000), 1 FROM generate_series(1, 4000)
"""
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE '%list_name%' AND pid <> pg_backend_pid()
"""
WRITER = {"Authorization": "Bearer writer"}


@pytest.fixture
async def url(database_url: str, redis_url: str) -> AsyncIterator[str]:
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        yield url.removesuffix("/graphql")


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        yield http


async def insert_large_tasks(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(INSERT)


async def end_session(database_url: str) -> None:
    """End the session of the export that has begun, once it has sent its first statement."""
    async with (
        asyncio.timeout(20),
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
    ):
        while not await (await connection.execute(TERMINATE)).fetchall():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_formats_and_status(http: httpx.AsyncClient) -> None:
    client = Client(http)
    await client.create(title="=1+1", labels=["a", "b"], metadata={"n": 1})
    await client.create(title="Done", status="DONE")
    response = await http.get("/export")
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == 'attachment; filename="tasks.csv"'
    assert response.headers["transfer-encoding"] == "chunked"
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [(row["title"], row["labels"], row["metadata"]) for row in rows] == [
        ("=1+1", "a, b", '{"n":1}'),
        ("Done", "", ""),
    ]
    response = await http.get("/export", params={"format": "jsonl", "status": "DONE"})
    [done] = [json.loads(line) for line in response.text.splitlines()]
    assert (done["title"], done["labels"], done["metadata"], done["version"]) == ("Done", [], None, 1)
    assert list(done) == list(rows[0])


async def test_tasks_of_a_view(http: httpx.AsyncClient) -> None:
    client = Client(http)
    listed = (await create_list(client, "Böse, „Liste“"))["id"]
    await client.create(title="a", listId=listed, assignee="ann@ä.example", labels=["a, b", "x"], priority="HIGH")
    await client.create(title="b", listId=listed, assignee="ann@ä.example", labels=["x"], status="DONE")
    await client.create(title="c", labels=["a, b"])
    expected: list[tuple[dict[str, str], str]] = [
        ({"list": listed.upper()}, "ab"),
        ({"label": "a, b"}, "ac"),
        ({"assignee": "ann@ä.example", "status": "DONE"}, "b"),
        ({"priority": "HIGH"}, "a"),
        ({"list": listed, "assignee": "ann@ä.example", "label": "x", "priority": "HIGH", "status": "TODO"}, "a"),
        ({"label": "nothing"}, ""),
    ]
    for query, titles in expected:
        response = await http.get("/export", params={"format": "jsonl", **query})
        assert [json.loads(line)["title"] for line in response.text.splitlines()] == list(titles), query
        response = await http.get("/export", params=query)
        assert [row["title"] for row in csv.DictReader(io.StringIO(response.text, newline=""))] == list(titles)


WRONG = [
    ("list=x", "list "),
    (f"list={new_id()}", "list is not the id of a list of this workspace. The query taskLists returns the ids."),
    ("assignee=", "assignee must not be empty."),
    (f"assignee={'a' * 201}", "assignee must have at most 200 characters, not 201."),
    (f"label={'a' * 51}", "label must have at most 50 characters, not 51."),
    ("label=%00", "label contains a NUL character"),
    ("priority=high", "priority must be one of NONE, LOW, MEDIUM, HIGH, URGENT."),
    ("status=OPEN", "status must be one of TODO, IN_PROGRESS, DONE."),
    ("label=a&label=b", "label is given more than once. Send it once."),
    ("lists=1", "Unknown parameter lists. Known are format, list, assignee, label, priority and status."),
]


async def test_error_names_the_parameter(http: httpx.AsyncClient) -> None:
    for query, message in WRONG:
        response = await http.get(f"/export?{query}")
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (400, "BAD_REQUEST"), query
        assert error["message"].startswith(message)


async def test_list_of_another_workspace_is_unknown(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with (
        listening_service(settings, named_callers()) as url,
        httpx.AsyncClient(base_url=url.removesuffix("/graphql")) as http,
    ):
        one, two = ({"Authorization": f"Bearer test:{workspace}:ann"} for workspace in ("one", "two"))
        listed = (await create_list(Client(http, one)))["id"]
        assert (await http.get(f"/export?list={listed}", headers=one)).status_code == 200
        assert (await http.get(f"/export?list={listed}", headers=two)).status_code == 400


async def test_command_exports_a_view(http: httpx.AsyncClient, url: str, tmp_path: Path) -> None:
    await Client(http).create(title="a", assignee="ann & bob", priority="HIGH")
    await Client(http).create(title="b", assignee="ann & bob")
    file = tmp_path / "tasks.jsonl"
    for options, code in [(("--assignee", "ann & bob", "--priority", "HIGH"), 0), (("--list", str(new_id())), 1)]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "loadgen", "export", str(file), "--url", f"{url}/graphql", *options),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        _, messages = await process.communicate()
        assert process.returncode == code, messages
    assert [json.loads(line)["title"] for line in file.read_text().splitlines()] == ["a"]
    assert b"list is not the id of a list of this workspace." in messages


@pytest.mark.parametrize(
    ("method", "query", "status", "code"),
    [
        ("GET", "format=xml", 400, "BAD_REQUEST"),
        ("GET", "status=OPEN", 400, "BAD_REQUEST"),
        ("GET", "lists=1", 400, "BAD_REQUEST"),
        ("POST", "", 405, None),
    ],
)
async def test_wrong_requests(http: httpx.AsyncClient, method: str, query: str, status: int, code: str | None) -> None:
    response = await http.request(method, f"/export?{query}")
    assert response.status_code == status
    if code is not None:
        assert response.json()["errors"][0]["extensions"]["code"] == code
    assert (await http.head("/export")).status_code == 405


async def test_caller_exports_its_own_workspace(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with (
        listening_service(settings, named_callers()) as url,
        httpx.AsyncClient(base_url=url.removesuffix("/graphql")) as http,
    ):
        assert (await http.get("/export")).status_code == 401
        for workspace in ("one", "two"):
            headers = {"Authorization": f"Bearer test:{workspace}:ann"}
            await Client(http, headers).create(title=workspace)
            response = await http.get("/export?format=jsonl", headers=headers)
            assert [json.loads(line)["title"] for line in response.text.splitlines()] == [workspace]


async def test_export_requires_the_scope_to_read(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ScopedCallers.scopes, "writer", frozenset(("tasks:write",)))
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with (
        listening_service(settings, Authenticator(ScopedCallers())) as url,
        httpx.AsyncClient(base_url=url.removesuffix("/graphql")) as http,
    ):
        response = await http.get("/export", headers=WRITER)
        assert response.status_code == 403
        assert response.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN", "scope": "tasks:read"}


async def test_slow_clients_are_limited_and_leave_their_places(http: httpx.AsyncClient, database_url: str) -> None:
    await insert_large_tasks(database_url)
    for _ in range(MAX_EXPORTS):
        response = await http.send(http.build_request("GET", "/export"), stream=True)
        assert response.status_code == 200
    refused = await http.get("/export")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["errors"][0]["extensions"] == {"code": "BUSY", "limit": MAX_EXPORTS}
    await http.aclose()  # the clients leave in the middle
    async with httpx.AsyncClient(base_url=http.base_url, timeout=20) as other, asyncio.timeout(20):
        while (response := await other.get("/export")).status_code == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert response.text.count("Large") == 4000


async def test_cut_export_never_looks_complete(
    http: httpx.AsyncClient, url: str, database_url: str, tmp_path: Path
) -> None:
    await insert_large_tasks(database_url)
    file = tmp_path / "tasks.csv"
    file.write_text("the last export")
    async with http.stream("GET", "/export") as response:
        parts = response.aiter_raw()
        await anext(parts)
        await end_session(database_url)
        with pytest.raises(httpx.RemoteProtocolError):
            async for _ in parts:
                pass
    # The same by the command: a process that stops reading until the session has ended.
    command = (sys.executable, "-m", "loadgen", "export", "-", "--url", f"{url}/graphql")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=1024
    )
    assert process.stdout is not None
    await process.stdout.read(1)
    await end_session(database_url)
    _, err = await process.communicate()
    assert process.returncode == 1
    assert b"was cut off after" in err
    assert file.read_text() == "the last export"


async def test_client_that_stops_reading_is_cut_at_the_limit(
    http: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_SECONDS", 0.5)
    await insert_large_tasks(database_url)
    with capture_logs() as lines:
        async with http.stream("GET", "/export") as response:
            parts = response.aiter_raw()
            await anext(parts)
            async with asyncio.timeout(20):
                while not any(line["event"] == "export cut" for line in lines):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
                assert await (await connection.execute(TERMINATE)).fetchall() == []
            with pytest.raises(httpx.RemoteProtocolError):
                async for _ in parts:
                    pass


async def test_command_writes_a_complete_file(http: httpx.AsyncClient, url: str, tmp_path: Path) -> None:
    await Client(http).create(title="A task")
    file = tmp_path / "tasks.jsonl"
    command = (sys.executable, "-m", "loadgen", "export", str(file), "--url", f"{url}/graphql")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
    _, err = await process.communicate()
    assert (process.returncode, b"complete" in err) == (0, True), err
    assert json.loads(file.read_bytes())["title"] == "A task"
    assert not file.with_name("tasks.jsonl.part").exists()
