"""The summary of a load: for people as lines, for the benchmarks as JSON."""

import resource
import sys
from enum import StrEnum
from pathlib import Path

import msgspec

from loadgen.tally import Tally


class Outcome(StrEnum):
    """How a load ended."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class Latency(msgspec.Struct):
    """Of the requests that succeeded, from sending to the whole answer, in milliseconds."""

    p50: float
    p95: float
    p99: float
    max: float


class Summary(msgspec.Struct):
    """What became of a load. Totals are what the service says, None where it did not answer."""

    outcome: Outcome
    message: str | None
    acknowledged: int
    already_taken: int
    failed: int
    item_errors: list[str]
    requests: int
    retries: int
    seconds: float
    tasks_per_second: float
    latency_ms: Latency
    total_before: int | None
    total_after: int | None
    peak_memory_bytes: int
    cpu_seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every task is there, 130 if stopped (as the shell has it), otherwise 1."""
        if self.outcome is Outcome.INTERRUPTED:
            return 130
        return 0 if self.outcome is Outcome.COMPLETE and not self.failed else 1

    def lines(self) -> list[str]:
        """The summary for people; only what went wrong if the load did not even begin."""
        if self.total_before is None:
            return [self.message or "Stopped before it began."]
        ms = self.latency_ms
        lines = [
            f"acknowledged   {self.acknowledged:,} tasks",
            f"already taken  {self.already_taken:,} (deleted or expired since an earlier run)",
            f"failed         {self.failed:,}",
            *(f"  {error}" for error in self.item_errors),
            f"rate           {self.tasks_per_second:,.0f} tasks/s in {self.seconds:,.1f} s",
            f"latency        p50 {ms.p50:,.0f} ms, p95 {ms.p95:,.0f} ms, p99 {ms.p99:,.0f} ms, "
            f"max {ms.max:,.0f} ms ({self.requests:,} requests)",
            f"retries        {self.retries:,}",
            f"total          {_known(self.total_after)} tasks in the service, {_known(self.total_before)} before",
            f"loader         {self.peak_memory_bytes / 2**20:,.0f} MiB at most, {self.cpu_seconds:,.1f} s of CPU",
        ]
        if self.failed > len(self.item_errors):
            lines.insert(3 + len(self.item_errors), "  …")
        if self.outcome is Outcome.FAILED:
            lines.append(f"Failed: {self.message}")
        if self.outcome is not Outcome.COMPLETE:
            lines.append("The same command goes on from here: what is there is not made twice.")
        return lines


def summary_of(tally: Tally, outcome: Outcome, message: str | None, total_after: int | None) -> Summary:
    """The summary of a tally that has ended."""
    latencies = tally.latencies
    p50, p95, p99 = (round(latencies.percentile(p) * 1000, 3) for p in (50, 95, 99))
    return Summary(
        outcome=outcome,
        message=message,
        acknowledged=tally.acknowledged,
        already_taken=tally.already_taken,
        failed=tally.failed,
        item_errors=tally.item_errors,
        requests=latencies.count,
        retries=tally.retries,
        seconds=round(tally.seconds, 3),
        tasks_per_second=round(tally.acknowledged / tally.seconds, 1),
        latency_ms=Latency(p50, p95, p99, round(latencies.longest * 1000, 3)),
        total_before=tally.total_before,
        total_after=total_after,
        peak_memory_bytes=peak_memory(),
        cpu_seconds=round(tally.cpu_seconds, 3),
    )


def peak_memory() -> int:
    """The most memory this process has had resident, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage where this is: a process that was forked counts its parent's peak as well.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _known(total: int | None) -> str:
    return "unknown" if total is None else f"{total:,}"
