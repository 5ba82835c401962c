"""A worker killed during parallel bulk creates: totals are exact, no page repeats a task, and a missing rule shows."""

import random
from pathlib import Path

import pytest

from tests.faults.broken import VARIANT
from tests.faults.cluster import running
from tests.faults.injections.bulk_creates import CREATE_SIZE, PARALLEL_CREATES, KillRounds, bulk_setup
from tests.faults.test_broken import COMMAND, IN_SCRUB


async def test_index_equals_the_rows_soon_after_a_kill(tmp_path: Path) -> None:
    rounds = KillRounds(random.Random(1))
    async with running(tmp_path, "", bulk_setup()) as cluster:
        for number in range(2):
            await rounds.run_round(cluster, number)
            await cluster.wait_for_recovery()
        assert not rounds.violations, "\n".join(rounds.violations)
        assert not await cluster.verify(cluster.nodes[0])
    assert rounds.unanswered


async def test_bulk_create_that_nobody_settles_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIANT, IN_SCRUB)
    rounds = KillRounds(random.Random(1))
    async with running(tmp_path, "", bulk_setup(COMMAND)) as cluster:
        # Some of these were created by the killed process, and it has not settled all of them.
        await rounds.run_round(cluster, 0, kill_after_rows=(PARALLEL_CREATES // 2 + 1) * CREATE_SIZE)
    assert [text for text in rounds.violations if text.startswith("I3")], rounds.settled_seconds
