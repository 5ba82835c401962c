"""A process killed during parallel bulk creates: the index equals the rows soon after, and no page repeats a task."""

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg

from cache.redis.keys import VIEWS, Keys
from schema.ids import new_id
from tests.faults.cluster import Cluster, running
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, CaseResult, Fault
from tests.faults.node import SERVE_COMMAND, Node, Setup
from tests.faults.service_api import BULK, execute

PARALLEL_CREATES, CREATE_SIZE = 20, 1000
# From the first create to the kill.
KILL_AFTER_SECONDS = (0.1, 1.2)
# From the end of the last writer to an index that equals the rows, without any reader.
SETTLED_AFTER_SECONDS = 15.0
POLL_SECONDS = 0.05
# The numbered pages that are read before the index has settled, in every second round.
PAGES, PAGE_SIZE = 60, 100
PAGE = "query ($page: Int!) { tasks(first: 100, page: $page) { nodes { id } totalCount } }"
# Many creates wait for each other here, so a create may take longer than in the other cases.
TIMEOUTS = {"MILLITASK_TRANSACTION_TIMEOUT_MS": "10000", "MILLITASK_STATEMENT_TIMEOUT_MS": "10000"}
WORKSPACE = "default"
# The key 2 of the advisory locks is that of the bulk writes.
WRITERS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 2"
COUNTS = "SELECT status::text, count(*) FROM task WHERE workspace_id = %s AND deleted_at IS NULL GROUP BY status"
TOTAL = "SELECT count(*) FROM task WHERE workspace_id = %s"
EPOCH = "SELECT epoch FROM gate WHERE workspace_id = %s"


async def run(fault: Fault, seed: int, count: int, folder: Path) -> CaseResult:
    """Kill a process of the service `count` times, each time during parallel bulk creates."""
    started, results = time.monotonic(), KillRounds(random.Random(seed))
    async with running(folder, "", bulk_setup()) as cluster:
        for number in range(count):
            await results.run_round(cluster, number)
            await cluster.wait_for_recovery(RECOVERY_TIMEOUT_SECONDS)
        for node in cluster.nodes:
            if output := await cluster.verify(node):
                results.violations.append(f"verify: {output[-2000:]}")
        log_lines = [line for node in cluster.nodes for line in node.log_lines()[-20:]] if results.violations else []
    return CaseResult(
        *(fault.name, seed, count, count * PARALLEL_CREATES, 0, count * PARALLEL_CREATES, results.acknowledged),
        *(0, 0.0, 0.0, 0.0),
        measurements={
            "index settled, s": [round(seconds, 2) for seconds in results.settled_seconds],
            "unanswered creates": [float(results.unanswered)],
        },
        violations=results.violations,
        log_lines=log_lines,
        duration_seconds=round(time.monotonic() - started, 1),
    )


def bulk_setup(command: Sequence[str] = SERVE_COMMAND) -> Setup:
    """Return the setup of a cluster for parallel bulk creates."""
    return Setup(command, own_postgres=True, maxmemory="1gb", environments=(TIMEOUTS, TIMEOUTS))


class KillRounds:
    """The results of the rounds: a kill in each."""

    def __init__(self, choices: random.Random) -> None:
        self._random = choices
        self.violations: list[str] = []
        self.settled_seconds: list[float] = []
        self.acknowledged = self.unanswered = 0

    async def run_round(self, cluster: Cluster, number: int, *, kill_after_rows: int = 0) -> None:
        """Kill one of the processes during bulk creates of both. Then compare pages and index with the rows.

        The kill comes after a random time, or when the table has `kill_after_rows` rows.
        """
        killed = cluster.nodes[number % len(cluster.nodes)]
        creates = [asyncio.create_task(_create(cluster, node)) for node in cluster.nodes * (PARALLEL_CREATES // 2)]
        async with await psycopg.AsyncConnection.connect(cluster.database_url, autocommit=True) as connection:
            if not kill_after_rows:
                await asyncio.sleep(self._random.uniform(*KILL_AFTER_SECONDS))
            while (await _rows(connection, TOTAL, WORKSPACE))[0][0] < kill_after_rows:  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
            killed.kill_worker()
            created = await asyncio.gather(*creates)
            self.acknowledged += sum(created)
            self.unanswered += len(created) - sum(created)
            while (await _rows(connection, WRITERS))[0][0]:  # noqa: ASYNC110 (another process changes it)
                await asyncio.sleep(0.01)
            ended = time.monotonic()
            expected = {str(status): total for status, total in await _rows(connection, COUNTS, WORKSPACE)}
            [(epoch,)] = await _rows(connection, EPOCH, WORKSPACE)
        if number % 2:
            surviving = cluster.nodes[(number + 1) % len(cluster.nodes)]
            self.violations += await _page_violations(cluster.http, surviving, sum(expected.values()), number)
        while violation := await _index_violation(cluster, Keys(WORKSPACE, epoch), expected):
            if time.monotonic() - ended > SETTLED_AFTER_SECONDS:
                self.violations.append(f"I3: kill {number}, after {SETTLED_AFTER_SECONDS:.0f} s: {violation}")
                break
            await asyncio.sleep(POLL_SECONDS)
        self.settled_seconds.append(time.monotonic() - ended)


async def _create(cluster: Cluster, node: Node) -> bool:
    """Create tasks in one request. Return whether the process acknowledged it."""
    tasks = [
        {"id": str(new_id()), "title": f"Task {number}", "status": VIEWS[1 + number % 3]}
        for number in range(CREATE_SIZE)
    ]
    response = await execute(cluster.http, node.url, BULK["create"], {"input": {"tasks": tasks}})
    return response.data is not None


async def _page_violations(http: httpx.AsyncClient, node: Node, total: int, number: int) -> list[str]:
    """Read numbered pages: no task is on two of them, and their totals equal the number of rows."""
    ids: list[str] = []
    totals = set()
    for page in range(1, PAGES + 1):
        response = await execute(http, node.url, PAGE, {"page": page})
        assert response.data is not None, response.failure
        ids += [task["id"] for task in response.data["tasks"]["nodes"]]
        totals.add(response.data["tasks"]["totalCount"])
    violations = []
    if len(ids) != len(set(ids)):
        violations.append(f"I6: kill {number}: {len(ids)} tasks on {PAGES} pages, {len(set(ids))} different")
    if len(ids) != min(total, PAGES * PAGE_SIZE) or totals != {total}:
        violations.append(f"I6: kill {number}: {len(ids)} tasks, totals {totals}, but {total} rows")
    return violations


async def _index_violation(cluster: Cluster, keys: Keys, expected: dict[str, int]) -> str:
    """Compare the sizes of the indexes with the rows, without a read of the service."""
    client = cluster.redis.client
    sizes = {str(view): await client.zcard(key) - 1 for view, key in zip(VIEWS, keys.indexes, strict=True)}
    wanted = {str(view): expected.get(str(view), 0) for view in VIEWS[1:]} | {"None": sum(expected.values())}
    return "" if sizes == wanted else f"the indexes hold {sizes}, but the rows are {wanted}"


async def _rows(connection: psycopg.AsyncConnection[Any], query: str, *parameters: str) -> list[Any]:
    return await (await connection.execute(query, parameters)).fetchall()
