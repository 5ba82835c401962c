"""Three workspaces of different sizes in two processes: the index of one is lost, rebuilt or too large.

The two others must not be affected: their gates stay `on` with the same epoch, and every answer is right.
"""

import asyncio
import copy
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import LiteralString

import httpx
import psycopg

from api.http.endpoint import TRACE_HEADER
from cache.redis.keys import Keys
from db.pool import Database
from tests.faults.checker import check
from tests.faults.cluster import Cluster, running
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, CaseResult, Fault
from tests.faults.history import WRITES, Completion, Invocation, StartTime
from tests.faults.injections.memory import OUT_OF_MEMORY
from tests.faults.node import SERVE_COMMAND, Node, Setup
from tests.faults.quiescence import read_rows
from tests.faults.workload import Workload
from tests.support.token_factories import make_token, make_workspace

# The number of old tasks in each workspace. The index of the last one is the one that does not fit.
SIZES = {"small": 0, "medium": 300, "large": 10_000}
LARGE = "large"
# The memory that is left in Redis when the index of the large workspace, of about 2 MB, is built a second time.
TOO_LITTLE_MEMORY_BYTES = 500_000
TOO_LARGE_SECONDS = 1.0
IDENTITY = {"MILLITASK_IDENTITY": "tokens"}
INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title, created_at, updated_at, words_version)
    SELECT %s, uuidv7(), 'Old', now() - n * interval '1 s', now(), 1 FROM generate_series(1, %s) AS n
