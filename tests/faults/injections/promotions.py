"""The primary of PostgreSQL is killed, and its standby promoted.

A synchronous standby has every acknowledged write, so the whole history must be right. An asynchronous one lacks the
last writes. Which ones the checker knows from the rows that the promoted server has before its first write.
"""

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.faults.cluster import running
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, CaseResult, Fault, Run, summarize
from tests.faults.history import WRITES, Completion, History, Operation, Outcome
from tests.faults.injections.restores import Parts, find_violations_in, server_changes
from tests.faults.node import SERVE_COMMAND, Setup
from tests.faults.workload import Workload

WRITES_AGAIN = "writes again, s"
# The limit of the time from the promotion until a write is acknowledged.
MAX_SECONDS = 10.0


async def fail_over(run: Run) -> None:
    """Kill the primary, promote its synchronous standby, and give the new primary a standby.

    In every second case the standby is suspended a moment before. Commits then wait for it, until the kill.
    """
    pair = run.cluster.pair
    assert pair is not None
    run.outages.begin()
    with pair.standby.frozen() if run.injected % 2 else nullcontext():
        await asyncio.sleep(run.random.uniform(0.1, 0.5))
        await asyncio.to_thread(pair.kill_primary)
    await asyncio.sleep(run.random.uniform(0.0, 1.0))
    await asyncio.to_thread(pair.promote)
    promoted = time.monotonic()
    run.measure(WRITES_AGAIN, await _first_write_after(promoted, run.workload.history) - promoted)
    await run.wait_for_recovery("index recovery, s", promoted)
    await asyncio.to_thread(pair.rejoin)
    await asyncio.sleep(run.random.uniform(0.2, 1.0))


def check_writes_again(result: CaseResult) -> list[str]:
    """Return the failovers after which writes took too long to continue."""
    late = [seconds for seconds in result.measurements[WRITES_AGAIN] if seconds > MAX_SECONDS]
    return [f"the first write came {seconds} s after the promotion; the limit is {MAX_SECONDS} s" for seconds in late]


@dataclass
class Promotion:
    """A failover to a standby that lacks the last writes.

    versions: those of the tasks that the promoted server has. continued: when the first write on it was acknowledged.
    """

    killed: float = 0.0
    promoted: float = 0.0
    continued: float = 0.0
    recovered: float = 0.0
    versions: dict[str, int] = field(default_factory=dict)


async def lose_writes(workload: Workload, seconds: float) -> Promotion:
    """Run the clients, and let the primary acknowledge writes for a time that its standby never receives."""
    pair, promotion = workload.cluster.pair, Promotion()
    assert pair is not None
    async with workload.running():
        await asyncio.sleep(seconds)
        await asyncio.to_thread(pair.detach)
        await _first_write_after(time.monotonic(), workload.history)
        await asyncio.sleep(seconds)
        promotion.killed = time.monotonic()
        pair.kill_primary()  # not in a thread: no write may begin before the kill and be acknowledged
        promotion.versions = await asyncio.to_thread(pair.promote)
        promotion.promoted = time.monotonic()
        promotion.continued = await _first_write_after(promotion.promoted, workload.history)
        async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
            while min(await server_changes(workload.cluster)) == 0:  # noqa: ASYNC110 (other processes change it)
                await asyncio.sleep(0.02)
        await workload.cluster.wait_for_recovery(RECOVERY_TIMEOUT_SECONDS)
        promotion.recovered = time.monotonic()
        await asyncio.sleep(seconds)
    return promotion


async def _first_write_after(after: float, history: History) -> float:
    """Wait for a write that began after a time and was acknowledged. Return when its answer came."""
    seen = len(history.operations)
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
        while True:
            for op in history.operations[seen:]:
                if op.kind in WRITES and op.completion.outcome is Outcome.OK and op.start >= after:
                    return op.end
            seen = len(history.operations)
            await asyncio.sleep(0.01)


def split(operations: list[Operation], promotion: Promotion) -> Parts:
    """Split a history into what the old primary has answered, and what the promoted one has kept and answered."""
    lost, kept = list[Operation](), list[Operation]()
    for op in operations:
        if op.start >= promotion.killed:
            # A process may answer from the old history until the first write on the new server.
            kept += [op] if op.kind in WRITES or op.start >= promotion.continued else []
        elif op.end <= promotion.killed:
            lost.append(op)
            kept += [op] if _is_kept(op, promotion.versions) else []
        elif op.kind in WRITES:
            unknown = replace(op, completion=Completion(Outcome.UNKNOWN))
            lost.append(unknown)
            kept.append(unknown)
    return Parts(lost, kept)


def _is_kept(op: Operation, versions: dict[str, int]) -> bool:
    """Return whether the promoted server has a write. What it has of a write without an answer is not known."""
    if op.kind not in WRITES or op.completion.outcome is Outcome.REJECTED:
        return False
    made = {task.id: task.version for task in op.completion.tasks}
    made |= {id_: version for id_, version in op.completion.missing.items() if version is not None}
    return all(versions.get(id_, 0) >= version for id_, version in made.items())


async def find_violations_after(promotion: Promotion, workload: Workload, *, verify: bool = True) -> list[str]:
    """Finish the run, and return the violations in both parts of its history."""
    parts = split(workload.history.operations, promotion)
    lost = [op for op in parts.lost if op.kind in WRITES and not op.failed and not _is_kept(op, promotion.versions)]
    violations = await find_violations_in(parts, workload, promotion.recovered, verify=verify)
    return violations if lost else [*violations, "the promoted server has lost no write, so nothing stale could show"]


async def run(fault: Fault, seed: int, count: int, folder: Path) -> CaseResult:
    """Promote a standby that lacks the last writes `count` times, each time in a new cluster."""
    started, violations, operations, log_lines = time.monotonic(), list[str](), list[Operation](), list[str]()
    times: dict[str, list[float]] = {WRITES_AGAIN: [], "index recovery, s": []}
    for number in range(count):
        async with running(folder / str(number), "", Setup(SERVE_COMMAND, standby="asynchronous")) as cluster:
            workload = Workload(cluster, clients=8, max_think_seconds=0.04, seed=seed + number)
            promotion = await lose_writes(workload, 1.5)
            operations += workload.history.operations
            found = await find_violations_after(promotion, workload)
            log_lines += [line for node in cluster.nodes for line in node.log_lines()[-20:]] if found else []
        violations += found
        times[WRITES_AGAIN].append(round(promotion.continued - promotion.promoted, 3))
        times["index recovery, s"].append(round(promotion.recovered - promotion.promoted, 3))
    duration_seconds = round(time.monotonic() - started, 1)
    return CaseResult(
        *(fault.name, seed, count, *summarize(operations)), times, violations, log_lines, duration_seconds
    )
