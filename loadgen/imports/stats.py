"""The statistics of an import, its progress and its summary."""

import sys
import time

import msgspec

from loadgen.summary import Outcome, peak_memory


class ImportSummary(msgspec.Struct):
    """The result of an import. `existing` tasks had the id or the external id already and stay as they are.

    `rejected` counts records that are not tasks now. In a dry run, `created` counts the records that are valid.
    """

    outcome: Outcome
    message: str | None
    dry_run: bool
    created: int
    existing: int
    rejected: int
    retries: int
    seconds: float
    records_per_second: float
    peak_memory_bytes: int
    cpu_seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every record is a task, 130 if a signal stopped the import, otherwise 1."""
        if self.outcome is Outcome.INTERRUPTED:
            return 130
        return 0 if self.outcome is Outcome.COMPLETE and not self.rejected else 1

    def lines(self) -> list[str]:
        """Return the summary as lines of text."""
        if self.dry_run:
            lines = [f"valid     {self.created:,} records (dry run: nothing was sent)"]
        else:
            lines = [f"created   {self.created:,} tasks", f"existing  {self.existing:,} (unchanged)"]
        lines += [
            f"rejected  {self.rejected:,} records",
            f"rate      {self.records_per_second:,.0f} records/s in {self.seconds:,.1f} s, {self.retries:,} retries",
            f"importer  {self.peak_memory_bytes / 2**20:,.0f} MiB peak memory, {self.cpu_seconds:,.1f} s of CPU",
        ]
        if self.outcome is Outcome.FAILED:
            lines.append(f"Failed: {self.message}")
        return lines


class ImportStats:
    """Counters of an import in progress."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._cpu_started = time.process_time()
        self.created = self.existing = self.retries = 0
        self.last_error = ""

    @property
    def seconds(self) -> float:
        """The seconds since the start."""
        return time.monotonic() - self._started

    def record_retry(self, reason: str) -> None:
        """Count a failed request that will be retried."""
        self.retries += 1
        self.last_error = reason

    def line(self, rejected: int, percent: float | None) -> str:
        """Return one line of progress. percent: of the file that was read, if its size is known."""
        done = self.created + self.existing + rejected
        parts = [f"{done:,} records", f"{done / max(self.seconds, 1e-9):,.0f}/s"]
        if percent is not None:
            parts.insert(0, f"{percent:.0f} %")
        if rejected:
            parts.append(f"{rejected:,} rejected")
        if self.retries:
            parts.append(f"{self.retries:,} retries (last error: {self.last_error})")
        return " · ".join(parts)

    def summary(self, outcome: Outcome, message: str | None, rejected: int, *, dry_run: bool) -> ImportSummary:
        """Return the summary of an import that has ended."""
        done, seconds = self.created + self.existing + rejected, self.seconds
        return ImportSummary(
            outcome,
            message,
            dry_run,
            self.created,
            self.existing,
            rejected,
            self.retries,
            round(seconds, 3),
            round(done / seconds, 1) if seconds else 0.0,
            peak_memory(),
            round(time.process_time() - self._cpu_started, 3),
        )


def show(line: str) -> None:
    """Show a line of progress on stderr: in place in a terminal."""
    stream = sys.stderr
    stream.write(f"\r\x1b[K{line}" if stream.isatty() else f"{line}\n")
    stream.flush()
