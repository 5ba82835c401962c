"""Warm starts that never end load no stale task. The campaign detects warm starts that fill without a lease."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.broken import VARIANT, WARM, WARM_WITHOUT_LEASES
from tests.faults.cluster import running
from tests.faults.injections.warm_starts import warmed_tasks
from tests.faults.node import Setup
from tests.faults.quiescence import find_violations
from tests.faults.test_broken import COMMAND, ENTRIES, ROUNDS, run_until_violation
from tests.faults.workload import Workload


async def test_warm_starts_without_end_have_no_violation(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, WARM)
    async with running(tmp_path, database_url, Setup(COMMAND)) as cluster:
        workload = Workload(cluster, tasks=4, **ENTRIES)
        async with workload.running(), asyncio.timeout(60):
            await asyncio.sleep(3)
            while not await warmed_tasks(cluster):  # noqa: ASYNC110 (other processes change it)
                await asyncio.sleep(0.1)
        violations = await find_violations(workload)
    assert not violations, "\n".join(violations)


async def test_fills_without_leases_are_detected(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, WARM_WITHOUT_LEASES)
    violations = await run_until_violation(tmp_path, database_url, ENTRIES, *ROUNDS, invariants=("I1", "I4"))
    assert violations
