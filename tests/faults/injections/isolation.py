"""One process that PostgreSQL does not answer, while another cannot reach Redis; a lost host; and a new PgBouncer."""

import asyncio
import os
import signal
import time
from contextlib import suppress

from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, Run
from tests.faults.history import WRITES, Operation, Outcome
from tests.faults.injections.postgres import is_unavailable
from tests.faults.injections.processes import is_unanswered
from tests.faults.node import SERVE_COMMAND, Node, Setup
from tests.support import pgbouncer

# A host with two of three processes.
HOSTS = Setup(own_postgres=True, postgres_proxy=True, environments=({}, {}, {}))
LOST_PROCESSES = 2
POOLED_VARIABLES = {"MILLITASK_DATABASE_POOLING": "transaction"}
POOLED = Setup(SERVE_COMMAND, own_postgres=True, pgbouncer=True, environments=(POOLED_VARIABLES, POOLED_VARIABLES))


async def freeze_for_one(run: Run) -> None:
    """Let PostgreSQL answer one process nothing, while the other one loses Redis and so closes the gate.

    In half of the cases all that was sent arrives at last, also a commit. In the others it never does.
    """
    frozen, other = _pair_in_turn(run)
    assert frozen.postgres is not None
    began, is_lost = time.monotonic(), run.random.random() < 0.5
    run.begin_outage(frozen)
    if is_lost:
        frozen.postgres.stall_connections()
    frozen.postgres.hold()
    await other.proxy.cut()
    await run.cluster.wait_until_ready(other, degraded=True, timeout_seconds=RECOVERY_TIMEOUT_SECONDS)
    await asyncio.sleep(run.random.uniform(1.5, 4.0))
    # Without a write in this time, nothing would be stale.
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
        while not _has_written(run, other, began):  # noqa: ASYNC110 (the clients do)
            await asyncio.sleep(0.05)
    await frozen.postgres.heal()
    await other.proxy.heal()
    await run.wait_for_recovery("recovery, s")
    frozen.postgres.release_stalled()
    await asyncio.sleep(run.random.uniform(0.2, 1.0))


async def lose_host(run: Run) -> None:
    """Kill all processes of a host at once, without a word to the stores, and start them again."""
    first = run.injected % len(run.cluster.nodes)
    lost = [*run.cluster.nodes[first:], *run.cluster.nodes[:first]][:LOST_PROCESSES]
    for node in lost:
        run.begin_outage(node)
        for proxy in node.proxies:
            proxy.stall_connections()
    pids = [pid for node in lost for pid in node.processes()]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for node in lost:
        await node.wait_for_exit()
    await asyncio.sleep(run.random.uniform(0.5, 3.0))
    for node in lost:
        await node.start_process()
    await run.wait_for_recovery("recovery, s")
    for node in lost:
        for proxy in node.proxies:
            proxy.release_stalled()
    await asyncio.sleep(run.random.uniform(0.2, 1.0))


async def restart_pgbouncer(run: Run) -> None:
    """Kill PgBouncer, so that connections break also in a commit, and start it again."""
    pooler = run.cluster.pgbouncer
    assert pooler is not None
    run.outages.begin()
    await asyncio.to_thread(pooler.stop)
    await asyncio.sleep(run.random.uniform(0.0, 2.0))
    await asyncio.to_thread(pooler.start)
    await run.wait_for_recovery("recovery, s")
    await asyncio.sleep(run.random.uniform(0.2, 1.0))


def is_isolated(run: Run, operation: Operation) -> bool:
    """Return whether the read failed because its process was isolated or lost at that time."""
    return is_unavailable(run, operation) or is_unanswered(run, operation)


def pgbouncer_is_missing() -> str:
    """Return why PgBouncer cannot run here, or ""."""
    return "" if pgbouncer.find() else pgbouncer.MISSING


def _pair_in_turn(run: Run) -> tuple[Node, Node]:
    first, second = run.cluster.nodes
    return (first, second) if run.injected % 2 == 0 else (second, first)


def _has_written(run: Run, node: Node, since: float) -> bool:
    number = run.cluster.nodes.index(node)
    return any(
        op.node == number and op.start > since and op.kind in WRITES and op.completion.outcome is Outcome.OK
        for op in run.workload.history.operations
    )
