"""PostgreSQL is killed, and a backup of it is started at the same address, while Redis and the processes continue.

The history is checked in two parts. The first ends with the kill. The second has what was done before the backup and
after the loss: its reads begin when both processes have found the loss, and must show nothing from between.
"""

import asyncio
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from tests.faults.checker import check
from tests.faults.cluster import Cluster, running
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, CaseResult, Fault, summarize
from tests.faults.history import WRITES, Completion, History, Operation, Outcome
from tests.faults.node import SERVE_COMMAND, Setup
from tests.faults.quiescence import find_violations
from tests.faults.workload import Workload
from tests.support.postgres_copies import back_up, start_backup

SERVER_CHANGES = re.compile(r"^millitask_server_changes_total (\S+)$", re.MULTILINE)
DETECTION = "detection, s"
MAX_DETECTION_SECONDS = 1.0


@dataclass
class Loss:
    """When the backup was taken, the server killed, the backup started, the loss found, and Redis used again."""

    backed_up: float = 0.0
    killed: float = 0.0
    answered: float = 0.0
    found: float = 0.0
    recovered: float = 0.0


class Parts(NamedTuple):
    """The operations of the history that ended with the kill, and of the one that continues from the backup."""

    lost: list[Operation]
    kept: list[Operation]


async def lose_commits(workload: Workload, folder: Path, seconds: float) -> Loss:
    """Take a backup without writes, run the clients for a time, and start the backup while they run."""
    cluster, loss = workload.cluster, Loss()
    assert cluster.postgres is not None
    await workload.run(seconds)
    await back_up(cluster.postgres, folder / "backup")
    loss.backed_up = time.monotonic()
    async with workload.running():
        await asyncio.sleep(seconds)
        loss.killed = time.monotonic()
        await start_backup(cluster.postgres, folder / "backup")
        loss.answered = time.monotonic()
        async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
            while min(await server_changes(cluster)) == 0:  # noqa: ASYNC110 (other processes change it)
                await asyncio.sleep(0.02)
        loss.found = time.monotonic()
        await cluster.wait_for_recovery(RECOVERY_TIMEOUT_SECONDS)
        loss.recovered = time.monotonic()
        await asyncio.sleep(seconds)
    return loss


async def find_violations_after(loss: Loss, workload: Workload, *, verify: bool = True) -> list[str]:
    """Finish the run, and return the violations in both parts of its history."""
    parts = split(workload.history.operations, loss)
    return await find_violations_in(parts, workload, loss.recovered, verify=verify)


async def find_violations_in(parts: Parts, workload: Workload, recovered: float, *, verify: bool) -> list[str]:
    """Finish the run, and return the violations in each part of its history. No read may fail after the recovery."""
    history = workload.history
    failed = [op for op in history.failed_reads() if op.start >= recovered]
    before = History()
    before.operations = parts.lost
    violations = [f"before the loss: {violation}" for violation in check(before)]
    history.operations[:] = parts.kept
    violations += await find_violations(workload, verify=verify)
    violations += [f"a lost task is shown: {op}" for op in shows_lost(parts)]
    return violations + [f"a read failed: {op}" for op in failed]


def split(operations: list[Operation], loss: Loss) -> Parts:
    """Split a history. Of a write in flight at the kill, neither part knows whether it took effect."""
    lost, kept = list[Operation](), list[Operation]()
    for op in operations:
        if op.end <= loss.killed:
            lost.append(op)
            kept += [op] if op.end <= loss.backed_up else []
        elif op.kind not in WRITES:
            kept += [op] if op.start >= loss.found else []
        elif op.start >= loss.killed:
            kept.append(op)
        else:
            unknown = replace(op, completion=Completion(Outcome.UNKNOWN))
            lost.append(unknown)
            kept.append(unknown)
    return Parts(lost, kept)


def shows_lost(parts: Parts) -> list[Operation]:
    """Return the operations of the kept part with a task that only the lost part has created."""
    created = [_created(part) for part in parts]
    only_lost = created[0] - created[1]
    return [op for op in parts.kept if any(task.id in only_lost for task in op.completion.tasks)]


def _created(operations: list[Operation]) -> set[str]:
    return {id_ for op in operations if op.kind in ("create", "create_many") for id_ in op.invocation.ids}


async def server_changes(cluster: Cluster) -> list[int]:
    """Return how many servers of PostgreSQL each process has left."""
    texts = [(await cluster.http.get(f"{node.url}/metrics")).text for node in cluster.nodes]
    return [int(float(match[1])) for text in texts if (match := SERVER_CHANGES.search(text))]


def check_detection(result: CaseResult) -> list[str]:
    """Return the losses that the processes have found too late."""
    late = [seconds for seconds in result.measurements[DETECTION] if seconds > MAX_DETECTION_SECONDS]
    return [f"the loss was found {seconds} s after the backup answered" for seconds in late]


async def run(fault: Fault, seed: int, count: int, folder: Path) -> CaseResult:
    """Lose the last commits `count` times, each time in a new cluster."""
    started, violations, operations, log_lines = time.monotonic(), list[str](), list[Operation](), list[str]()
    times: dict[str, list[float]] = {DETECTION: [], "recovery, s": []}
    for number in range(count):
        async with running(folder / str(number), "", Setup(SERVE_COMMAND, own_postgres=True)) as cluster:
            workload = Workload(cluster, clients=8, max_think_seconds=0.04, seed=seed + number)
            loss = await lose_commits(workload, folder / str(number), 1.5)
            operations += workload.history.operations
            found = await find_violations_after(loss, workload)
            log_lines += [line for node in cluster.nodes for line in node.log_lines()[-20:]] if found else []
        violations += found
        times[DETECTION].append(round(loss.found - loss.answered, 3))
        times["recovery, s"].append(round(loss.recovered - loss.answered, 3))
    duration_seconds = round(time.monotonic() - started, 1)
    return CaseResult(
        *(fault.name, seed, count, *summarize(operations)), times, violations, log_lines, duration_seconds
    )
