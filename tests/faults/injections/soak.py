"""A long mixed load with faults at random; the second process is never killed, so that its memory tells."""

import asyncio
import time
from functools import partial
from pathlib import Path
from statistics import median

import psycopg

from tests.faults.fault import Case, Run
from tests.faults.history import Operation
from tests.faults.injections import processes, rebuilds, redis, requests

# Seconds of one injection with what follows.
ROUND = 60.0
# So many rounds long the process is still warming up.
WARM = 5
MOST_GROWTH = 0.1
MEMORY, CONNECTIONS = "memory, MB", "connections"


def excused(run: Run, operation: Operation) -> bool:
    """Whom nobody answered, and who did not wait."""
    return processes.unanswered(run, operation) or requests.hasty(run, operation)


async def minute(run: Run) -> None:
    """One fault, and then work without, until the minute is over."""
    until = time.monotonic() + ROUND
    faults = (
        *(redis.killed, redis.stopped(3), redis.emptied, redis.cut_off, _kill_first, rebuilds.either),
        partial(requests.cancelled, count=20),
    )
    await run.chance.choice(faults)(run)
    await run.recovered()
    await asyncio.sleep(max(0.0, until - time.monotonic()))
    run.measure(MEMORY, _resident(run.cluster.nodes[1].workers()[0]))
    run.measure(CONNECTIONS, await _connections(run))


def grown(case: Case) -> list[str]:
    """Memory and connections are flat: what is usual, once warm, is no more in the second half than in the first."""
    said = []
    for what in (MEMORY, CONNECTIONS):
        warm = case.measured.get(what, [])[WARM:]
        if len(warm) > 1:
            half = len(warm) // 2
            early, late = median(warm[:half]), median(warm[half:])
            if late > early * (1 + MOST_GROWTH):
                said.append(f"{what}: {late:.0f}, after {early:.0f}; minute by minute {warm}")
    return said


async def _kill_first(run: Run) -> None:
    run.out(run.cluster.nodes[0])
    run.cluster.nodes[0].kill_worker()
    await asyncio.sleep(1)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


async def _connections(run: Run) -> float:
    """To both stores."""
    async with await psycopg.AsyncConnection.connect(run.cluster.database_url) as connection:
        found = await (
            await connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        ).fetchone()
    assert found is not None
    return float(found[0]) + len(await run.cluster.redis.client.client_list())
