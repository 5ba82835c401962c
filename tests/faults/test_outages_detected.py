"""A failover, an isolated process, a lost host and a lost pooler: each shows what is wrong with a broken service."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cache.redis.keys import Keys
from tests.faults.broken import (
    HELD,
    NO_HISTORY,
    TWO_PRIMARIES,
    VARIANT,
    WITHOUT_LEASE_END,
    WITHOUT_SCRUB,
    WITHOUT_STANDBY,
    WITHOUT_UNKNOWN,
)
from tests.faults.catalog import FAULTS, THROUGH_PROXY
from tests.faults.cluster import Cluster, running
from tests.faults.fault import Run
from tests.faults.history import WRITES, Kind, Outcome
from tests.faults.injections import isolation, partitions, promotions
from tests.faults.node import Setup
from tests.faults.quiescence import find_violations
from tests.faults.test_broken import COMMAND
from tests.faults.views import NO_VALUES
from tests.faults.workload import Workload
from tests.support import network

OPTIONS: dict[str, Any] = {"clients": 8, "max_think_seconds": 0.04}
# Only a coincidence shows what some variants do wrong: a kill during a commit, or a read between two writes.
ATTEMPTS = 8


async def violations_of(
    attempt: Callable[[Path], Awaitable[list[str]]], folder: Path, invariants: tuple[str, ...]
) -> list[str]:
    """Attempt a run, each time in a new cluster, until it violates one of the invariants. Return these violations."""
    for number in range(ATTEMPTS):
        violations = await attempt(folder / str(number))
        if found := [text for text in violations if text.startswith(invariants)]:
            return found
    return []


async def test_checker_knows_what_an_asynchronous_standby_lacks(tmp_path: Path) -> None:
    result = await promotions.run(FAULTS["postgres-failover-lossy"], 1, 1, tmp_path)
    assert not result.violations, "\n".join([*result.violations[:10], *result.log_lines])
    assert result.acknowledged > 20, result
    assert result.reads > 20, result


async def test_gate_without_its_history_is_detected_after_a_promotion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, NO_HISTORY)

    async def attempt(folder: Path) -> list[str]:
        async with running(folder, "", Setup(COMMAND, standby="asynchronous")) as cluster:
            workload = Workload(cluster, **OPTIONS)
            promotion = await promotions.lose_writes(workload, 1.5)
            return await promotions.find_violations_after(promotion, workload, verify=False)

    assert await violations_of(attempt, tmp_path, ("I1", "I4", "a lost task"))


async def test_commit_that_does_not_wait_for_the_standby_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, WITHOUT_STANDBY)
    async with running(tmp_path, "", Setup(COMMAND, standby="synchronous")) as cluster:
        run = Run(cluster, Workload(cluster, **OPTIONS), random.Random(1))
        assert cluster.pair is not None
        async with run.workload.running():
            await asyncio.to_thread(cluster.pair.detach)
            await done(run, 5, kinds=WRITES)
            await promotions.fail_over(run)
        violations = await find_violations(run.workload, 1.0, verify=False)
    assert [text for text in violations if text.startswith(("lost", "I1"))], violations


async def test_lease_that_does_not_end_is_detected(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, WITHOUT_LEASE_END)

    async def attempt(folder: Path) -> list[str]:
        async with running(folder, database_url, replace(THROUGH_PROXY, command=COMMAND)) as cluster:
            # One client of each process writes. Others only read what Redis holds: they do not wait for PostgreSQL.
            workload = Workload(cluster, **OPTIONS, writers=2, quiet_seconds=0.0, actions={"read": 1, "update": 1})
            run = Run(cluster, workload, random.Random(1))
            async with run.workload.running():
                await done(run, 20, kinds=WRITES)
                await isolation.freeze_for_one(run)
            return await find_violations(run.workload, 1.0, verify=False)

    assert await violations_of(attempt, tmp_path, ("I1",))


async def test_two_primaries_that_are_taken_for_one_are_detected(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if obstacle := network.obstacle():
        pytest.skip(obstacle)
    monkeypatch.setenv(VARIANT, TWO_PRIMARIES)

    async def attempt(folder: Path) -> list[str]:
        async with running(folder, database_url, replace(partitions.DIVIDED_CLUSTER, command=COMMAND)) as cluster:
            run = Run(cluster, Workload(cluster, **OPTIONS), random.Random(1))
            async with run.workload.running():
                await asyncio.sleep(0.5)
                async with partitions.divided(cluster):
                    await done(run, 5, node=1, kinds=WRITES)
                    await done(run, 30, node=0, kinds={"page", "task"})
            return await find_violations(run.workload, 1.0, verify=False)

    assert await violations_of(attempt, tmp_path, ("I1",))


async def test_unknown_outcome_that_is_reported_as_no_change_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if obstacle := isolation.pgbouncer_is_missing():
        pytest.skip(obstacle)
    monkeypatch.setenv(VARIANT, WITHOUT_UNKNOWN)

    async def attempt(folder: Path) -> list[str]:
        async with running(folder, "", replace(isolation.POOLED, command=COMMAND)) as cluster:
            assert cluster.postgres is not None
            # Each commit takes a while, so that PgBouncer is lost during some.
            cluster.postgres.change_setting("commit_siblings = 0")
            cluster.postgres.change_setting("commit_delay = 100000")
            # With many tasks, a version is observed before another one follows.
            workload = Workload(cluster, clients=8, tasks=80, quiet_seconds=0.0, actions={"update": 1})
            run = Run(cluster, workload, random.Random(1))
            async with run.workload.running():
                for _ in range(3):
                    await done(run, 8, kinds=WRITES)
                    await isolation.restart_pgbouncer(run)
            return await find_violations(run.workload, 1.0, verify=False)

    assert await violations_of(attempt, tmp_path, ("lost", "I1"))


async def test_marks_that_a_lost_host_leaves_are_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIANT, WITHOUT_SCRUB)
    async with running(tmp_path, "", replace(isolation.HOSTS, command=COMMAND)) as cluster:
        run = Run(cluster, Workload(cluster, **OPTIONS), random.Random(1))
        async with run.workload.running():
            await done(run, 10, kinds=WRITES)
        # A write of a process that is killed. No write follows on the same task, which would remove the mark.
        held = run.workload.clients[0].clone(HELD, "")
        write = asyncio.create_task(held.update(0, run.workload.ids[0], None, NO_VALUES, None))
        await wait_for_mark(cluster)
        await isolation.lose_host(run)
        assert (await write).outcome is Outcome.UNKNOWN
        await wait_for_overdue_mark(cluster)
        violations = await find_violations(run.workload, 1.0, verify=False)
    assert [text for text in violations if text.startswith("I4")], violations


async def done(run: Run, count: int, *, kinds: Collection[Kind], node: int | None = None) -> None:
    """Wait until this number of operations has begun from now on and succeeded, of a process if one is named."""
    began, operations = time.monotonic(), run.workload.history.operations

    def number() -> int:
        answered = (op for op in operations if op.start > began and op.completion.outcome is Outcome.OK)
        return sum(op.kind in kinds and node in (None, op.node) for op in answered)

    async with asyncio.timeout(60):
        while number() < count:  # noqa: ASYNC110 (other processes change it)
            await asyncio.sleep(0.02)


async def wait_for_mark(cluster: Cluster) -> None:
    """Wait until a write has marked a task."""
    _, epoch = await cluster.read_gate()
    marks = Keys("default", epoch).marks
    async with asyncio.timeout(30):
        while not await cluster.redis.client.zcard(marks):  # noqa: ASYNC110 (another process sets it)
            await asyncio.sleep(0.02)


async def wait_for_overdue_mark(cluster: Cluster) -> None:
    """Wait until the deadline of the last mark has passed."""
    _, epoch = await cluster.read_gate()
    marks, client = Keys("default", epoch).marks, cluster.redis.client
    async with asyncio.timeout(30):
        while await client.zcount(marks, time.time() * 1000, "+inf"):  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.1)
