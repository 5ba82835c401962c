"""A bulk load while Redis and processes of the service are killed: every task is there once, and in the index."""

import asyncio
import random
import signal
import sys
import time
from pathlib import Path

import psycopg

from tests.faults.cluster import Cluster, running
from tests.faults.fault import Case, Fault
from tests.faults.node import Setup
from tests.support.service_process import ROOT

# Seconds between two kills.
PAUSES = (4.0, 12.0)
MAXMEMORY = "1gb"
# An id is there once; the loader makes it of the task's number, so a task that is made twice would be the same row.
COUNT = "SELECT count(*) FROM task WHERE workspace_id = 'default' AND deleted_at IS NULL"


async def play(fault: Fault, seed: int, count: int, folder: Path) -> Case:
    """`count` tasks through one process; it and Redis are killed in turn until the loader is done."""
    began, chance, kills = time.monotonic(), random.Random(seed), 0
    wrong: list[str] = []
    async with running(folder, "", Setup(own_postgres=True, maxmemory=MAXMEMORY)) as cluster:
        loader = await _loader(count, f"{cluster.nodes[0].url}/graphql")
        loading = asyncio.create_task(loader.communicate())
        while not loading.done():
            await asyncio.wait([loading], timeout=chance.uniform(*PAUSES))
            if not loading.done():
                await _kill(cluster, redis=kills % 2 == 1)
                kills += 1
        said, _ = await loading
        seconds = time.monotonic() - began
        if loader.returncode:
            wrong.append(said.decode()[-2000:])
        await cluster.recovered(120)
        wrong += await _judge(cluster, count)
        back = await _back(cluster)
        lines = [line for node in cluster.nodes for line in node.said()[-20:]] if wrong else []
    measured = {"load, s": [round(seconds, 1)], "index back, s": [round(back, 1)], "kills": [float(kills)]}
    return Case(
        *(fault.name, seed, count, count, 0, count, count, 0, 0.0, 0.0, 0.0),
        measured=measured,
        violations=wrong,
        said=lines,
        seconds=round(time.monotonic() - began, 1),
    )


async def _kill(cluster: Cluster, *, redis: bool) -> None:
    if redis:
        await cluster.redis.kill()
        await asyncio.sleep(0.5)
        await cluster.redis.start()
    else:
        cluster.nodes[0].signal_worker(signal.SIGKILL)


async def _back(cluster: Cluster) -> float:
    """Kills Redis once more; how many seconds later both processes use the index of all tasks again."""
    _, epoch = await cluster.gate()
    await cluster.redis.kill()
    began = time.monotonic()
    await cluster.redis.start()
    await cluster.until_epoch_after(epoch)
    await cluster.recovered(120)
    return time.monotonic() - began


async def _judge(cluster: Cluster, count: int) -> list[str]:
    async with await psycopg.AsyncConnection.connect(cluster.database_url) as connection:
        found = await (await connection.execute(COUNT)).fetchone()
    wrong = [] if found == (count,) else [f"{found} rows are there, and {count} tasks were loaded"]
    # What killed writers have left is scrubbed by now, or will be soon.
    for _ in range(6):
        if not (said := await cluster.verify(cluster.nodes[1])):
            return wrong
        await asyncio.sleep(5)
    return [*wrong, f"I3: {said[-2000:]}"]


async def _loader(count: int, url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadgen", "load", "--count", str(count), "--url", url),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
