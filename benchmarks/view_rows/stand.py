"""The stand of the suite `views`: stores with tasks that have lists, assignees and labels, and services on them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString, cast

import httpx
import psycopg
import redis

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from benchmarks.service import Service, page_cache_setting
from db.migrations import migrate
from db.views import DEFAULT_SHAPES, shape_name

WORKSPACE = "default"
LISTS, ASSIGNEES = 1000, 1000
# A label that all tasks have, and two groups of others: each task has one of either.
EVERY, FIRST_LABELS, SECOND_LABELS = "every", 499, 500
DECLARED = ",".join(map(shape_name, DEFAULT_SHAPES))
# What the services do beside the measured work changes the results.
VARIABLES = {"MILLITASK_MAX_COST": "1000000", "MILLITASK_WARM_COMMANDS_PER_SECOND": "0", **page_cache_setting(0)}
FILL_LISTS: LiteralString = """
    INSERT INTO task_list (workspace_id, id, name)
    SELECT 'default', uuidv7(), 'List ' || n FROM generate_series(1, %(lists)s) AS n
"""
FILL: LiteralString = """
    WITH lists AS MATERIALIZED (SELECT array_agg(id ORDER BY id) AS ids FROM task_list)
    INSERT INTO task (workspace_id, id, title, description, priority, status, created_at, words, words_version,
                      list_id, assignee, labels)
    SELECT 'default', uuidv7(), 'Task ' || n, '', (enum_range(NULL::task_priority))[1 + n %% 5],
           (enum_range(NULL::task_status))[1 + n %% 3], now() - make_interval(secs => %(count)s - n),
           to_tsvector('simple', 'Task ' || n), 1,
           CASE WHEN %(filled)s THEN lists.ids[1 + n %% %(lists)s] END,
           CASE WHEN %(filled)s THEN 'user-' || n %% %(assignees)s END,
           CASE WHEN %(filled)s
                THEN ARRAY[%(every)s, 'first-' || n %% %(first)s, 'second-' || n %% %(second)s] ELSE '{}' END
    FROM generate_series(1, %(count)s) AS n, lists
"""


class Stand:
    """Running stores, and services on them, one at a time."""

    def __init__(self, folder: Path, urls: StoreUrls) -> None:
        self._folder, self._urls = folder, urls
        self.redis = redis.Redis.from_url(urls.redis_url)
        self.database = psycopg.connect(urls.database_url, autocommit=True)

    def fill(self, count: int, *, filled: bool) -> None:
        """Replace all tasks, by tasks with a list, an assignee and three labels, or with none of them."""
        self.database.execute("TRUNCATE task, task_list")
        insert_tasks(self.database, count, filled=filled)
        self.database.execute("VACUUM ANALYZE task")
        self.redis.flushall()

    @contextmanager
    def service(self, views: str) -> Iterator[Service]:
        """Run a service that declares these views, with one worker, and wait until Redis answers for all of them."""
        urls = {"DATABASE_URL": self._urls.database_url, "REDIS_URL": self._urls.redis_url}
        service = Service(self._folder, variables=VARIABLES | urls | {"MILLITASK_VIEWS": views})
        with service.running():
            service.wait_for_index()
            self.wait_for_shapes([] if views == "none" else views.split(","))
            yield service

    def wait_for_shapes(self, names: list[str]) -> None:
        """Wait until shapes are in use."""
        while any(self._shapes().get(name.encode(), b"~").startswith(b"~") for name in names):
            time.sleep(0.01)

    def wait_for_settles(self) -> None:
        """Wait until Redis has the tasks of all bulk creates in its indexes."""
        unsettled = self._key("unsettled")
        while self.redis.zcard(unsettled):
            time.sleep(0.001)

    def drop_shape(self, name: str) -> None:
        """Let Redis forget a shape, as if it had not been declared so far. A service then builds it."""
        self.redis.hdel(self._key("shapes"), name)

    def bytes_of(self, views: str) -> int:
        """Return the memory of all keys in Redis with the base index and these declared views of all tasks."""
        self.redis.flushall()
        with self.service(views):
            pass
        sizes = (self.redis.memory_usage(key, samples=0) for key in self.redis.scan_iter(count=1000))
        return sum(size or 0 for size in cast("Iterator[int | None]", sizes))

    def ids(self, number: int) -> list[str]:
        """Return ids of tasks in a random order."""
        return self._column("SELECT id FROM task ORDER BY random() LIMIT %s", number)

    def lists(self) -> list[str]:
        """Return the ids of all lists."""
        return self._column("SELECT id FROM task_list LIMIT %s", LISTS)

    def _column(self, sql: LiteralString, number: int) -> list[str]:
        return [str(value) for (value,) in self.database.execute(sql, [number])]

    def _shapes(self) -> dict[bytes, bytes]:
        found: Any = self.redis.hgetall(self._key("shapes"))
        return found  # type: ignore[no-any-return]

    def _key(self, name: str) -> str:
        """Return a key of the index in use."""
        (epoch,) = self.database.execute("SELECT epoch FROM gate WHERE workspace_id = 'default'").fetchone() or (0,)
        return f"{{{WORKSPACE}}}:{epoch}:{name}"


def insert_tasks(connection: psycopg.Connection, count: int, *, filled: bool = True) -> None:
    """Insert lists, and tasks with a list, an assignee and three labels, or with none of them."""
    values: dict[str, Any] = {"count": count, "filled": filled, "lists": LISTS, "assignees": ASSIGNEES}
    connection.execute(FILL_LISTS, values)
    connection.execute(FILL, values | {"every": EVERY, "first": FIRST_LABELS, "second": SECOND_LABELS})


@contextmanager
def open_stand(folder: Path) -> Iterator[Stand]:
    """Start empty stores."""
    with EmbeddedStores(Settings(data_dir=folder), durable=False) as urls:
        migrate(urls.database_url)
        stand = Stand(folder, urls)
        with stand.redis, stand.database:
            yield stand


class Caller:
    """Sends operations to a service, one after another."""

    def __init__(self, service: Service, http: httpx.Client) -> None:
        self._url, self._http = f"{service.url}/graphql", http

    def send(self, document: str, **variables: object) -> tuple[float, Any]:
        """Return the latency in ms and the data of the response, which must have no errors."""
        began = time.perf_counter()
        response = self._http.post(self._url, json={"query": document, "variables": variables})
        latency_ms = (time.perf_counter() - began) * 1000
        answer = response.json()
        if answer.get("errors"):
            raise RuntimeError(f"The service answers {answer['errors']}.")
        return latency_ms, answer["data"]
