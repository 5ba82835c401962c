"""A long mixed workload with random faults. The second process is never killed, so its memory shows leaks."""

import asyncio
import time
from functools import partial
from pathlib import Path
from statistics import median

import psycopg

from tests.faults.fault import CaseResult, Run
from tests.faults.history import Operation
from tests.faults.injections import processes, rebuilds, redis, requests

# The time for one fault and the recovery from it.
ROUND_SECONDS = 60.0
WARM_UP_ROUNDS = 5
MAX_GROWTH = 0.1
MEMORY, CONNECTIONS = "memory, MB", "connections"


def is_excused(run: Run, operation: Operation) -> bool:
    """Return whether the client has cancelled the read, or the read failed during an outage of its process."""
    return processes.is_unanswered(run, operation) or requests.is_cancelled(run, operation)


async def run_round(run: Run) -> None:
    """Inject one random fault, then let the clients work until the round is over, and measure."""
    end = time.monotonic() + ROUND_SECONDS
    faults = (
        *(redis.kill, redis.suspend(3), redis.lose_keys, redis.cut_off_one_process),
        *(_kill_first_worker, rebuilds.alternate, partial(requests.cancel, count=20)),
    )
    await run.random.choice(faults)(run)
    await run.wait_for_recovery()
    await asyncio.sleep(max(0.0, end - time.monotonic()))
    run.measure(MEMORY, _resident_mb(run.cluster.nodes[1].worker_pids()[0]))
    run.measure(CONNECTIONS, await _count_connections(run))


def check_growth(result: CaseResult) -> list[str]:
    """Check that memory and connections do not grow: compare the medians of the two halves after the warm-up."""
    violations = []
    for name in (MEMORY, CONNECTIONS):
        values = result.measurements.get(name, [])[WARM_UP_ROUNDS:]
        if len(values) > 1:
            half = len(values) // 2
            early, late = median(values[:half]), median(values[half:])
            if late > early * (1 + MAX_GROWTH):
                violations.append(f"{name}: {late:.0f}, up from {early:.0f}; by round {values}")
    return violations


async def _kill_first_worker(run: Run) -> None:
    run.begin_outage(run.cluster.nodes[0])
    run.cluster.nodes[0].kill_worker()
    await asyncio.sleep(1)


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


async def _count_connections(run: Run) -> float:
    """Return the number of connections to both stores."""
    async with await psycopg.AsyncConnection.connect(run.cluster.database_url) as connection:
        found = await (
            await connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        ).fetchone()
    assert found is not None
    return float(found[0]) + len(await run.cluster.redis.client.client_list())
