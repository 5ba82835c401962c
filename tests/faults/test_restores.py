"""A backup takes the place of PostgreSQL under load. The campaign detects a gate that does not know its history."""

from pathlib import Path

import pytest

from tests.faults.broken import NO_HISTORY, VARIANT
from tests.faults.catalog import FAULTS
from tests.faults.cluster import running
from tests.faults.injections import restores
from tests.faults.node import Setup
from tests.faults.test_broken import COMMAND
from tests.faults.test_outages_detected import violations_of
from tests.faults.workload import Workload


async def test_nothing_lost_is_shown_after_a_restore(tmp_path: Path) -> None:
    result = await restores.run(FAULTS["restored"], 1, 1, tmp_path)
    assert not result.violations, "\n".join([*result.violations[:10], *result.log_lines])
    assert result.acknowledged > 20, result
    assert result.reads > 20, result


async def test_gate_without_its_history_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIANT, NO_HISTORY)

    async def attempt(folder: Path) -> list[str]:
        async with running(folder, "", Setup(COMMAND, own_postgres=True)) as cluster:
            workload = Workload(cluster, clients=8, max_think_seconds=0.04)
            loss = await restores.lose_commits(workload, folder, 1.5)
            return await restores.find_violations_after(loss, workload, verify=False)

    assert await violations_of(attempt, tmp_path, ("I1", "I4", "a lost task"))
