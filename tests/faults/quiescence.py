"""The checks at the end of a run, in a quiescent state: without writes, pages, totals and entries equal the rows."""

import asyncio
import logging
import time
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import kwargs_row

from cache.redis.encoded_task import decode
from cache.redis.keys import Keys
from schema.ids import new_id
from tests.faults.checker import check
from tests.faults.client import Client
from tests.faults.cluster import Cluster
from tests.faults.declared_state import declared_violations
from tests.faults.history import Completion, History, Invocation, ObservedTask, Order, Outcome, StartTime
from tests.faults.orders import DECLARED_ORDERS, ORDERS, in_declared_order, orders_of
from tests.faults.views import BASE_VIEWS, DECLARED_VIEWS, DUE_DATES, LISTS, NOT_DUE, VIEWS, Values, View
from tests.faults.workload import Workload

log = logging.getLogger(__name__)
WORKSPACE = "default"
# The deadline of a mark whose writer died passes after 8 s, and the scrub runs every second.
QUIESCENCE_TIMEOUT_SECONDS = 20.0
POLL_SECONDS = 0.25
PAGE_SIZE = 100
# The views that are read, each with an order. Redis shows whether the other orders of declared views are right.
ORDERED_VIEWS: tuple[tuple[View, Order], ...] = (
    *product(BASE_VIEWS, ORDERS),
    *((view, ORDERS[number % len(ORDERS)]) for number, view in enumerate(DECLARED_VIEWS) if orders_of(view) == ORDERS),
    *DECLARED_ORDERS,
)

ROWS = """
    SELECT deleted_at IS NOT NULL AS deleted, expires_at <= clock_timestamp() AS expired, id::text, version,
           status::text, title, extract(epoch FROM expires_at)::float8 AS expires_at, assignee, labels,
           list_id::text, coalesce(to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), %s) AS due,
           priority::text, (extract(epoch FROM task.created_at) * 1000000)::bigint AS created_at
    FROM task WHERE workspace_id = %s ORDER BY task.created_at DESC, id DESC
"""
EPOCH = "SELECT epoch FROM gate WHERE workspace_id = %s"


@dataclass(frozen=True)
class Row:
    """A row of PostgreSQL."""

    task: ObservedTask
    deleted: bool
    expired: bool


async def find_violations(
    workload: Workload, timeout_seconds: float = QUIESCENCE_TIMEOUT_SECONDS, *, verify: bool = True
) -> list[str]:
    """Finish a run: wait for a quiescent state, read everything, check the history, and return all violations.

    verify: whether to also run `python -m api verify` with the stores of each process.
    """
    cluster, history = workload.cluster, workload.history
    violations = await _write_to_each(workload) + await wait_for_quiescence(cluster, timeout_seconds)
    if verify:
        outputs = await asyncio.gather(*(cluster.verify(node) for node in cluster.nodes))
        violations += [f"verify: {output[-2000:]}" for output in outputs if output]
    await _read_everything(workload)
    start, found = StartTime(), await read_rows(cluster)
    tasks = tuple(row.task for row in found if not row.deleted)
    deleted: dict[str, int | None] = {row.task.id: row.task.version for row in found if row.deleted}
    history.record(start, "rows", "rows", Invocation(whole_view=True), Completion(tasks=tasks, missing=deleted))
    violations += [str(violation) for violation in check(history)]
    log.info("%d violations in %s\n%s", len(violations), history.summary(), "\n".join(violations[:3]))
    return violations


async def _write_to_each(workload: Workload) -> list[str]:
    """Check that every process accepts writes."""
    client = workload.clients[0]
    completions: list[Completion] = []
    for node in range(len(workload.cluster.nodes)):
        id_ = str(new_id())
        workload.all_ids.append(id_)
        completions.append(
            await client.create(node, id_, Values("TODO", "ann", ("red",), LISTS[0], DUE_DATES[0], "URGENT"))
        )
        completions.append(await client.delete(node, id_, 1))
    return [f"a write failed after recovery: {each}" for each in completions if each.outcome is not Outcome.OK]


async def _read_everything(workload: Workload) -> None:
    """Read all views in all orders, all searches and all tasks, from every process."""
    client = workload.clients[0]
    for node in range(len(workload.cluster.nodes)):
        for view in BASE_VIEWS:
            await client.filter(node, view)
        for view, order in ORDERED_VIEWS:
            await client.walk(node, view, PAGE_SIZE, order)
        for view in VIEWS:
            await client.page_and_facets(node, view, PAGE_SIZE)
        for writer in workload.clients:
            await client.search(node, writer.name)
        for first in range(0, len(workload.all_ids), PAGE_SIZE):
            await client.nodes(node, workload.all_ids[first : first + PAGE_SIZE])


