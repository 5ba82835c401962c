"""A bulk load while Redis and a process of the service are killed: every task exists once, and is in the index."""

import asyncio
import random
import signal
import sys
import time
from pathlib import Path

import psycopg

from tests.faults.cluster import Cluster, running
from tests.faults.fault import CaseResult, Fault
from tests.faults.node import Setup
from tests.support.service_process import ROOT

# The range of the pause between two kills.
PAUSE_SECONDS = (4.0, 12.0)
MAXMEMORY = "1gb"
RECOVERY_TIMEOUT_SECONDS = 120.0
VERIFY_ATTEMPTS = 6
# The loader derives the id from the task's number, so a task cannot exist twice: the number of rows is sufficient.
COUNT = "SELECT count(*) FROM task WHERE workspace_id = 'default' AND deleted_at IS NULL"


async def run(fault: Fault, seed: int, count: int, folder: Path) -> CaseResult:
    """Load `count` tasks through one process, and kill it and Redis in turn until the loader exits."""
    started, pauses, kills = time.monotonic(), random.Random(seed), 0
    violations: list[str] = []
    async with running(folder, "", Setup(own_postgres=True, maxmemory=MAXMEMORY)) as cluster:
        loader = await _start_loader(count, f"{cluster.nodes[0].url}/graphql")
        loading = asyncio.create_task(loader.communicate())
        while not loading.done():
            await asyncio.wait([loading], timeout=pauses.uniform(*PAUSE_SECONDS))
            if not loading.done():
                await _kill(cluster, redis=kills % 2 == 1)
                kills += 1
        output, _ = await loading
        load_seconds = time.monotonic() - started
        if loader.returncode:
            violations.append(output.decode()[-2000:])
        await cluster.wait_for_recovery(RECOVERY_TIMEOUT_SECONDS)
        violations += await _find_violations(cluster, count)
        recovery_seconds = await _measure_recovery(cluster)
        log_lines = [line for node in cluster.nodes for line in node.log_lines()[-20:]] if violations else []
    return CaseResult(
        *(fault.name, seed, count, count, 0, count, count, 0, 0.0, 0.0, 0.0),
        measurements={
            "load, s": [round(load_seconds, 1)],
            "index recovery, s": [round(recovery_seconds, 1)],
            "kills": [float(kills)],
        },
        violations=violations,
        log_lines=log_lines,
        duration_seconds=round(time.monotonic() - started, 1),
    )


async def _kill(cluster: Cluster, *, redis: bool) -> None:
    if redis:
        await cluster.redis.kill()
        await asyncio.sleep(0.5)
        await cluster.redis.start()
    else:
        cluster.nodes[0].signal_worker(signal.SIGKILL)


async def _measure_recovery(cluster: Cluster) -> float:
    """Restart Redis. Return the seconds until both processes use an index of all tasks again."""
    _, epoch = await cluster.read_gate()
    await cluster.redis.kill()
    killed = time.monotonic()
    await cluster.redis.start()
    await cluster.wait_for_epoch_after(epoch)
    await cluster.wait_for_recovery(RECOVERY_TIMEOUT_SECONDS)
    return time.monotonic() - killed


async def _find_violations(cluster: Cluster, count: int) -> list[str]:
    async with await psycopg.AsyncConnection.connect(cluster.database_url) as connection:
        found = await (await connection.execute(COUNT)).fetchone()
    violations = [] if found == (count,) else [f"{found} rows exist, but {count} tasks were loaded"]
    # The marks and ids that killed writers left behind may not have been scrubbed yet.
    for _ in range(VERIFY_ATTEMPTS):
        if not (output := await cluster.verify(cluster.nodes[1])):
            return violations
        await asyncio.sleep(5)
    return [*violations, f"I3: {output[-2000:]}"]


async def _start_loader(count: int, url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadgen", "load", "--count", str(count), "--url", url),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
