"""Tests the import of files into a running service."""

import io
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from api.identity.authenticator import Authenticator
from loadgen.imports.columns import ColumnRules
from loadgen.imports.records import Format, RecordReader
from loadgen.imports.rejects import Rejects
from loadgen.imports.run import ImportPlan, import_tasks
from loadgen.imports.source import TaskRules
from loadgen.imports.stats import ImportSummary
from loadgen.imports.values import ValueRules
from loadgen.summary import Outcome
from tests.integration.schema.test_creation_times import ScopedCallers
from tests.support.graphql_client import Client
from tests.support.http_service import listening_service

TASKS = """{ tasks(first: 100, orderBy: OLDEST) { nodes {
  title description status priority createdAt expiresAt dueAt assignee labels metadata externalId list { name } } } }"""


@pytest.fixture
async def url(database_url: str, redis_url: str) -> AsyncIterator[str]:
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with listening_service(settings, Authenticator(ScopedCallers())) as url:
        yield url


async def run(
    url: str,
    data: str | bytes,
    format_: Format = "csv",
    rejected: io.BytesIO | None = None,
    token: str = "admin",
    number_lines: str | None = None,
    **options: Any,
) -> tuple[ImportSummary, str]:
    """Import data. Return the summary, and the messages about rejected records."""
    file, messages = io.BytesIO(data.encode() if isinstance(data, str) else data), io.StringIO()
    reader = RecordReader(file, format_, ColumnRules())
    plan = ImportPlan(
        url,
        batch=options.pop("batch", 7),
        concurrency=2,
        timeout=20,
        max_wait=20,
        rules=TaskRules(ValueRules(), number_lines, checks_clock=options.get("dry_run", False)),
        token=token,
        **options,
    )
    rejects = Rejects(reader, rejected, 20, ",", messages)
    return await import_tasks(plan, reader, rejects, threading.Event()), messages.getvalue()


async def tasks(url: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=url.removesuffix("/graphql")) as http:
        client = Client(http, {"Authorization": "Bearer admin"})
        nodes: list[dict[str, Any]] = (await client.query(TASKS))["tasks"]["nodes"]
    return nodes


async def test_every_field_is_imported(url: str) -> None:
    data = (
        "title,description,status,priority,created at,expiresAt,dueAt,assignee,labels,metadata,externalId,list\n"
        'A,"x\ny",done,high,2001-01-01T00:00:00.123456Z,2199-01-01T00:00:00Z,1990-01-01T01:00:00+01:00,ann,"a, b",'
        '"{""n"": 1}",e-1,Inbox\n'
        "B,,,,2002-01-01T00:00:00Z,,,,,,e-2,Inbox\n"
    )
    summary, messages = await run(url, data, create_lists=True)
    assert (summary.created, summary.existing, summary.rejected, summary.exit_code) == (2, 0, 0, 0), messages
    first, second = await tasks(url)
    assert first == {
        "title": "A",
        "description": "x\ny",
        "status": "DONE",
        "priority": "HIGH",
        "createdAt": "2001-01-01T00:00:00.123456+00:00",
        "expiresAt": "2199-01-01T00:00:00.000000+00:00",
        "dueAt": "1990-01-01T00:00:00.000000+00:00",
        "assignee": "ann",
        "labels": ["a", "b"],
        "metadata": {"n": 1},
        "externalId": "e-1",
        "list": {"name": "Inbox"},
    }
    assert (second["title"], second["status"], second["labels"], second["list"]) == ("B", "TODO", [], {"name": "Inbox"})


async def test_second_run_creates_nothing_twice(url: str) -> None:
    lines = [f"Task {number},e-{number}" for number in range(30)]
    summary, _ = await run(url, "\n".join(("title,externalId", *lines[:20])))
    assert (summary.created, summary.existing) == (20, 0)
    summary, _ = await run(url, "\n".join(("title,externalId", *lines)))
    assert (summary.created, summary.existing, summary.exit_code) == (10, 20, 0)
    assert len(await tasks(url)) == 30


