"""The stand of the suite `page`: a service with all tasks, the peers on the same stores, and their warm caches."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import msgspec
import psycopg
import redis

from benchmarks.http_load import load
from benchmarks.page_rows.http_requests import (
    MAX_PAGES,
    PAGE_SIZE,
    page_request,
    postgraphile_request,
    shuffled,
    warming_requests,
)
from benchmarks.page_rows.plan import Plan
from benchmarks.peers.server import VALUE_PREFIX
from benchmarks.peers.start import PeerUnavailable, postgraphile, python_peer
from benchmarks.report import note
from benchmarks.service import Service
from cache.redis.keys import Keys

WORKSPACE = "default"
STRAWBERRIES = {"strawberry": (), "strawberry, cached": ("--document-cache",)}
_EPOCH = "SELECT epoch FROM gate WHERE workspace_id = %s"
_ROWS = """
    SELECT id, title, description, status::text, priority::text, created_at, updated_at, expires_at, version
    FROM task WHERE workspace_id = %s AND id = ANY(%s)
"""
_FIELDS = ("id", "title", "description", "status", "priority", "createdAt", "updatedAt", "expiresAt", "version")
_BATCH = 5000


@dataclass
class Stand:
    """The running contenders. A peer that is not needed, or that cannot run, has no port."""

    plan: Plan
    service: Service
    count: int
    redis: redis.Redis
    keys: Keys
    ports: dict[str, int] = field(default_factory=dict)
    cursors: list[str] = field(default_factory=list)

    @property
    def pages(self) -> list[int]:
        """The pages that the rows read, in a random order."""
        return shuffled(range(1, min(MAX_PAGES, max(1, self.count // PAGE_SIZE)) + 1))

    @property
    def middle_page(self) -> int:
        """The first page of the second half: page 10,001 of a million tasks."""
        return self.count // (2 * PAGE_SIZE) + 1

    def page_ids(self, page: int) -> list[bytes]:
        """Return the ids of the tasks of a page."""
        start = (page - 1) * PAGE_SIZE
        found: Any = self.redis.zrevrange(self.keys.indexes[0], start, start + PAGE_SIZE - 1)
        return [id_ for id_ in found if id_]

    def some_ids(self, number: int) -> list[UUID]:
        """Return ids from the whole list, in a random order."""
        ids = [id_ for page in self.pages[: number // PAGE_SIZE + 1] for id_ in self.page_ids(page)]
        return [UUID(bytes=ids[at]) for at in shuffled(range(len(ids)))][:number]

    def evict(self, page: int) -> None:
        """Remove the entries of a page from Redis, so that the next request reads its tasks from PostgreSQL."""
        self.redis.unlink(*(self.keys.entries + id_ for id_ in self.page_ids(page)))

    def warm(self) -> None:
        """Read all pages once, so that all entries are in Redis, and keep the cursors."""
        note(f"Reading {len(self.pages):,} pages, so that their tasks are in the cache …")
        done = load(self.service.port, warming_requests(len(self.pages)), connections=8, keep_bodies=True)
        connections = [msgspec.json.decode(body)["data"]["tasks"] for body in done.bodies]
        self.cursors = [page["pageInfo"]["endCursor"] for page in connections if len(page["nodes"]) == 2 * PAGE_SIZE]


@contextmanager
def open_stand(plan: Plan, service: Service, count: int) -> Iterator[Stand]:
    """Start the peers that the rows need, next to a running service."""
    urls = service.stores()
    with ExitStack() as stack, psycopg.connect(urls.database_url, autocommit=True) as database:
        (epoch,) = database.execute(_EPOCH, [WORKSPACE]).fetchone() or (0,)
        client = stack.enter_context(redis.Redis.from_url(urls.redis_url))
        stand = Stand(plan, service, count, client, Keys(WORKSPACE, epoch))
        arguments = ("--redis-url", urls.redis_url, "--index", stand.keys.indexes[0].decode())
        if plan.wants("p0"):
            stand.ports["constant"] = stack.enter_context(python_peer("constant"))
        if plan.wants("p1", "p2", "p3", "alone"):
            fill_values(stand, database)
            stand.ports["raw"] = stack.enter_context(python_peer("raw", *arguments))
        if plan.wants("p3"):
            for name, options in STRAWBERRIES.items():
                stand.ports[name] = stack.enter_context(python_peer("stock_strawberry", *arguments, *options))
        if plan.wants("p3", "p4") and plan.postgraphile:
            database.execute("VACUUM ANALYZE task")
            try:
                stand.ports["postgraphile"] = stack.enter_context(postgraphile(urls.database_url))
            except PeerUnavailable as error:
                note(f"PostGraphile is left out: {error}")
        check_answers(stand)
        yield stand


def fill_values(stand: Stand, database: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Store the JSON of every task that the rows read, for the peers that read Redis."""
    note("Storing the values of the peers …")
    last = min(stand.count, MAX_PAGES * PAGE_SIZE)
    for start in range(0, last, _BATCH):
        found: Any = stand.redis.zrevrange(stand.keys.indexes[0], start, start + _BATCH - 1)
        ids = [id_ for id_ in found if id_]
        rows = database.execute(_ROWS, [WORKSPACE, [UUID(bytes=id_) for id_ in ids]])
        values = {VALUE_PREFIX + row[0].bytes: task_json(row) for row in rows}
        stand.redis.mset(values)


def task_json(row: tuple[Any, ...]) -> bytes:
    """Return the JSON of a task, with names and dates as the service returns them."""
    shown = [value.isoformat() if hasattr(value, "isoformat") else value for value in row]
    return msgspec.json.encode(dict(zip(_FIELDS, shown, strict=True)))


def check_answers(stand: Stand) -> None:
    """Compare the first page of all contenders. Raises `ValueError` if a contender returns other tasks."""
    expected = [str(UUID(bytes=id_)) for id_ in stand.page_ids(1)]
    service = _send(stand.service.port, page_request(1))["data"]["tasks"]
    found = {"the service": [edge["node"]["id"] for edge in service["edges"]]}
    for name in STRAWBERRIES.keys() & stand.ports:
        answer = _send(stand.ports[name], page_request(1))["data"]["tasks"]
        found[name] = [edge["node"]["id"] for edge in answer["edges"]]
        if answer["totalCount"] != service["totalCount"] or len(answer["edges"][0]) != 2:
            raise ValueError(f"{name} returns another total or other edges than the service")
    if port := stand.ports.get("raw"):
        found["raw"] = [task["id"] for task in httpx.get(f"http://127.0.0.1:{port}/tasks/1").json()]
    for name, ids in found.items():
        if ids != expected:
            raise ValueError(f"{name} returns other tasks than the index: {ids[:3]}, not {expected[:3]}")
    if port := stand.ports.get("postgraphile"):
        edges = _send(port, postgraphile_request())["data"]["allTasks"]["edges"]
        if len(edges) != PAGE_SIZE or set(edges[0]["node"]) - {"rowId"} != set(service["edges"][0]["node"]) - {"id"}:
            raise ValueError("PostGraphile returns other fields, or not a page of tasks")


def _send(port: int, request: bytes) -> Any:
    return msgspec.json.decode(load(port, iter([request]), connections=1, keep_bodies=True).bodies[0])


def postgraphile_cursor(stand: Stand) -> str:
    """Return PostGraphile's cursor of the end of its first page."""
    page = _send(stand.ports["postgraphile"], postgraphile_request())["data"]["allTasks"]
    cursor: str = page["pageInfo"]["endCursor"]
    return cursor
