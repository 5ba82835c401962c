"""Prints the results of a benchmark as a table and appends them to the history."""

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
HISTORY = Path(__file__).parent / "history"


@dataclass(frozen=True)
class Result:
    """One measured value."""

    name: str
    value: float
    unit: str
    target: str = ""


@dataclass
class Report:
    """Collects the results of one run of a suite, and prints each result as a row of a table.

    `count` is the number of tasks, or of subscribers in the suite `live`.
    """

    suite: str
    count: int
    results: list[Result] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str, target: str = "") -> None:
        """Add a result, and print it. The value is rounded to four significant digits."""
        if not self.results:
            sys.stdout.write("| what | measured | target |\n|---|---|---|\n")
        result = Result(name, float(f"{value:.4g}"), unit, target)
        self.results.append(result)
        shown = f"{result.value:,.0f}" if abs(value) >= 100 else f"{result.value:g}"
        sys.stdout.write(f"| {name} | {shown} {unit} | {target} |\n")
        sys.stdout.flush()

    def add_percentiles(self, name: str, milliseconds: Sequence[float], *percents: int, target: str = "") -> None:
        """Add one result for each percentile of the durations."""
        for percent in percents:
            self.add(f"{name}, p{percent}", percentile(milliseconds, percent), "ms", target)

    def record(self) -> Path:
        """Append the results to the history of the suite, and return its file."""
        HISTORY.mkdir(exist_ok=True)
        path = HISTORY / f"{self.suite}.jsonl"
        with path.open("a") as file:
            file.write(json.dumps(self._entry(), ensure_ascii=False) + "\n")
        return path

    def _entry(self) -> dict[str, Any]:
        return {
            "date": datetime.now(UTC).date().isoformat(),
            "suite": self.suite,
            "commit": commit(),
            "count": self.count,
            "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
            "results": [{k: v for k, v in asdict(result).items() if v != ""} for result in self.results],
        }


def note(text: str) -> None:
    """Tell the person who waits what happens, outside of the table of results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the smallest value that is at least as large as `percent` percent of all values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median_ms(seconds: Sequence[float]) -> float:
    """Return the median of the durations in milliseconds."""
    return statistics.median(seconds) * 1000


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Return the median of the ratios of two measurements that took turns."""
    return statistics.median(one / other for one, other in zip(over, under, strict=True))


def commit() -> str:
    """Return the short hash of the current commit, with `-dirty` if there are uncommitted changes."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
