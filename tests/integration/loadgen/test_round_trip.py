"""Tests that an import reads what an export writes, whatever the texts contain."""

import asyncio
import io
import itertools
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.config.settings import Settings
from loadgen.imports.columns import ColumnRules
from loadgen.imports.records import Format, RecordReader
from loadgen.imports.rejects import Rejects
from loadgen.imports.run import ImportPlan, import_tasks
from loadgen.imports.source import TaskRules
from loadgen.imports.values import ValueRules
from tests.support.examples import examples
from tests.support.http_service import listening_service
from tests.support.workspaces import named_callers

# Characters that CSV, JSON, PostgreSQL's arrays, spreadsheets or a time zone could take for something else.
characters = st.sampled_from("aZ0 ,;\"'\\\t\r\n=+-@|[]{}<&%\x1f\x7f\x85\u2028\ufeffé𝄞\ufffe") | st.characters(
    exclude_categories=["Cs"], exclude_characters="\0"
)


def texts(most: int) -> st.SearchStrategy[str]:
    return st.text(characters, min_size=1, max_size=most).filter(lambda text: bool(text.strip()))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(characters, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(characters, max_size=5), inner, max_size=3),
    max_leaves=6,
)
tasks = st.fixed_dictionaries(
    {"title": texts(30)},
    optional={
        "description": texts(60),
        "status": st.sampled_from(["TODO", "IN_PROGRESS", "DONE"]),
        "priority": st.sampled_from(["NONE", "LOW", "URGENT"]),
        "assignee": texts(10),
        "labels": st.lists(texts(10), max_size=4),
        "metadata": st.dictionaries(st.text(characters, max_size=5), json_values, max_size=3),
        "createdAt": st.sampled_from(["1970-01-01T00:00:00Z", "2001-09-09T01:46:40.000001+00:00"]),
        "dueAt": st.sampled_from(["1970-01-01T00:00:00.000001Z", "2199-12-31T23:59:59.999999Z"]),
        "expiresAt": st.sampled_from(["2199-12-31T23:59:59.999Z"]),
        "list": texts(10),
    },
)
# Set by the service or by the workspace.
_OWN = ("updatedAt", "createdBy", "updatedBy", "createdAt", "listId", "version")


class Site:
    """A running service with as many workspaces as the test needs."""

    numbers = itertools.count(1)

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url
        self._http = http

    def new_workspace(self) -> str:
        return f"trip{next(self.numbers)}"

    async def load(self, workspace: str, data: bytes, format_: Format) -> tuple[int, str]:
        messages = io.StringIO()
        rules = ColumnRules(ignored=frozenset({"listId"}) if format_ == "csv" or b'"listId"' in data else frozenset())
        reader = RecordReader(io.BytesIO(data), format_, rules)
        plan = ImportPlan(
            self.url, 3, 1, 20, 20, TaskRules(ValueRules()), create_lists=True, token=f"test:{workspace}:ann"
        )
        rejects = Rejects(reader, None, 20, ",", messages)
        summary = await import_tasks(plan, reader, rejects, threading.Event())
        assert summary.message is None
        return summary.created, messages.getvalue()

    async def export(self, workspace: str, format_: Format) -> bytes:
        url = self.url.removesuffix("/graphql") + "/export"
        response = await self._http.get(
            url, params={"format": format_}, headers={"Authorization": f"Bearer test:{workspace}:ann"}
        )
        assert response.status_code == 200, response.text
        return response.content


@asynccontextmanager
async def site(database_url: str, redis_url: str) -> AsyncIterator[Site]:
    own = Settings(database_url=database_url, redis_url=redis_url)
    async with listening_service(own, named_callers()) as url, httpx.AsyncClient(timeout=30) as http:
        yield Site(url, http)


def comparable(lines: bytes) -> list[dict[str, Any]]:
    rows = [msgspec.json.decode(line) for line in lines.split(b"\n") if line]
    return sorted(({name: row[name] for name in row if name not in _OWN} for row in rows), key=lambda row: row["id"])


async def check(running: Site, given_tasks: list[dict[str, Any]]) -> None:
    first = running.new_workspace()
    data = b"".join(msgspec.json.encode(task) + b"\n" for task in given_tasks)
    assert await running.load(first, data, "jsonl") == (len(given_tasks), "")
    exported = await running.export(first, "jsonl")
    rows = [msgspec.json.decode(line) for line in exported.split(b"\n") if line]
    assert sorted(row["title"] for row in rows) == sorted(task["title"] for task in given_tasks)
    for format_ in ("csv", "jsonl"):
        second = running.new_workspace()
        assert await running.load(second, await running.export(first, format_), format_) == (len(rows), "")
        again = await running.export(second, "jsonl")
        assert comparable(again) == comparable(exported)
        created = {row["id"]: row["createdAt"] for row in rows}
        assert {(row := msgspec.json.decode(line))["id"]: row["createdAt"] for line in again.splitlines()} == created


def test_import_reads_what_export_writes(database_url: str, redis_url: str) -> None:
    with asyncio.Runner() as runner:
        opening = site(database_url, redis_url)
        running = runner.run(opening.__aenter__())

        @settings(max_examples=examples(4), suppress_health_check=list(HealthCheck), database=None, deadline=None)
        @given(st.lists(tasks, min_size=1, max_size=8))
        def run_example(given_tasks: list[dict[str, Any]]) -> None:
            runner.run(check(running, given_tasks))

        try:
            run_example()
        finally:
            runner.run(opening.__aexit__(None, None, None))