async def wait_for_quiescence(cluster: Cluster, timeout_seconds: float) -> list[str]:
    """Wait until I3 and I4 hold. Return the violations that remain at the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while violations := await quiescence_violations(cluster):
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(POLL_SECONDS)
    return violations


async def quiescence_violations(cluster: Cluster) -> list[str]:
    """Return the current violations of I3 and I4."""
    # First, because the scrub repairs what a page shows.
    if found := await declared_violations(cluster, WORKSPACE):
        return found
    tasks = [row.task for row in await read_rows(cluster) if not row.deleted and not row.expired]
    return await _page_violations(cluster, tasks) + await _entry_violations(cluster, tasks)


async def read_rows(cluster: Cluster, workspace: str = WORKSPACE) -> list[Row]:
    """Return every row, newest first."""
    async with await psycopg.AsyncConnection.connect(cluster.database_url) as connection:
        cursor = connection.cursor(row_factory=kwargs_row(_row))
        return await (await cursor.execute(ROWS, (NOT_DUE, workspace))).fetchall()


def _row(*, deleted: bool, expired: bool | None, labels: list[str], **task: Any) -> Row:
    return Row(ObservedTask(labels=tuple(labels), **task), deleted, bool(expired))


async def _page_violations(cluster: Cluster, tasks: list[ObservedTask]) -> list[str]:
    """I3: every view, read through the API, equals the rows."""
    violations, history = [], History()
    client = Client("quiescence", cluster.http, [node.url for node in cluster.nodes], history)
    by_expiry = sorted((task for task in tasks if task.expires_at), key=lambda task: (task.expires_at, task.id))
    orders: dict[Order, list[ObservedTask]] = {"NEWEST": tasks, "OLDEST": tasks[::-1], "EXPIRING_SOON": by_expiry}
    orders |= {order: in_declared_order(tasks, order) for _, order in DECLARED_ORDERS}
    for node, (view, order) in product(range(len(cluster.nodes)), ORDERED_VIEWS):
        expected = [task for task in orders[order] if task.values.issuperset(view)]
        walk = await client.walk(node, view, PAGE_SIZE, order)
        if walk is None or list(walk.tasks) != expected:
            violations.append(f"I3: node {node}, view {view}, {order}: {_describe_difference(walk, expected)}")
        totals = {op.completion.total for op in history.operations if op.kind == "page"}
        if totals != {len(expected)}:
            violations.append(f"I3: node {node}, view {view}, {order}: totals {totals}, but {len(expected)} rows")
        history.operations.clear()
    return violations


def _describe_difference(walk: Completion | None, expected: list[ObservedTask]) -> str:
    if walk is None:
        return "the walk failed"
    extra, missing = set(walk.tasks) - set(expected), set(expected) - set(walk.tasks)
    return f"extra {extra}, missing {missing}" if extra or missing else "wrong order"


async def _entry_violations(cluster: Cluster, tasks: list[ObservedTask]) -> list[str]:
    """I4: every cached value equals its row. No mark is past its deadline."""
    async with await psycopg.AsyncConnection.connect(cluster.database_url) as connection:
        gate = await (await connection.execute(EPOCH, (WORKSPACE,))).fetchone()
    assert gate is not None, "the gate has no row"
    keys, client = Keys(WORKSPACE, gate[0]), cluster.redis.client
    by_id, violations = {task.id: task for task in tasks}, []
    names: list[bytes] = [name async for name in client.scan_iter(match=keys.entries + b"*", count=1000)]
    values: list[Any] = await client.mget(names) if names else []
    for name, value in zip(names, values, strict=True):
        id_ = UUID(bytes=name[len(keys.entries) :])
        task, row = decode(WORKSPACE, id_.bytes, value), by_id.get(str(id_))
        if task is None or (row and (task.version, task.title) == (row.version, row.title)):
            continue
        # The task may have expired since the rows were read.
        if task.expires_at is None or task.expires_at.timestamp() > time.time():
            violations.append(f"I4: {id_} is cached at {task.version} {task.title!r}, but its row is {row}")
    overdue = await client.zcount(keys.marks, "-inf", time.time() * 1000)
    if overdue:
        violations.append(f"I4: {overdue} marks are past their deadline")
    return violations
