"""The short campaign: several faults in one run, a few times each, while clients read and write.

`-o log_cli=true --log-cli-level=warning` shows the result of each run. The whole campaign is `make faults`.
"""

from pathlib import Path

import pytest

from tests.faults.catalog import FAULTS, OWN_POSTGRES, THROUGH_PROXY
from tests.faults.fault import Fault, Run, run_case
from tests.faults.history import Operation
from tests.faults.injections import connections, isolation, partitions, processes, warm_starts
from tests.faults.node import Setup
from tests.faults.redis_groups import ShardedRedis

CUTS = {f"{step}-cut-{when}": 20 for step in connections.STEPS for when in ("before", "after")}
# By run: the number of injections of each fault, and the setup.
RUNS: dict[str, tuple[dict[str, int], Setup]] = {
    "redis fails": ({"redis-killed": 3, "redis-stopped-3": 1, "emptied": 3}, Setup()),
    "redis is unreachable or rebuilt": ({"cut-off": 2, "rebuilds": 3}, Setup()),
    "a primary of a redis cluster fails, or a slot moves": (
        {"cluster-killed": 1, "cluster-moved": 1, "cluster-hangs": 1},
        Setup(redis=ShardedRedis),
    ),
    "redis is too small": ({"evictions": 10, "index-too-large": 1}, Setup()),
    "processes are killed": ({"api-killed": 10}, Setup()),
    "processes are suspended": ({"api-stopped": 2}, Setup()),
    "connections are cut": (CUTS, THROUGH_PROXY),
    "a warm start is killed, or two load at once": ({"warm-start": 2}, warm_starts.SETUP),
    "postgres is killed": ({"postgres-killed": 2}, OWN_POSTGRES),
    "postgres fails over to a synchronous standby": ({"postgres-failover": 2}, Setup(standby="synchronous")),
    "postgres is silent for one process": ({"postgres-frozen": 2}, THROUGH_PROXY),
    "pgbouncer is restarted": ({"pgbouncer-restarted": 3}, isolation.POOLED),
    "a redis cluster is partitioned": ({"cluster-divided": 1}, partitions.DIVIDED_CLUSTER),
    "a process is partitioned from a store": ({"store-unreachable": 2}, partitions.TWO_HOSTS),
    "a host is lost": ({"host-lost": 1}, isolation.HOSTS),
    "requests are cancelled and a clock is shifted": ({"cancelled": 5, "clock": 1}, processes.shifted_clock(1)),
}


def combined_fault(name: str) -> Fault:
    """Return the faults of a run as one fault."""
    counts, setup = RUNS[name]

    async def inject(run: Run) -> None:
        for fault, count in counts.items():
            for number in range(count):
                run.injected = number
                await FAULTS[fault].inject(run)
            if (clean_up := FAULTS[fault].clean_up) is not None:
                await clean_up(run)

    def excuses(run: Run, operation: Operation) -> bool:
        return any(FAULTS[fault].excuses(run, operation) for fault in counts)

    interval_seconds = min(FAULTS[fault].eviction_interval_seconds for fault in counts)
    return Fault(
        *(name, name, 1, 1, inject),
        excuses=excuses,
        setup=lambda _seed: setup,
        eviction_interval_seconds=interval_seconds,
    )


@pytest.mark.parametrize("name", RUNS)
async def test_no_violation_under_faults(tmp_path: Path, database_url: str, name: str) -> None:
    for obstacle in filter(None, (FAULTS[fault].obstacle() for fault in RUNS[name][0])):
        pytest.skip(obstacle)
    result = await run_case(combined_fault(name), 1, 1, tmp_path, database_url)
    assert not result.violations, "\n".join([*result.violations[:10], *result.log_lines])
    assert result.acknowledged > 20, result
    assert result.reads > 20, result
    assert result.measurements["page hits"][0] > 0, result
