"""Tests the reports that a stand-in for GraphQL Hive gets, against the format of its API in version 2."""

import asyncio
import json
import re
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import jsonschema
import pytest

from api.config.settings import Settings
from api.graphql.response import OperationRecord
from api.telemetry import hive_reports
from api.telemetry.hive_reports import Executed, HiveReports
from schema.build import create_schema
from schema.execution.schema import Schema
from tests.support.graphql_client import CREATE, Client, running
from tests.support.receivers import Receiver, receiver

PAGE = "query Page($first: Int!) { tasks(first: $first, status: TODO) { edges { node { id title } } } }"
TARGET, TOKEN = "acme/tasks/production", "secret-token"
VIEWER = "{ viewer { name } }"
CLIENT = {"graphql-client-name": "web", "graphql-client-version": "1.2"}


def strict(**properties: Any) -> dict[str, Any]:
    """Return the JSON schema of an object that has these members and no other. A name with _ at the end is optional."""
    names = {name.rstrip("_"): schema for name, schema in properties.items()}
    required = [name for name in properties if not name.endswith("_")]
    return {"type": "object", "properties": names, "required": required, "additionalProperties": False}


TEXT, NUMBER = {"type": "string"}, {"type": "integer", "minimum": 0}
METADATA = strict(client_=strict(name=TEXT, version=TEXT))
FIELDS = {"type": "array", "items": TEXT, "minItems": 1}
EXECUTION = strict(ok={"type": "boolean"}, duration=NUMBER, errorsTotal=NUMBER)
REQUEST = strict(timestamp=NUMBER, operationMapKey=TEXT, execution=EXECUTION, metadata_=METADATA)
SUBSCRIPTION = strict(timestamp=NUMBER, operationMapKey=TEXT, metadata_=METADATA)
REPORT = strict(
    size=NUMBER,
    map={"type": "object", "additionalProperties": strict(operation=TEXT, operationName_=TEXT, fields=FIELDS)},
    operations_={"type": "array", "items": REQUEST},
    subscriptionOperations_={"type": "array", "items": SUBSCRIPTION},
)


@pytest.fixture
def hive() -> Iterator[Receiver]:
    with receiver() as received:
        yield received


@pytest.fixture
def settings(database_url: str, redis_url: str, hive: Receiver, tmp_path: Path) -> Settings:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        hive_target=TARGET,
        hive_token_file=token,
        hive_endpoint=f"{hive.url}/usage",
    )


def reports(hive: Receiver) -> list[dict[str, Any]]:
    """Return the valid reports that the stand-in got."""
    found = []
    for request in hive.requests:
        assert request.path == f"/usage/{TARGET}"
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["x-usage-api-version"] == "2"
        assert request.headers["content-type"] == "application/json"
        assert UUID(request.headers["x-request-id"]).version == 4
        report = json.loads(request.body)
        jsonschema.validate(report, REPORT)
        items = report["operations"] + report.get("subscriptionOperations", [])
        assert report["size"] == len(items)
        assert {item["operationMapKey"] for item in items} == set(report["map"])
        found.append(report)
    return found


async def send(client: Client, document: str, **variables: Any) -> Any:
    body = {"query": document, "variables": variables}
    return (await client.http.post("/graphql", json=body, headers=CLIENT)).json()


async def test_report_has_the_operations_and_no_values(settings: Settings, hive: Receiver) -> None:
    before = int(time.time() * 1000)
    async with running(settings) as client:
        await send(client, PAGE, first=5)
        await send(client, PAGE, first=5)
        await send(client, 'mutation { createTask(input: { title: "A secret title" }) { task { id } } }')
        await send(client, CREATE, input={"title": "Another secret"})
        await send(client, 'query Failing { task(id: "not an id") { id } }')
        await send(client, "{ not a document")
        await client.http.post("/graphql", json={"query": PAGE, "variables": {"first": 5}})
    [report] = reports(hive)
    names = {key: entry.get("operationName") for key, entry in report["map"].items()}
    operations = [(names[each["operationMapKey"]], each) for each in report["operations"]]
    assert [name for name, _ in operations] == ["Page", "Page", None, None, "Failing", "Page"]
    page = operations[0][1]
    assert page["execution"]["ok"]
    assert page["execution"]["errorsTotal"] == 0
    assert 0 < page["execution"]["duration"] < 60e9
    assert before <= page["timestamp"] <= time.time() * 1000
    assert page["metadata"]["client"] == {"name": "web", "version": "1.2"}
    assert "metadata" not in operations[-1][1]
    failing = operations[4][1]["execution"]
    assert (failing["ok"], failing["errorsTotal"]) == (False, 1)
    entry = report["map"][page["operationMapKey"]]
    assert re.fullmatch("[0-9a-f]{64}:Page", page["operationMapKey"])
    assert entry["fields"] == [
        *("Int", "Query.tasks", "Query.tasks.first", "Query.tasks.status", "Task.id", "Task.title"),
        *("TaskConnection.edges", "TaskEdge.node", "TaskStatus.TODO"),
    ]
    assert not any("secret" in request.body.decode() for request in hive.requests)


