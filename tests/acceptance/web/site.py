"""Runs the service with the built web page, on stores that a test can fill and stop."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from cache.maintenance.rebuild import reindex
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database
from millitask import __version__
from tests.support.service_process import Service, free_port, serve, until

# "Task 1" is the newest task, so row n of the list shows "Task n".
_INSERT_TASKS = """
    INSERT INTO task (workspace_id, id, title, status, priority, created_at, updated_at)
    SELECT 'default', uuidv7(make_interval(secs => -n)), 'Task ' || n,
           (enum_range(NULL::task_status))[1 + n %% 3], (enum_range(NULL::task_priority))[1 + n %% 5],
           now() - make_interval(secs => n), now()
    FROM generate_series(1, %(count)s) AS n
"""
_SECONDARY_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'task' AND indexname <> 'task_pkey'
"""
_FIRST_TASKS = "{ tasks(first: 100) { nodes { id } } }"
_DELETE = "mutation ($input: DeleteTasksInput!) { deleteTasks(input: $input) { userErrors { code } } }"
_TASK = """query ($id: ID!) { task(id: $id) {
  title description status priority expiresAt version dueAt assignee labels listId
} }"""
_CREATE_LIST = """
mutation ($name: String!) { createTaskList(input: { name: $name }) { taskList { id } userErrors { code } } }
"""
_CREATE = """
mutation ($input: CreateTasksInput!) { createTasks(input: $input) { results { task { id } userErrors { code } } } }
"""

# Inserts a number of tasks into the empty table.
InsertTasks = Callable[[psycopg.Connection, int], None]


def insert_numbered_tasks(connection: psycopg.Connection, count: int) -> None:
    """Insert "Task 1", which is the newest one, to "Task <count>"."""
    connection.execute(_INSERT_TASKS, {"count": count})


class Site:
    """A service at a fixed address, which a test can stop and start again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self._settings: dict[str, Any] = settings
        # Sent with each request of the tests, not of the page.
        self.headers: dict[str, str] = {}
        # Redis does not reserve this memory. The index of ten million tasks takes 1.6 GB.
        stores = Settings(data_dir=folder / "stores", redis_maxmemory="4gb")
        self._stores = EmbeddedStores(stores, durable=False)
        self.urls: StoreUrls
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._serving: AbstractContextManager[Service] | None = None

    def __enter__(self) -> Self:
        self.urls = self._stores.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._stores.stop()

    def start(self) -> None:
        """Start the service, and wait until it uses its Redis index."""
        self._serving = serve(
            self._folder,
            port=self.port,
            DATABASE_URL=self.urls.database_url,
            REDIS_URL=self.urls.redis_url,
            **self._settings,
        )
        self._serving.__enter__()
        assert until(lambda: self._state() == {"status": "ready", "degraded": False, "version": __version__})

    def stop(self) -> None:
        """Stop the service. Its stores keep running."""
        if self._serving is not None:
            self._serving.__exit__(None, None, None)
            self._serving = None

    @property
    def running(self) -> bool:
        return self._serving is not None

    def log(self) -> str:
        """Return what the service has logged since its last start."""
        return (self._folder / "output.txt").read_text()

    def _state(self) -> Any:
        return httpx.get(f"{self.url}/readyz").json()

    def stop_redis(self) -> None:
        """Stop Redis. Its data is lost."""
        redis = next(server for server in self._stores.servers if server.name != "PostgreSQL")
        redis.request_stop()
        redis.wait()

    def start_redis(self) -> None:
        """Start an empty Redis, and wait until the service has rebuilt its index there."""
        next(server for server in self._stores.servers if server.name != "PostgreSQL").start()
        assert until(lambda: self._state() == {"status": "ready", "degraded": False, "version": __version__})

    def replace_tasks(self, count: int, insert: InsertTasks = insert_numbered_tasks) -> None:
        """Replace all lists and tasks by `count` new tasks, directly in PostgreSQL, then rebuild the Redis index."""
        with psycopg.connect(self.urls.database_url, autocommit=True) as connection:
            indexes = connection.execute(_SECONDARY_INDEXES).fetchall()
            for name, _ in indexes:
                # Recreating the index after the insert is much faster than updating it.
                connection.execute(f"DROP INDEX {name}")
            connection.execute("TRUNCATE task, task_list")
            insert(connection, count)
            for _, definition in indexes:
                connection.execute(definition)
            connection.execute("ANALYZE task")
        assert asyncio.run(self._reindex()) == count
        assert until(lambda: self._state() == {"status": "ready", "degraded": False, "version": __version__})

    async def _reindex(self) -> int:
        async with Database(self.urls.database_url) as database, Redis(self.urls.redis_url) as redis:
            return await reindex(Store(database, redis, StoreMetrics()))

    async def execute(self, document: str, **variables: Any) -> Any:
        """Execute a GraphQL operation and return its data. Fails if the response has errors."""
        # No certificate is needed. Loading those of the system for each request would take longer than the request.
        async with httpx.AsyncClient(timeout=30, verify=False, headers=self.headers) as http:
            body = {"query": document, "variables": variables}
            response = (await http.post(f"{self.url}/graphql", json=body)).json()
        assert "errors" not in response, response["errors"]
        return response["data"]

    async def create_tasks(self, *titles: str, **fields: Any) -> list[str]:
        """Create tasks with these titles and return their ids. The last task is the newest."""
        ids = []
        for title in titles:  # Each task has a request of its own, so that each task is newer than the previous one.
            data = await self.execute(_CREATE, input={"tasks": [{"title": title} | fields]})
            [result] = data["createTasks"]["results"]
            assert result["userErrors"] == []
            ids.append(result["task"]["id"])
        return ids

    async def create_list(self, name: str) -> str:
        """Create a task list and return its id."""
        payload = (await self.execute(_CREATE_LIST, name=name))["createTaskList"]
        assert payload["userErrors"] == []
        return str(payload["taskList"]["id"])

    async def saved_task(self, id_: str, version: int) -> Any:
        """Wait until the service has this version of the task, and return the task. The page shows a change earlier."""
        async with asyncio.timeout(30):
            while (task := (await self.execute(_TASK, id=id_))["task"])["version"] < version:  # noqa: ASYNC110 - the API has no event for this
                await asyncio.sleep(0.05)
        return task

    async def delete_all_tasks(self) -> None:
        while nodes := (await self.execute(_FIRST_TASKS))["tasks"]["nodes"]:
            await self.execute(_DELETE, input={"tasks": nodes})
        with psycopg.connect(self.urls.database_url, autocommit=True) as connection:
            connection.execute("DELETE FROM task WHERE deleted_at IS NOT NULL")  # as the purge does
            connection.execute("DELETE FROM task_list")
