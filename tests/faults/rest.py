"""What must hold at rest, when nobody writes any more: pages, totals and entries are what the rows say."""

import asyncio
import logging
import time
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import psycopg

from cache.redis import entry
from cache.redis.keys import Keys
from schema.resolvers.validation import uuid7
from tests.faults.checker import check
from tests.faults.client import Client
from tests.faults.clients import ORDERS, VIEWS, Workload
from tests.faults.cluster import Cluster
from tests.faults.history import Answer, Asked, Clock, History, Order, Outcome, Seen

log = logging.getLogger(__name__)
WORKSPACE = "default"
# A mark that nobody publishes is past its deadline after 8 s, and the scrub comes every second.
REST_SECONDS = 20.0

ROWS = """
    SELECT id::text, version, status::text, title, extract(epoch FROM expires_at)::float8, deleted_at IS NOT NULL,
           expires_at <= clock_timestamp()
    FROM task WHERE workspace_id = %s ORDER BY created_at DESC, id DESC
"""
EPOCH = "SELECT epoch FROM gate WHERE workspace_id = %s"


@dataclass(frozen=True)
class Row:
    """A row as PostgreSQL has it."""

    task: Seen
    deleted: bool
    expired: bool


async def finish(workload: Workload, seconds: float = REST_SECONDS) -> list[str]:
    """The end of a run: waits for the rest, reads everything once more, and returns all that is wrong."""
    cluster, history = workload.cluster, workload.history
    reader = workload.clients[0]
    wrong = await _writes(reader, workload) + await resting(cluster, seconds)
    wrong += [f"verify: {said[-2000:]}" for node in cluster.nodes if (said := await cluster.verify(node))]
    for node in range(len(cluster.nodes)):
        for view in VIEWS:
            await reader.filter(node, view)
            for order in ORDERS:
                await reader.walk(node, view, 100, order)
        for client in workload.clients:
            await reader.search(node, client.name)
        for at in range(0, len(workload.all_ids), 100):
            await reader.nodes(node, workload.all_ids[at : at + 100])
    began, found = Clock(), await rows(cluster)
    there = tuple(row.task for row in found if not row.deleted)
    gone: dict[str, int | None] = {row.task.id: row.task.version for row in found if row.deleted}
    history.add(began, "rows", "rows", Asked(whole=True), Answer(seen=there, gone=gone))
    wrong += [str(violation) for violation in check(history)]
    log.info("%d wrong in %s\n%s", len(wrong), history.summary(), "\n".join(wrong[:3]))
    return wrong


async def _writes(client: Client, workload: Workload) -> list[str]:
    """Each process takes writes."""
    answers: list[Answer] = []
    for node in range(len(workload.cluster.nodes)):
        id_ = str(uuid7())
        workload.all_ids.append(id_)
        answers += [await client.create(node, id_, "TODO"), await client.delete(node, id_, 1)]
    return [f"a write at rest: {answer}" for answer in answers if answer.outcome is not Outcome.DONE]


async def resting(cluster: Cluster, seconds: float) -> list[str]:
    """Waits until all is as it must be at rest; what is not by then is returned."""
    deadline = time.monotonic() + seconds
    while wrong := await differences(cluster):
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(0.25)
    return wrong


async def differences(cluster: Cluster) -> list[str]:
    """I3 and I4, as they are now."""
    found = await rows(cluster)
    tasks = [row.task for row in found if not row.deleted and not row.expired]
    return await _pages(cluster, tasks) + await _entries(cluster, tasks)


async def rows(cluster: Cluster) -> list[Row]:
    """Every row, in the order of the pages."""
    async with await psycopg.AsyncConnection.connect(cluster.database_url) as connection:
        cursor = await connection.execute(ROWS, (WORKSPACE,))
        return [
            Row(Seen(id_, version, status, title, expires_at), deleted, bool(expired))
            for id_, version, status, title, expires_at, deleted, expired in await cursor.fetchall()
        ]


async def _pages(cluster: Cluster, tasks: list[Seen]) -> list[str]:
    """I3: every view, read through the API, against the rows."""
    wrong, history = [], History()
    client = Client("rest", cluster.http, [node.url for node in cluster.nodes], history)
    by_expiry = sorted((task for task in tasks if task.expires_at), key=lambda task: (task.expires_at, task.id))
    orders: dict[Order, list[Seen]] = {"NEWEST": tasks, "OLDEST": tasks[::-1], "EXPIRING_SOON": by_expiry}
    for node, view, order in product(range(len(cluster.nodes)), VIEWS, ORDERS):
        wanted = [task for task in orders[order] if view in (None, task.status)]
        walked = await client.walk(node, view, 100, order)
        if walked is None or list(walked.seen) != wanted:
            wrong.append(f"I3: node {node}, view {view}, {order}: {_compare(walked, wanted)}")
        totals = {op.answer.total for op in history.operations if op.kind == "page"}
        if totals != {len(wanted)}:
            wrong.append(f"I3: node {node}, view {view}, {order}: totals {totals}, and {len(wanted)} rows")
        history.operations.clear()
    return wrong


def _compare(walked: Answer | None, wanted: list[Seen]) -> str:
    if walked is None:
        return "no answer"
    extra, missing = set(walked.seen) - set(wanted), set(wanted) - set(walked.seen)
    return f"shown {extra}, not shown {missing}" if extra or missing else "another order"


async def _entries(cluster: Cluster, tasks: list[Seen]) -> list[str]:
    """I4: every value is its row, and no mark is past its deadline."""
    async with await psycopg.AsyncConnection.connect(cluster.database_url) as connection:
        found = await (await connection.execute(EPOCH, (WORKSPACE,))).fetchone()
    assert found is not None, "there is no gate"
    keys, client = Keys(WORKSPACE, found[0]), cluster.redis.client
    by_id, wrong = {task.id: task for task in tasks}, []
    names: list[bytes] = [name async for name in client.scan_iter(match=keys.entries + b"*", count=1000)]
    values: list[Any] = await client.mget(names) if names else []
    for name, value in zip(names, values, strict=True):
        id_ = UUID(bytes=name[len(keys.entries) :])
        task, row = entry.decode(WORKSPACE, id_, value), by_id.get(str(id_))
        if task is None or (row and (task.version, task.title) == (row.version, row.title)):
            continue
        # It may have ended since the rows were read.
        if task.expires_at is None or task.expires_at.timestamp() > time.time():
            wrong.append(f"I4: {id_} is cached at {task.version} {task.title!r}, and its row is {row}")
    overdue = await client.zcount(keys.marks, "-inf", time.time() * 1000)
    if overdue:
        wrong.append(f"I4: {overdue} marks are past their deadline")
    return wrong