async def test_lines_without_ids(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        summary, _ = await run(url, "title\nA\nB\n", number_lines="todo-")
        assert summary.created + summary.existing == 2
    assert "--number-lines" not in capsys.readouterr().err
    assert {task["externalId"] for task in await tasks(url)} == {"todo-2", "todo-3"}
    await run(url, "title\nA\nB\n")
    assert "a second run creates every task again" in capsys.readouterr().err
    assert len(await tasks(url)) == 4


REJECTED = f"""title,expiresAt,createdAt,listId,labels,externalId
{"x" * 501},,,,,a
,,,,,b
A,2020-01-01T00:00:00Z,,,,c
A,,2199-01-01T00:00:00Z,,,d
A,,,,{"y" * 51},e
Good,,,,,f
"""


@pytest.mark.parametrize("dry_run", [False, True])
async def test_dry_run_rejects_what_the_service_rejects(url: str, dry_run: bool) -> None:
    rejected = io.BytesIO()
    summary, messages = await run(url, REJECTED, dry_run=dry_run, rejected=rejected)
    assert (summary.created, summary.rejected, summary.exit_code) == (1, 5, 1)
    assert sorted(messages.splitlines()) == [
        f'line 2, column "title", value "{"x" * 60}…": title must have at most 500 characters, not 501.',
        'line 3, column "title": title must not be empty.',
        'line 4, column "expiresAt", value "2020-01-01T00:00:00Z": expiresAt must be in the future.',
        'line 5, column "createdAt", value "2199-01-01T00:00:00Z": createdAt must not be in the future.',
        f'line 6, column "labels", value "{"y" * 51}": labels must have at most 50 characters each, not 51.',
    ]
    assert len(await tasks(url)) == (not dry_run)
    # The file of rejected records can be imported, once they are corrected.
    corrected = rejected.getvalue().decode().replace("x" * 501, "Short").splitlines()
    assert corrected[0] == "title,expiresAt,createdAt,listId,labels,externalId,import_error"
    summary, _ = await run(url, "\n".join(corrected))
    assert (summary.created, summary.rejected) == (1, 4)


async def test_rejected_objects(url: str) -> None:
    rejected, data = io.BytesIO(), b'{"title": "A", "status": "?"}\n{"title": 7}\nno\n{"title": "B"}\n'
    summary, _ = await run(url, data, "jsonl", rejected)
    assert (summary.created, summary.rejected) == (1, 3)
    corrected = rejected.getvalue().replace(b'"?"', b'"DONE"').splitlines()[0]
    summary, _ = await run(url, corrected, "jsonl")
    assert (summary.created, summary.rejected) == (1, 0)


async def test_lists_by_name(url: str) -> None:
    data = "title,list,externalId\nA,Home,a\nB,Work,b\nC,Home,c\n"
    summary, messages = await run(url, data)
    assert summary.rejected == 3
    assert 'value "Home": list is not the name of a list. Create it, or use --create-lists.' in messages
    for created in (3, 0):
        summary, _ = await run(url, data, create_lists=True, batch=1)
        assert (summary.created, summary.rejected) == (created, 0)
    assert [task["list"]["name"] for task in await tasks(url)].count("Home") == 2


@pytest.mark.parametrize("dry_run", [True, False])
async def test_wrong_name_of_a_list_rejects_its_record_only(url: str, dry_run: bool) -> None:
    data = f"title,list\nA,Home\nB,{'x' * 201}\nC,  \n"
    summary, messages = await run(url, data, create_lists=True, dry_run=dry_run)
    assert (summary.created, summary.rejected) == (1, 2)
    assert "list must have at most 200 characters, not 201." in messages
    assert "list must not be empty." in messages


async def test_others_may_not_set_the_creation_time(url: str) -> None:
    data = "title,createdAt\nA,2001-01-01T00:00:00Z\n"
    summary, _ = await run(url, data, token="writer")
    assert (summary.outcome, summary.exit_code) == (Outcome.FAILED, 1)
    assert summary.message is not None
    assert "administrator" in summary.message
    assert '--ignore, the import leaves out the column "createdAt"' in summary.message


async def test_broken_file_keeps_what_was_read_before(url: str) -> None:
    data = "title,externalId\n" + "".join(f"A,{number}\n" for number in range(20)) + '"B'
    summary, _ = await run(url, data)
    assert summary.outcome is Outcome.FAILED
    assert summary.message is not None
    assert "line 22" in summary.message
    assert summary.created <= len(await tasks(url)) <= 20
