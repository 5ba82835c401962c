"""The service with its built page, as a process, over stores that can be filled and taken away."""

import asyncio
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api.devstores import (EmbeddedStores, StoreUrls)
from api.config.settings import Settings
from cache.metrics import StoreMetrics
from cache.maintenance.rebuild import reindex
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database
from tests.support.service_process import (Service, free_port, serve, until)

# Newest first, so that row n of the list is "Task n".
_FILL = """
    INSERT INTO task (workspace_id, id, title, status, priority, created_at, updated_at)
    SELECT 'default', uuidv7(make_interval(secs => -n)), 'Task ' || n,
           (enum_range(NULL::task_status))[1 + n %% 3], (enum_range(NULL::task_priority))[1 + n %% 5],
           now() - make_interval(secs => n), now()
    FROM generate_series(1, %(count)s) AS n
"""
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'task' AND indexname <> 'task_pkey'
"""
_SOME = "{ tasks(first: 100) { nodes { id } } }"
_DELETE = "mutation ($input: DeleteTasksInput!) { deleteTasks(input: $input) { userErrors { code } } }"
_CREATE = """
mutation ($input: CreateTasksInput!) { createTasks(input: $input) { results { task { id } userErrors { code } } } }
"""


class Site:
    """One service at one address, which may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # A limit and no reservation: ten million tasks have an index of 1.6 GB.
        settings = Settings(data_dir=folder / "stores", redis_maxmemory="4gb")
        self._stores = EmbeddedStores(settings, durable=False)
        self.urls: StoreUrls
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._serving: AbstractContextManager[Service] | None = None

    def __enter__(self) -> "Site":
        self.urls = self._stores.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._stores.stop()

    def start(self) -> None:
        """Start the service, and wait until it has its index."""
        self._serving = serve(
            self._folder, port=self.port, DATABASE_URL=self.urls.database_url, REDIS_URL=self.urls.redis_url
        )
        self._serving.__enter__()
        assert until(lambda: self._state() == {"status": "ready", "degraded": False})

    def stop(self) -> None:
        """End the service; its stores go on."""
        if self._serving is not None:
            self._serving.__exit__(None, None, None)
            self._serving = None

    def _state(self) -> Any:
        return httpx.get(f"{self.url}/readyz").json()

    def stop_redis(self) -> None:
        """End Redis; what it held is gone."""
        redis = next(server for server in self._stores.servers if server.name != "PostgreSQL")
        redis.request_stop()
        redis.wait()

    def start_redis(self) -> None:
        """Start an empty Redis, and wait until the service uses it."""
        next(server for server in self._stores.servers if server.name != "PostgreSQL").start()
        assert until(lambda: self._state() == {"status": "ready", "degraded": False})

    def fill(self, count: int) -> None:
        """So many tasks, straight into PostgreSQL; the index is then built anew."""
        with psycopg.connect(self.urls.database_url, autocommit=True) as connection:
            indexes = connection.execute(_INDEXES).fetchall()
            for name, _ in indexes:
                connection.execute(f"DROP INDEX {name}")  # made anew in one go, which is much faster
            connection.execute("TRUNCATE task")
            connection.execute(_FILL, {"count": count})
            for _, definition in indexes:
                connection.execute(definition)
            connection.execute("ANALYZE task")
        assert asyncio.run(self._reindex()) == count
        assert until(lambda: self._state() == {"status": "ready", "degraded": False})

    async def _reindex(self) -> int:
        async with Database(self.urls.database_url) as database, Redis(self.urls.redis_url) as redis:
            return await reindex(Store(database, redis, StoreMetrics()))

    async def ask(self, document: str, **variables: Any) -> Any:
        """What the service answers; it must have no errors."""
        async with httpx.AsyncClient(timeout=30) as http:
            body = {"query": document, "variables": variables}
            answer = (await http.post(f"{self.url}/graphql", json=body)).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def create(self, *titles: str, **fields: Any) -> list[str]:
        """Tasks with these titles, the last the newest; their ids."""
        ids = []
        for title in titles:  # one by one, so that each is newer than the one before
            answer = await self.ask(_CREATE, input={"tasks": [{"title": title} | fields]})
            [result] = answer["createTasks"]["results"]
            assert result["userErrors"] == []
            ids.append(result["task"]["id"])
        return ids

    async def empty(self) -> None:
        """Delete every task."""
        while nodes := (await self.ask(_SOME))["tasks"]["nodes"]:
            await self.ask(_DELETE, input={"tasks": nodes})
