"""Tests subscriptions to a view over WebSocket, with the writes of another worker."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from websockets import ClientConnection

from api.config.settings import Settings
from tests.support.graphql_client import Client
from tests.support.http_service import listening_service
from tests.support.websocket_client import connected

CHANGED = """subscription ($where: TaskWhere, $after: String) {
  taskChanged(where: $where, after: $after) { kind id inView rev task { assignee status } }
}"""
COUNTS = "subscription ($where: TaskWhere) { taskCountsChanged(where: $where) { all todo inProgress done } }"
TOTAL = """
subscription ($where: TaskWhere) { counts: taskCountsChanged(where: $where) { ...Total } }
fragment Total on TaskCounts { n: all }
"""
UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { message } } }"


@pytest.fixture
async def workers(database_url: str, redis_url: str) -> AsyncIterator[tuple[str, Client]]:
    """Yield the URL of one worker, and a client of another one."""
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with (
        listening_service(settings) as url,
        listening_service(settings) as other,
        httpx.AsyncClient(base_url=other.removesuffix("/graphql")) as http,
    ):
        yield url, Client(http)


class Socket:
    """Several subscriptions on one WebSocket, each with an id."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._received: dict[str, list[Any]] = {}

    async def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self._websocket.send(json.dumps({"id": id_, "type": "subscribe", "payload": payload}))

    async def next(self, id_: str) -> Any:
        async with asyncio.timeout(60):
            while not self._received.get(id_):
                message = json.loads(await self._websocket.recv())
                if "payload" in message:
                    self._received.setdefault(message["id"], []).append(message["payload"])
        payload = self._received[id_].pop(0)
        return payload if isinstance(payload, list) or "errors" in payload else next(iter(payload["data"].values()))

    async def change(self, id_: str) -> tuple[Any, ...]:
        """Return kind, id, inView and assignee of the next event that is no RESYNC."""
        while (found := await self.next(id_))["kind"] == "RESYNC":
            assert found["inView"] is None
        return found["kind"], found["id"], found["inView"], (found["task"] or {}).get("assignee")

    async def until(self, id_: str, expected: Any) -> None:
        """Receive counts until they are the expected ones."""
        while await self.next(id_) != expected:
            pass


@pytest.fixture
async def socket(workers: tuple[str, Client]) -> AsyncIterator[Socket]:
    async with AsyncExitStack() as stack:
        yield Socket(await stack.enter_async_context(connected(workers[0])))


@pytest.fixture
def writer(workers: tuple[str, Client]) -> Client:
    return workers[1]


async def update(writer: Client, id_: str, **fields: Any) -> None:
    answer = await writer.query(UPDATE, input={"id": id_, **fields})
    assert answer["updateTask"]["userErrors"] == []


async def test_subscriber_of_a_view_receives_what_enters_changes_and_leaves(socket: Socket, writer: Client) -> None:
    await socket.subscribe("ann", CHANGED, where={"assignee": "ann", "priority": "HIGH"})
    await socket.subscribe("all", CHANGED)
    for id_ in ("ann", "all"):
        assert (await socket.next(id_))["kind"] == "RESYNC"
    task = (await writer.create(assignee="bob", priority="HIGH"))["id"]
    await writer.create(assignee="ann")
    await update(writer, task, assignee="ann")
    assert await socket.change("ann") == ("UPDATED", task, True, "ann")
    await update(writer, task, title="Other")
    assert await socket.change("ann") == ("UPDATED", task, True, "ann")
    await update(writer, task, assignee="bob")
    assert await socket.change("ann") == ("UPDATED", task, False, "bob")
    await update(writer, task, title="Third")
    await update(writer, task, assignee="ann")
    assert await socket.change("ann") == ("UPDATED", task, True, "ann")
    await writer.delete(task)
    assert await socket.change("ann") == ("DELETED", task, False, None)
    kinds = [await socket.change("all") for _ in range(8)]
    assert [kind for kind, *_ in kinds] == ["CREATED", "CREATED", *["UPDATED"] * 5, "DELETED"]
    assert [in_view for _, _, in_view, _ in kinds] == [*[True] * 7, False]


async def test_subscriber_of_a_view_resumes_after_an_event(socket: Socket, writer: Client) -> None:
    await socket.subscribe("1", CHANGED, where={"assignee": "ann"})
    rev = (await socket.next("1"))["rev"]
    while rev.startswith("0"):
        rev = (await socket.next("1"))["rev"]
    await writer.create(assignee="bob")
    task = (await writer.create(assignee="ann"))["id"]
    assert await socket.change("1") == ("CREATED", task, True, "ann")
    await socket.subscribe("2", CHANGED, where={"assignee": "ann"}, after=rev)
    assert (await socket.next("2"))["id"] == task


async def test_expiry_and_bulk_create_reach_the_view(socket: Socket, writer: Client) -> None:
    await socket.subscribe("ann", CHANGED, where={"assignee": "ann"})
    await socket.subscribe("counts", COUNTS, where={"assignee": "ann"})
    assert (await socket.next("ann"))["kind"] == "RESYNC"
    assert await socket.next("counts") == {"all": 0, "todo": 0, "inProgress": 0, "done": 0}
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    task = (await writer.create(assignee="ann", status="DONE", expiresAt=soon))["id"]
    assert await socket.change("ann") == ("CREATED", task, True, "ann")
    await socket.until("counts", {"all": 1, "todo": 0, "inProgress": 0, "done": 1})
    assert await socket.change("ann") == ("EXPIRED", task, False, None)
    await socket.until("counts", {"all": 0, "todo": 0, "inProgress": 0, "done": 0})
    await writer.create_many([f"Task {number}" for number in range(30)])
    assert await socket.change("ann") == ("MANY", None, None, None)


async def test_counts_of_a_view_are_pushed_only_when_they_change(socket: Socket, writer: Client) -> None:
    await socket.subscribe("list", TOTAL, where={"label": "x"})
    await socket.subscribe("done", COUNTS, where={"status": "DONE"})
    await socket.subscribe("all", COUNTS)
    assert await socket.next("list") == {"n": 0}
    assert await socket.next("done") == await socket.next("all") == {"all": 0, "todo": 0, "inProgress": 0, "done": 0}
    await writer.create(labels=["y"])
    await socket.until("all", {"all": 1, "todo": 1, "inProgress": 0, "done": 0})
    await writer.create(labels=["x", "y"], status="DONE")
    await socket.until("all", {"all": 2, "todo": 1, "inProgress": 0, "done": 1})
    assert await socket.next("list") == {"n": 1}
    assert await socket.next("done") == {"all": 1, "todo": 0, "inProgress": 0, "done": 1}


async def test_counts_of_an_undeclared_combination_are_refused(socket: Socket) -> None:
    for id_, query, where, shape in [
        ("1", COUNTS, {"label": "x"}, "label+status"),
        ("2", TOTAL, {"priority": "HIGH"}, "priority"),
    ]:
        await socket.subscribe(id_, query, where=where)
        [error] = await socket.next(id_)
        assert error["extensions"]["code"] == "VIEW_NOT_DECLARED"
        assert error["extensions"]["shape"] == shape
    await socket.subscribe("3", CHANGED, where={"list": "nonsense"})
    [error] = await socket.next("3")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "where.list"}
