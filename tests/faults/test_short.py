"""The short campaign: each fault a few times, many in one run, while clients read and write.

What became of a run is logged: `-o log_cli=true --log-cli-level=warning`. The whole campaign is `make faults`.
"""

from pathlib import Path

import pytest

from tests.faults.fault import Fault, Run, play
from tests.faults.history import Operation
from tests.faults.injections import processes
from tests.faults.node import Setup
from tests.faults.table import FAULTS, OWN_POSTGRES, THROUGH_PROXY

CUTS = {f"{step}-cut-{when}": 20 for step in ("mark", "commit", "publish") for when in ("before", "after")}
# What goes into one run, how often each, and what the run needs.
RUNS: dict[str, tuple[dict[str, int], Setup]] = {
    "redis fails": ({"redis-killed": 3, "redis-stopped-3": 1, "emptied": 3}, Setup()),
    "redis is not there for all": ({"cut-off": 2, "rebuilds": 3}, Setup()),
    "redis is too small": ({"evictions": 10, "index-too-large": 1}, Setup()),
    "processes are killed": ({"api-killed": 10}, Setup()),
    "processes are stopped": ({"api-stopped": 2}, Setup()),
    "connections are cut": (CUTS, THROUGH_PROXY),
    "postgres is killed": ({"postgres-killed": 2}, OWN_POSTGRES),
    "clients do not wait, and a clock is wrong": ({"cancelled": 5, "clock": 1}, processes.shifted(1)),
}


def together(name: str) -> Fault:
    """The faults of a run as one."""
    counts, setup = RUNS[name]

    async def inject(run: Run) -> None:
        for fault, count in counts.items():
            for number in range(count):
                run.injected = number
                await FAULTS[fault].inject(run)
            if (after := FAULTS[fault].after) is not None:
                await after(run)

    def excused(run: Run, operation: Operation) -> bool:
        return any(FAULTS[fault].excused(run, operation) for fault in counts)

    evicting = min(FAULTS[fault].evicting for fault in counts)
    return Fault(name, name, 1, 1, inject, excused=excused, setup=lambda _seed: setup, evicting=evicting)


@pytest.mark.parametrize("name", RUNS)
async def test_nobody_is_told_anything_wrong_and_it_recovers(tmp_path: Path, database_url: str, name: str) -> None:
    case = await play(together(name), 1, 1, tmp_path, database_url)
    assert not case.violations, "\n".join([*case.violations[:10], *case.said])
    assert case.acknowledged > 20, case
    assert case.reads > 20, case
