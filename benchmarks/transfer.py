"""Suite `transfer`: the rate and the memory of an import of a CSV file, of a second run, and of an export."""

import csv
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import SUPPORTED, cpu_seconds
from benchmarks.report import ROOT, Report
from benchmarks.service import Service
from loadgen.tasks import Values, generate_tasks

WORKERS = 2
MAX_IMPORTER_MIB = 150
_WATCH_SECONDS = 0.1


def run(report: Report) -> None:
    """Measure with a file of `report.count` tasks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "tasks.csv"
        _write_file(file, report.count)
        report.add(f"size of a CSV file of {report.count:,} tasks", file.stat().st_size / 2**20, "MiB")
        service = Service(folder / "data", WORKERS)
        with service.running():
            service.wait_for_index()
            _import(report, service, file, "dry run", "--dry-run")
            _import(report, service, file, "import")
            _import(report, service, file, "second run")
            for format_ in ("csv", "jsonl"):
                _export(report, service, folder / f"exported.{format_}")


def _write_file(file: Path, count: int) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("externalId", "title", "description", "status", "priority", "createdAt", "assignee", "labels"))
        values = Values(assignees=1000, labels=200)
        for number, task in enumerate(generate_tasks(1, count, datetime.now(UTC), values)):
            at = datetime.fromtimestamp(1_600_000_000 + number, UTC).isoformat()
            labels = ",".join(task.labels or ())
            given = (f"row-{number}", task.title, task.description, task.status, task.priority, at, task.assignee)
            writer.writerow((*given, labels))


def _import(report: Report, service: Service, file: Path, name: str, *options: str) -> None:
    before, summary = cpu_seconds(service.pid) if SUPPORTED else {}, file.with_name("summary.json")
    command = [sys.executable, "-m", "loadgen", "import", str(file), "--url", f"{service.url}/graphql"]
    subprocess.run([*command, "--json", str(summary), *options], cwd=ROOT, stdout=sys.stderr, check=True)
    done = json.loads(summary.read_text())
    target = "≥ 15,000/s" if name == "import" else ""
    report.add(
        f"{name} of {report.count:,} records, {WORKERS} workers", done["records_per_second"], "records/s", target
    )
    report.add(
        f"{name}: peak memory of the importer", done["peak_memory_bytes"] / 2**20, "MiB", f"≤ {MAX_IMPORTER_MIB} MiB"
    )
    report.add(f"{name}: CPU per record, importer", done["cpu_seconds"] / report.count * 1e6, "µs")
    for program, seconds in (cpu_seconds(service.pid) if SUPPORTED else {}).items():
        report.add(f"{name}: CPU per record, {program}", (seconds - before[program]) / report.count * 1e6, "µs")


def _export(report: Report, service: Service, file: Path) -> None:
    before, began = _worker_mib(service), time.monotonic()
    command = [sys.executable, "-m", "loadgen", "export", str(file), "--url", f"{service.url}/graphql"]
    with _watched(service) as most:
        subprocess.run(command, cwd=ROOT, check=True)
    seconds = time.monotonic() - began
    name = f"export as {file.suffix[1:]}"
    report.add(f"{name} of {report.count:,} tasks", report.count / seconds, "tasks/s")
    report.add(f"{name}: memory that the workers take in addition", max(most) - before, "MiB")


@contextmanager
def _watched(service: Service) -> Iterator[list[float]]:
    """Yield a list that receives the memory of the workers during the block, in MiB."""
    seen, ended = [_worker_mib(service)], threading.Event()

    def watch() -> None:
        while not ended.wait(_WATCH_SECONDS):
            seen.append(_worker_mib(service))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        ended.set()
        watching.join()


def _worker_mib(service: Service) -> float:
    """Return the memory of all processes of the service that run its code, in MiB."""
    children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
    lines = (line for pid in (service.pid, *children) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