async def test_introspection_is_reported_too(settings: Settings, hive: Receiver) -> None:
    async with running(settings) as client:
        await send(client, '{ __type(name: "Task") { name fields(includeDeprecated: true) { name } } }')
    [report] = reports(hive)
    [entry] = report["map"].values()
    assert entry["fields"] == [
        *("Query.__type", "Query.__type.name", "__Field.name"),
        *("__Type.fields", "__Type.fields.includeDeprecated", "__Type.name"),
    ]


async def test_client_headers_of_apollo_count_too(settings: Settings, hive: Receiver) -> None:
    async with running(settings) as client:
        headers = {"apollographql-client-name": "x" * 1000}
        await client.http.post("/graphql", json={"query": PAGE, "variables": {"first": 5}}, headers=headers)
    [report] = reports(hive)
    assert report["operations"][0]["metadata"]["client"] == {"name": "x" * 100, "version": ""}


@cache
def schema() -> Schema:
    return create_schema()


@pytest.fixture
def collected(hive: Receiver) -> HiveReports:
    """Return the reports of a worker that has executed one operation."""
    found = HiveReports(f"{hive.url}/usage/{TARGET}", TOKEN, schema()._schema)
    found.record(executed(VIEWER), 0.001, {})
    return found


def executed(document: str) -> OperationRecord:
    return OperationRecord("OK", plan=schema().planner.plan(document, None))


async def test_refused_report_is_sent_once_and_a_failed_one_again(
    collected: HiveReports, hive: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hive_reports, "RETRY_SECONDS", 0)
    waiting = list(collected._waiting)
    async with httpx.AsyncClient() as http:
        for status, attempts in ((400, 1), (503, hive_reports.MAX_ATTEMPTS)):
            hive.status, hive.requests = status, []
            collected._waiting = list(waiting)
            await collected.send(http)
            assert len(hive.requests) == attempts
        hive.requests = []
        await collected.send(http)
    assert hive.requests == [], "what was dropped is not sent later"


async def test_report_after_a_bug_is_sent(
    collected: HiveReports, hive: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()
    describe = collected._report

    def fail(executed: Sequence[Executed]) -> bytes:
        monkeypatch.setattr(collected, "_report", describe)
        loop.call_soon_threadsafe(failed.set)
        raise ValueError("a bug")

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(hive_reports, "SEND_SECONDS", 0.01)
    monkeypatch.setattr(collected, "_report", fail)
    record = executed(VIEWER)
    async with collected.sending():
        await failed.wait()
        collected.record(record, 0.001, {})
        while not hive.requests:  # noqa: ASYNC110 - another thread receives
            await asyncio.sleep(0.01)
    [report] = reports(hive)
    assert report["size"] == 1


async def test_operations_are_bounded(collected: HiveReports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hive_reports, "MAX_WAITING", 2)
    record = executed(VIEWER)
    for _ in range(5):
        collected.record(record, 0.001, {})
    assert (len(collected._waiting), collected._dropped) == (2, 4)


async def test_texts_of_operations_are_bounded(collected: HiveReports, hive: Receiver) -> None:
    # Each takes two sevenths of the room, half of it for the name. So the last one finds none.
    names = [letter * (hive_reports.MAX_WAITING_BYTES // 7 - 1000) for letter in "ABCD"]
    for name in [*names, *names]:
        collected.record(executed(f"query {name} {{ viewer {{ name }} }}"), 0.001, {})
    assert collected._dropped == 2
    async with httpx.AsyncClient() as http:
        await collected.send(http)
        collected.record(executed(f"query {names[-1]} {{ viewer {{ name }} }}"), 0.001, {})
        await collected.send(http)
    first, second = (json.loads(request.body) for request in hive.requests)
    kept = [entry["operationName"] for entry in first["map"].values() if "operationName" in entry]
    assert kept == names[:-1]
    assert first["size"] == 1 + 2 * len(kept)
    # The keys are repeated for each execution.
    assert all(len(item["operationMapKey"]) <= 129 for item in first["operations"])
    assert [entry["operationName"] for entry in second["map"].values()] == names[-1:]


async def test_subscriptions_are_reported_apart(hive: Receiver) -> None:
    collected = HiveReports(f"{hive.url}/usage/{TARGET}", TOKEN, schema()._schema)
    collected.record(executed("subscription Changes { taskChanged { kind } }"), 60, {b"graphql-client-name": b"web"})
    async with collected.sending():
        pass
    [report] = reports(hive)
    [item] = report["subscriptionOperations"]
    assert report["operations"] == []
    assert item["metadata"]["client"] == {"name": "web", "version": ""}
    assert report["map"][item["operationMapKey"]]["fields"] == ["Subscription.taskChanged", "TaskChange.kind"]


async def test_share_of_operations_is_reported(hive: Receiver) -> None:
    record = executed(VIEWER)
    for sample, expected in ((0, 0), (1, 10)):
        collected = HiveReports(hive.url, TOKEN, schema()._schema, sample=sample)
        for _ in range(10):
            collected.record(record, 0.001, {})
        assert len(collected._waiting) == expected
