"""The summary of a load: lines of text for people, JSON for programs."""

import resource
import sys
from enum import StrEnum
from pathlib import Path

import msgspec

from loadgen.stats import LoadStats


class Outcome(StrEnum):
    """The outcome of a load."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class Latency(msgspec.Struct):
    """Latency of successful requests in milliseconds, from sending to the end of the response."""

    p50: float
    p95: float
    p99: float
    max: float


class Summary(msgspec.Struct):
    """The result of a load. The totals come from the service and are None if it did not respond."""

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
        """0 if every task was created, 130 if a signal stopped the load (as in a shell), otherwise 1."""
        if self.outcome is Outcome.INTERRUPTED:
            return 130
        return 0 if self.outcome is Outcome.COMPLETE and not self.failed else 1

    def lines(self) -> list[str]:
        """Return the summary as lines of text, or only the error if the load did not start."""
        if self.total_before is None:
            return [self.message or "Stopped before the load started."]
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
            f"loader         {self.peak_memory_bytes / 2**20:,.0f} MiB peak memory, {self.cpu_seconds:,.1f} s of CPU",
        ]
        if self.failed > len(self.item_errors):
            lines.insert(3 + len(self.item_errors), "  …")
        if self.outcome is Outcome.FAILED:
            lines.append(f"Failed: {self.message}")
        if self.outcome is not Outcome.COMPLETE:
            lines.append("Run the same command again to continue. It creates no task twice.")
        return lines


def summarize(stats: LoadStats, outcome: Outcome, message: str | None, total_after: int | None) -> Summary:
    """Return the summary of a load that has ended."""
    latencies = stats.latencies
    p50, p95, p99 = (round(latencies.percentile(p) * 1000, 3) for p in (50, 95, 99))
    return Summary(
        outcome=outcome,
        message=message,
        acknowledged=stats.acknowledged,
        already_taken=stats.already_taken,
        failed=stats.failed,
        item_errors=stats.item_errors,
        requests=latencies.count,
        retries=stats.retries,
        seconds=round(stats.seconds, 3),
        tasks_per_second=round(stats.acknowledged / stats.seconds, 1),
        latency_ms=Latency(p50, p95, p99, round(latencies.longest * 1000, 3)),
        total_before=stats.total_before,
        total_after=total_after,
        peak_memory_bytes=peak_memory(),
        cpu_seconds=round(stats.cpu_seconds, 3),
    )


def peak_memory() -> int:
    """Return the peak resident memory of this process in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Preferred over getrusage, which includes the peak of the parent process after a fork.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _known(total: int | None) -> str:
    return "unknown" if total is None else f"{total:,}"