"""
GATES: LiteralString = "SELECT workspace_id, state::text, epoch FROM gate"
# No walks: a walk of the large workspace would take as long as the rest of the case.
ACTIONS = {
    "read": 25, "read_many": 8, "page": 10, "same_page": 15, "update": 22, "delete": 6, "restore": 6, "create_many": 4,
    "replace": 4,
}  # fmt: skip
PROBE = {"query": "{ tasks(first: 5) { nodes { id } } }"}
PROBE_SECONDS = 0.05
FALLBACKS, PROBES = "fallback reads of unaffected workspaces", "probes of unaffected workspaces"
# On a machine under load, a lease on a gate lapses now and then.
MAX_FALLBACK_SHARE = 0.2


def workspaces_setup(command: Sequence[str] = SERVE_COMMAND) -> Setup:
    """Return the setup of a cluster whose callers have tokens."""
    return Setup(command, own_postgres=True, environments=(IDENTITY, IDENTITY))


class Tenants:
    """The workspaces of a cluster, each with its clients and its history."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster = cluster
        self.violations: list[str] = []
        self.measurements: dict[str, list[float]] = {FALLBACKS: [], PROBES: [], "recovery, s": []}
        self.workloads: dict[str, Workload] = {}
        self._random = random.Random(seed)
        self._seed = seed

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Create the workspaces, and run their clients for the duration of the block."""
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(Database(self.cluster.database_url))
            for name, size in SIZES.items():
                async with database.connection() as connection:
                    await make_workspace(connection, name)
                    token, _ = await make_token(connection, name)
                    await connection.raw.execute(INSERT, (name, size))
                headers = {"Authorization": f"Bearer {token}"}
                # The same stores and processes, with the token of this workspace.
                own = copy.copy(self.cluster)
                own.http = await stack.enter_async_context(httpx.AsyncClient(timeout=15, headers=headers))
                self.workloads[name] = Workload(
                    own, clients=3, tasks=8, actions=ACTIONS, max_think_seconds=0.08, seed=self._seed
                )
            for workload in self.workloads.values():
                await stack.enter_async_context(workload.running())
            await self._wait_for(*SIZES)
            yield

    async def injure(self, number: int) -> None:
        """Lose the index of one workspace, leave too little memory for it, or rebuild it, in turn."""
        kind = (self.lose, self.leave_too_little_memory, self.rebuild)[number % 3]
        victim = LARGE if kind == self.leave_too_little_memory else self._random.choice(list(SIZES))
        others = [name for name in SIZES if name != victim]
        before = await self._gates()
        probes = asyncio.create_task(self._probe(others))
        started = time.monotonic()
        try:
            await kind(victim, before[victim][1])
            await self._wait_for(victim, after=before[victim][1])
        finally:
            probes.cancel()
        self.measurements["recovery, s"].append(time.monotonic() - started)
        after = await self._gates()
        for name in others:
            if after[name] != before[name]:
                change = f"from {before[name]} to {after[name]}"
                self.violations.append(f"{kind.__name__} of {victim}: the gate of {name} changed {change}")

    async def lose(self, victim: str, epoch: int) -> None:
        """Delete `rev`, or one set of the index."""
        keys = Keys(victim, epoch)
        await self.cluster.redis.client.delete(self._random.choice([keys.rev, keys.indexes[0], keys.expiring[2]]))

    async def rebuild(self, victim: str, _epoch: int) -> None:
        """Rebuild the index on request."""
        output = await self.cluster.reindex(self._random.choice(self.cluster.nodes), victim)
        if "The index holds" not in output:
            self.violations.append(output)

    async def leave_too_little_memory(self, victim: str, epoch: int) -> None:
        """Let a rebuild run out of memory, then raise the limit and rebuild."""
        redis = self.cluster.redis
        await redis.limit_memory(TOO_LITTLE_MEMORY_BYTES)
        await redis.client.delete(Keys(victim, epoch).rev)
        async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
            while not await self._out_of_memory():  # noqa: ASYNC110 (another process runs out of memory)
                await asyncio.sleep(0.05)
        await asyncio.sleep(TOO_LARGE_SECONDS)
        await redis.restore_memory_limit()
        await self.cluster.reindex(self.cluster.nodes[0], victim)

    async def finish(self) -> None:
        """Compare Redis with the rows, and check the histories."""
        node = self.cluster.nodes[0]
        outputs = await asyncio.gather(*(self.cluster.verify(node, name) for name in self.workloads))
        self.violations += [f"verify: {output[-2000:]}" for output in outputs if output]
        for name, workload in self.workloads.items():
            history, start = workload.history, StartTime()
            rows = {row.task.id: row for row in await read_rows(self.cluster, name)}
            ids = [id_ for id_ in workload.all_ids if id_ not in rows or not rows[id_].expired]
            tasks = tuple(rows[id_].task for id_ in ids if id_ in rows and not rows[id_].deleted)
            missing = {id_: rows[id_].task.version if id_ in rows else None for id_ in ids}
            missing = {id_: version for id_, version in missing.items() if id_ not in rows or rows[id_].deleted}
            history.record(start, "rows", "nodes", Invocation(tuple(ids)), Completion(tasks=tasks, missing=missing))
            self.violations += [f"{name}: {violation}" for violation in check(history)]
            self.violations += [f"{name}: a read failed: {op}" for op in history.failed_reads()]

    async def _out_of_memory(self) -> bool:
        readiness = [await self.cluster.readyz(node) for node in self.cluster.nodes]
        return any(OUT_OF_MEMORY in each.get("reason", "") for each in readiness)

    async def _probe(self, workspaces: Sequence[str]) -> None:
        """Count the reads of these workspaces that PostgreSQL answers in place of Redis."""
        probed = fallbacks = 0
        try:
            while True:
                for name in workspaces:
                    for node in self.cluster.nodes:
                        probed += 1
                        fallbacks += await self._falls_back(name, node)
                await asyncio.sleep(PROBE_SECONDS)
        finally:
            self.measurements[PROBES].append(probed)
            self.measurements[FALLBACKS].append(fallbacks)

    async def _falls_back(self, workspace: str, node: Node) -> bool:
        http = self.workloads[workspace].cluster.http
        response = (await http.post(f"{node.url}/graphql", json=PROBE, headers={TRACE_HEADER: "1"})).json()
        return bool(response["extensions"]["cache"].get("degraded", False))

    async def _gates(self) -> dict[str, tuple[str, int]]:
        async with await psycopg.AsyncConnection.connect(self.cluster.database_url) as connection:
            found = await (await connection.execute(GATES)).fetchall()
        return {name: (state, epoch) for name, state, epoch in found}

    async def _wait_for(self, *workspaces: str, after: int = 0) -> None:
        """Wait until these workspaces have an index of a later epoch in use."""
        async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
            while True:
                gates = await self._gates()
                found = [gates.get(name, ("off", 0)) for name in workspaces]
                if all(state == "on" and epoch > after for state, epoch in found):
                    return
                await asyncio.sleep(0.05)


async def run(fault: Fault, seed: int, count: int, folder: Path) -> CaseResult:
    """Injure one of the workspaces `count` times."""
    started = time.monotonic()
    async with running(folder, "", workspaces_setup()) as cluster:
        tenants = Tenants(cluster, seed)
        async with tenants.running():
            for number in range(count):
                await tenants.injure(number)
        await tenants.finish()
        log_lines = [line for node in cluster.nodes for line in node.log_lines()[-20:]] if tenants.violations else []
    operations = [op for workload in tenants.workloads.values() for op in workload.history.operations]
    reads = sorted(op.end - op.start for op in operations if op.kind not in WRITES)
    writes = [op for op in operations if op.kind in WRITES]
    return CaseResult(
        *(fault.name, seed, count, len(operations), len(reads), len(writes)),
        *(sum(op.may_have_taken_effect and not op.failed for op in writes), 0),
        *(round(reads[-1], 3), round(reads[int(len(reads) * 0.99)], 3)),
        round(max(op.end - op.start for op in writes), 3),
        measurements=tenants.measurements,
        violations=tenants.violations,
        log_lines=log_lines,
        duration_seconds=round(time.monotonic() - started, 1),
    )


def check_fallbacks(result: CaseResult) -> list[str]:
    """Check that unaffected workspaces do not fall back to PostgreSQL while another one has no index."""
    probed, fallbacks = (sum(result.measurements.get(name, [])) for name in (PROBES, FALLBACKS))
    if fallbacks <= MAX_FALLBACK_SHARE * probed:
        return []
    return [f"PostgreSQL answered {fallbacks:.0f} of {probed:.0f} probes of unaffected workspaces"]
