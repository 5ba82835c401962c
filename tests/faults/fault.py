"""What a fault of the campaign is, and a case: so many injections of it into one run of a cluster, under one seed."""

import asyncio
import logging
import random
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.clients import Workload
from tests.faults.cluster import Cluster, running
from tests.faults.history import WRITES, Operation
from tests.faults.node import Node, Setup
from tests.faults.outages import Outages
from tests.faults.rest import finish

log = logging.getLogger(__name__)
# Long, for a machine that has other things to do; how long it took is in the report.
BACK_SECONDS = 180.0


@dataclass
class Run:
    """A cluster under its workload, what chance says, and what was measured on the way, by name and unit."""

    cluster: Cluster
    workload: Workload
    chance: random.Random
    measured: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    injected: int = 0
    # Ids of tasks that an injection has made for the next.
    kept: list[str] = field(default_factory=list)
    outages: Outages = field(default_factory=Outages)

    def out(self, node: Node) -> None:
        """From now on nobody can expect it to answer, until it is back."""
        self.outages.begin(self.cluster.nodes.index(node))

    async def back(self, node: Node) -> None:
        """Waits until it answers, and uses Redis."""
        await self.cluster.until(node, degraded=False, seconds=BACK_SECONDS)
        self.outages.end(self.cluster.nodes.index(node))

    async def recovered(self, what: str = "", began: float | None = None) -> None:
        """Waits until all processes use Redis again; if it has a name, measures how long that took since it began."""
        began = began or time.monotonic()
        await self.cluster.recovered(BACK_SECONDS)
        self.outages.end()
        if what:
            self.measure(what, time.monotonic() - began)

    def measure(self, what: str, number: float) -> None:
        """Keeps a number."""
        self.measured.setdefault(what, []).append(number)


def nothing(_run: Run, _operation: Operation) -> bool:
    """No read may fail."""
    return False


@dataclass(frozen=True)
class Fault:
    """A row of the table: `each` injections go into one case, `long` are to be made in all.

    `excused`: which reads may fail, because whom they asked was not there, or they did not wait.
    """

    name: str
    row: str
    long: int
    each: int
    inject: Callable[[Run], Awaitable[None]]
    excused: Callable[[Run, Operation], bool] = nothing
    setup: Callable[[int], Setup] = lambda _seed: Setup()
    # Seconds between two evictions of half of the entries, beside what is injected; 0: none.
    evicting: float = 0.1
    # What is done after the last injection.
    after: Callable[[Run], Awaitable[None]] | None = None
    # What is wrong with the numbers of a case. Asked by the campaign alone: no test goes by the clock.
    judge: "Callable[[Case], list[str]]" = lambda _case: []
    # What takes the place of `play`, where a history is not what tells.
    play: "Callable[[Fault, int, int, Path], Coroutine[Any, Any, Case]] | None" = None


@dataclass(frozen=True)
class Case:
    """What became of one case."""

    fault: str
    seed: int
    injected: int
    operations: int
    reads: int
    writes: int
    acknowledged: int
    failed_reads: int
    slowest_read: float
    p99_read: float
    slowest_write: float
    # In the order in which it was measured, by name and unit.
    measured: dict[str, list[float]]
    violations: list[str]
    # If there are any: what the processes have logged.
    said: list[str]
    seconds: float

    def record(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


async def play(fault: Fault, seed: int, count: int, folder: Path, database_url: str) -> Case:
    """One case: the clients work, `count` injections one after the other, and then everything is judged."""
    began = time.monotonic()
    async with running(folder, database_url, fault.setup(seed)) as cluster:
        workload = Workload(cluster, clients=8, evicting=fault.evicting, thinking=0.04, seed=seed)
        run = Run(cluster, workload, random.Random(seed))
        try:
            await _inject(fault, run, count)
            run.wrong += await finish(workload)
        except Exception:
            log.exception("%s seed %d", fault.name, seed)
            run.wrong.append(f"it did not get to its end: {traceback.format_exc()[-3000:]}")
        failed = [op for op in workload.history.failed_reads() if not fault.excused(run, op)]
        wrong = run.wrong + [f"a read failed: {op}" for op in failed]
        said = [line for node in cluster.nodes for line in node.said()[-20:]] if wrong else []
    log.info("%s seed %d: %d wrong", fault.name, seed, len(wrong))
    return _case(fault, seed, run, wrong, said, time.monotonic() - began)


async def _inject(fault: Fault, run: Run, count: int) -> None:
    async with run.workload.running():
        await asyncio.sleep(0.5)
        for _ in range(count):
            await fault.inject(run)
            run.injected += 1
        if fault.after is not None:
            await fault.after(run)
        await run.recovered()
        await asyncio.sleep(0.5)


def _case(fault: Fault, seed: int, run: Run, wrong: list[str], said: list[str], seconds: float) -> Case:
    operations = run.workload.history.operations
    reads = sorted(op.end - op.start for op in operations if op.kind not in WRITES)
    writes = [op for op in operations if op.kind in WRITES]
    return Case(
        fault=fault.name,
        seed=seed,
        injected=run.injected,
        operations=len(operations),
        reads=len(reads),
        writes=len(writes),
        acknowledged=sum(op.may_have_happened and not op.failed for op in writes),
        failed_reads=len(run.workload.history.failed_reads()),
        slowest_read=round(reads[-1] if reads else 0.0, 3),
        p99_read=round(reads[int(len(reads) * 0.99)] if reads else 0.0, 3),
        slowest_write=round(max((op.end - op.start for op in writes), default=0.0), 3),
        measured={name: [round(number, 3) for number in numbers] for name, numbers in run.measured.items()},
        violations=wrong,
        said=said,
        seconds=round(seconds, 1),
    )
