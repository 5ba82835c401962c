"""The workspaces of the campaign: each has tasks whose texts hold a secret marker, and things that name them."""

import asyncio
import hashlib
import json
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from api.app import create_app
from api.config.settings import Settings
from tests.leaks.wire import Events, Wire
from tests.support.workspaces import named_callers

# Of different sizes. `default` is the workspace whose cursors carry no number of a workspace.
SIZES = {"default": 60, "acme": 130, "zenith": 5}
CREATE = (
    """mutation ($tasks: [CreateTaskInput!]!) { createTasks(input: {tasks: $tasks}) { results { task { id } } } }"""
)
DELETE = """mutation ($id: ID!) { deleteTask(input: {id: $id}) { deletedTaskId } }"""
ORDERS = ("NEWEST", "OLDEST", "EXPIRING_SOON")
PAGE = """query ($order: TaskOrder!) { tasks(first: 50, orderBy: $order) { edges { cursor node { id } } } }"""
CREATE_LIST = """mutation ($name: String!) { createTaskList(input: {name: $name}) { taskList { id } } }"""
LISTS = "{ taskLists(includeArchived: true) { edges { cursor node { id } } } }"
TRASH = "{ deletedTasks { edges { cursor node { task { id } } } } }"
CHANGES = """subscription ($after: String) { taskChanged(after: $after) {
  kind rev task { id title createdBy assignee labels externalId list { name } } } }"""
DUMP = """
    SELECT workspace_id, id, title, description, status::text, version, deleted_at IS NULL,
      due_at, assignee, labels::text, metadata::text, external_id, list_id FROM task
    UNION ALL
    SELECT workspace_id, id, name, '', '', version, archived_at IS NULL, NULL, '', '', '', '', NULL FROM task_list
    ORDER BY 1, 2
"""


@dataclass
class Side:
    """What one workspace has, and what an attacker in another one might have learned of it."""

    name: str
    marker: str = field(default_factory=lambda: "secret" + secrets.token_hex(8))
    ids: list[str] = field(default_factory=list)
    # Ids that only attempts to create a task use. Such a task exists in both workspaces afterwards.
    spare: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    # Like `spare`.
    spare_lists: list[str] = field(default_factory=list)
    cursors: dict[str, list[str]] = field(default_factory=dict)
    rev: str = "0-0"

    @property
    def document(self) -> str:
        """A document that only this workspace registers."""
        return f"query {self.marker} {{ tasks(first: 3) {{ nodes {{ id title }} }} }}"

    @property
    def document_hash(self) -> str:
        """The hash of the document."""
        return hashlib.sha256(self.document.encode()).hexdigest()


class World:
    """The service with its workspaces, each full of tasks, with an index and an open subscription."""

    def __init__(self, wire: Wire, database_url: str, seed: int) -> None:
        self.wire = wire
        self.random = random.Random(seed)
        self.database_url = database_url
        self.sides = {name: Side(name) for name in SIZES}
        # What each workspace has received from its subscription.
        self.streams: dict[str, Events] = {}

    async def data(self, workspace: str, document: str, **variables: Any) -> Any:
        """Return the data of an operation that must succeed."""
        reply = await self.wire.send(workspace, {"query": document, "variables": variables})
        content = json.loads(reply.body)
        assert reply.status == 200, reply
        assert not content.get("errors"), content
        return content["data"]

    async def fill(self, side: Side, spare: int) -> None:
        """Create the tasks of a workspace, and `spare` ones, and collect what names them."""
        soon = datetime.now(UTC) + timedelta(days=10)
        for number in range(12):
            created = await self.data(side.name, CREATE_LIST, name=f"{side.marker} list {number}")
            lists = side.lists if number < 4 else side.spare_lists
            lists.append(created["createTaskList"]["taskList"]["id"])
        count = SIZES[side.name]
        tasks = [
            {
                "title": f"{side.marker} {number}",
                "description": f"about {side.marker}",
                "dueAt": soon.isoformat(),
                "assignee": side.marker,
                "labels": [side.marker],
                "metadata": {"of": side.marker},
                "externalId": f"{side.name}-{number}",
                "listId": side.lists[number % 4],
                "expiresAt": (soon + timedelta(seconds=number)).isoformat() if number % 3 == 0 else None,
            }
            for number in range(count + 3)
        ]
        side.ids = await self._create(side, tasks)
        for start in range(0, spare, 500):
            tasks = [{"title": side.marker, "status": "DONE"}] * min(500, spare - start)
            side.spare += await self._create(side, tasks)
        for _ in range(3):
            side.deleted.append(id_ := side.ids.pop())
            await self.data(side.name, DELETE, id=id_)
        for order in ORDERS:
            page = (await self.data(side.name, PAGE, order=order))["tasks"]["edges"]
            side.cursors[order] = [edge["cursor"] for edge in page]
        side.cursors["LISTS"] = [e["cursor"] for e in (await self.data(side.name, LISTS))["taskLists"]["edges"]]
        side.cursors["DELETED"] = [e["cursor"] for e in (await self.data(side.name, TRASH))["deletedTasks"]["edges"]]
        persisted = {"persistedQuery": {"version": 1, "sha256Hash": side.document_hash}}
        await self.wire.send(side.name, {"query": side.document, "extensions": persisted})

    async def _create(self, side: Side, tasks: list[dict[str, Any]]) -> list[str]:
        results = (await self.data(side.name, CREATE, tasks=tasks))["createTasks"]["results"]
        return [result["task"]["id"] for result in results]

    async def wait_for_indexes(self) -> None:
        """Wait until the index of every workspace is in use."""
        query = "SELECT count(*) FROM gate WHERE state = 'on'"
        async with await psycopg.AsyncConnection.connect(self.database_url, autocommit=True) as connection:
            async with asyncio.timeout(60):
                while await (await connection.execute(query)).fetchone() != (len(SIZES),):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    async def rows(self) -> list[tuple[Any, ...]]:
        """Return what the table holds of every task."""
        async with await psycopg.AsyncConnection.connect(self.database_url, autocommit=True) as connection:
            return await (await connection.execute(DUMP)).fetchall()


@asynccontextmanager
async def world(database_url: str, redis_url: str, seed: int, spare: int = 20) -> AsyncIterator[World]:
    """Run the service in this process, with filled workspaces. `spare` is the number of spare tasks of each."""
    settings = Settings(database_url=database_url, redis_url=redis_url, log_level="error")
    app = create_app(settings, authenticator=named_callers())
    async with app.router.lifespan_context(app), await psycopg.AsyncConnection.connect(database_url) as connection:
        for name in SIZES:
            await connection.execute(
                "INSERT INTO workspace (id, name) VALUES (%s, %s) ON CONFLICT DO NOTHING", (name, name)
            )
        await connection.commit()
        made = World(Wire(app), database_url, seed)
        for side in made.sides.values():
            await made.data(side.name, "{ taskCounts { all } }")  # opens the workspace
        await made.wait_for_indexes()
        for side in made.sides.values():
            await made.fill(side, spare)
        async with _subscribed(made):
            yield made


@asynccontextmanager
async def _subscribed(made: World) -> AsyncIterator[None]:
    opened = [made.wire.events(name, CHANGES, after=None) for name in SIZES]
    try:
        for name, stream in zip(SIZES, opened, strict=True):
            made.streams[name] = events = await stream.__aenter__()
            first = json.loads((await events.next()).partition(b"data: ")[2])
            made.sides[name].rev = first["data"]["taskChanged"]["rev"]
        yield
    finally:
        for stream in opened:
            await stream.__aexit__(None, None, None)
