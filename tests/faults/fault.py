"""A fault of the campaign, and a case: a number of injections of one fault into one run of a cluster, with one seed."""

import asyncio
import gc
import logging
import random
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.cluster import Cluster, running
from tests.faults.history import WRITES, Operation
from tests.faults.node import Node, Setup
from tests.faults.outages import Outages
from tests.faults.quiescence import find_violations
from tests.faults.workload import Workload

log = logging.getLogger(__name__)
# Generous, for a machine under load. The campaign measures the actual time.
RECOVERY_TIMEOUT_SECONDS = 180.0


@dataclass
class Run:
    """A cluster under its workload, with the state of the injections."""

    cluster: Cluster
    workload: Workload
    random: random.Random
    # By name and unit.
    measurements: dict[str, list[float]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    injected: int = 0
    # Tasks that an injection creates, and later injections of the run use.
    filler_ids: list[str] = field(default_factory=list)
    outages: Outages = field(default_factory=Outages)

    def begin_outage(self, node: Node) -> None:
        """Record that this process is not expected to answer from now on."""
        self.outages.begin(self.cluster.nodes.index(node))

    async def wait_for_node(self, node: Node) -> None:
        """Wait until the process answers and uses Redis, and end its outage."""
        await self.cluster.wait_until_ready(node, degraded=False, timeout_seconds=RECOVERY_TIMEOUT_SECONDS)
        self.outages.end(self.cluster.nodes.index(node))

    async def wait_for_recovery(self, measurement: str = "", since: float | None = None) -> None:
        """Wait until all processes use Redis again, and end all outages. Measure the time since `since`, if named."""
        since = since or time.monotonic()
        await self.cluster.wait_for_recovery(RECOVERY_TIMEOUT_SECONDS)
        self.outages.end()
        if measurement:
            self.measure(measurement, time.monotonic() - since)

    def measure(self, name: str, value: float) -> None:
        """Record a measurement."""
        self.measurements.setdefault(name, []).append(value)


def excuse_nothing(_run: Run, _operation: Operation) -> bool:
    """Excuse no failed read."""
    return False


@dataclass(frozen=True)
class Fault:
    """A fault, and how the campaign injects it."""

    name: str
    description: str
    # Of the whole campaign.
    total_injections: int
    injections_per_case: int
    inject: Callable[[Run], Awaitable[None]]
    # Whether a failed read is a consequence of the fault, and therefore no violation.
    excuses: Callable[[Run, Operation], bool] = excuse_nothing
    # The setup for a seed.
    setup: Callable[[int], Setup] = lambda _seed: Setup()
    # Between two evictions of half of the entries, in addition to the fault; 0: no evictions.
    eviction_interval_seconds: float = 0.1
    # Called after the last injection of a case.
    clean_up: Callable[[Run], Awaitable[None]] | None = None
    # Returns the violations in a case's measurements. Used by the campaign only: tests do not assert on time.
    check_measurements: "Callable[[CaseResult], list[str]]" = lambda _result: []
    # Returns why this machine cannot run the fault; empty if it can.
    obstacle: Callable[[], str] = lambda: ""
    # Replaces `run_case`, for a fault that is not checked by a history.
    run: "Callable[[Fault, int, int, Path], Coroutine[Any, Any, CaseResult]] | None" = None


@dataclass(frozen=True)
class CaseResult:
    """The result of one case."""

    fault: str
    seed: int
    injected: int
    operations: int
    reads: int
    writes: int
    acknowledged: int
    failed_reads: int
    slowest_read_seconds: float
    p99_read_seconds: float
    slowest_write_seconds: float
    # By name and unit, in the order of measurement.
    measurements: dict[str, list[float]]
    violations: list[str]
    # The last log lines of the processes, if there are violations.
    log_lines: list[str]
    duration_seconds: float

    def to_record(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return asdict(self)


async def run_case(fault: Fault, seed: int, count: int, folder: Path, database_url: str) -> CaseResult:
    """Run one case: inject the fault `count` times while the clients work, then check everything."""
    started = time.monotonic()
    async with running(folder, database_url, fault.setup(seed)) as cluster:
        workload = Workload(
            cluster,
            clients=8,
            eviction_interval_seconds=fault.eviction_interval_seconds,
            max_think_seconds=0.04,
            seed=seed,
        )
        run = Run(cluster, workload, random.Random(seed))
        try:
            await _inject(fault, run, count)
            run.violations += await find_violations(workload)
            run.measure("page hits", await cluster.page_hits())
        except Exception:
            log.exception("%s seed %d", fault.name, seed)
            run.violations.append(f"the case did not finish: {traceback.format_exc()[-3000:]}")
        failed = [op for op in workload.history.failed_reads() if not fault.excuses(run, op)]
        violations = run.violations + [f"a read failed: {op}; outages before: {run.outages.near(op)}" for op in failed]
        log_lines = [line for node in cluster.nodes for line in node.log_lines()[-20:]] if violations else []
    log.info("%s seed %d: %d violations", fault.name, seed, len(violations))
    return _result(fault, seed, run, violations, log_lines, time.monotonic() - started)


async def _inject(fault: Fault, run: Run, count: int) -> None:
    async with run.workload.running():
        await asyncio.sleep(0.5)
        for _ in range(count):
            await fault.inject(run)
            run.injected += 1
            # The history only grows. To look for garbage in all of it would stop the clients for seconds.
            gc.freeze()
        if fault.clean_up is not None:
            await fault.clean_up(run)
        await run.wait_for_recovery()
        await asyncio.sleep(0.5)


def _result(
    fault: Fault, seed: int, run: Run, violations: list[str], log_lines: list[str], duration_seconds: float
) -> CaseResult:
    # Counts come with a page, in the same request.
    operations = [op for op in run.workload.history.operations if op.kind != "counts"]
    measurements = {name: [round(value, 3) for value in values] for name, values in run.measurements.items()}
    return CaseResult(
        *(fault.name, seed, run.injected, *summarize(operations)),
        measurements=measurements,
        violations=violations,
        log_lines=log_lines,
        duration_seconds=round(duration_seconds, 1),
    )


class Summary(NamedTuple):
    """The numbers of a history, as fields of a `CaseResult`."""

    operations: int
    reads: int
    writes: int
    acknowledged: int
    failed_reads: int
    slowest_read_seconds: float
    p99_read_seconds: float
    slowest_write_seconds: float


def summarize(operations: Sequence[Operation]) -> Summary:
    """Return the numbers of a history."""
    reads = [op for op in operations if op.kind not in WRITES]
    writes = [op for op in operations if op.kind in WRITES]
    seconds = sorted(op.end - op.start for op in reads)
    return Summary(
        len(operations),
        len(reads),
        len(writes),
        acknowledged=sum(op.may_have_taken_effect and not op.failed for op in writes),
        failed_reads=sum(op.failed for op in reads),
        slowest_read_seconds=round(seconds[-1] if seconds else 0.0, 3),
        p99_read_seconds=round(seconds[int(len(seconds) * 0.99)] if seconds else 0.0, 3),
        slowest_write_seconds=round(max((op.end - op.start for op in writes), default=0.0), 3),
    )
