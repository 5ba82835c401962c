"""The benchmark: starts a service of its own, loads it, and writes a table of what it measured."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
PAGE = """query ($page: Int!) { tasks(first: 50, page: $page) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { id title status priority createdAt updatedAt expiresAt version } } }"""
SMALL = 10_000


class Service:
    """A service in a folder of its own, on a free port of loopback."""

    def __init__(self, folder: Path, workers: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._workers = workers

    @contextmanager
    def running(self) -> Iterator[float]:
        """Runs it while the block runs; yields the seconds it took until it was ready."""
        options = ["--port", str(self.port), "--workers", str(self._workers), "--data-dir", str(self._folder)]
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve", *options], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        try:
            while not self._ready():
                if process.poll() is not None:
                    raise RuntimeError("The service ended before it was ready.")
                time.sleep(0.02)
            yield time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def settle(self) -> float:
        """Waits until the index is in use, which is built while PostgreSQL answers; returns the seconds it took."""
        began = time.monotonic()
        while httpx.get(f"{self.url}/readyz").json()["degraded"]:
            time.sleep(0.02)
        return time.monotonic() - began

    def metrics(self) -> dict[str, float]:
        """What /metrics says, by name with labels."""
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    def load(self, count: int, summary: Path) -> dict[str, float]:
        """Runs the loader; returns its summary."""
        command = [sys.executable, "-m", "loadgen", "load", "--count", str(count), "--json", str(summary)]
        subprocess.run([*command, "--url", f"{self.url}/graphql"], cwd=ROOT, check=True)
        answer: dict[str, float] = json.loads(summary.read_text())
        return answer

    def cpu_seconds(self) -> float:
        """CPU time of its worker since it began; only right where there is one worker."""
        return self.metrics()["process_cpu_seconds_total"]


def page_cpu(pages: list[tuple[Service, int]], rounds: int) -> list[float]:
    """CPU milliseconds of the worker for one warm request of each page.

    The pages take turns, a hundred requests each, so that whatever else the machine does meets all of them alike.
    """
    spent = [0.0] * len(pages)
    with httpx.Client() as client:

        def ask(service: Service, page: int) -> None:
            body = {"query": PAGE, "variables": {"page": page}}
            client.post(f"{service.url}/graphql", json=body).raise_for_status()

        for service, page in pages * 20:
            ask(service, page)
        for _ in range(rounds // 100):
            for at, (service, page) in enumerate(pages):
                before = service.cpu_seconds()
                for _ in range(100):
                    ask(service, page)
                spent[at] += service.cpu_seconds() - before
    return [seconds * 1000 / rounds for seconds in spent]


def bench(count: int, report: Path) -> str:
    """Measures with `count` tasks; writes the table to `report` and returns it."""
    folder = Path(tempfile.mkdtemp(prefix="millitask-bench-"))
    try:
        table = _table(_measure(folder, count))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(table)
    return table


def _measure(folder: Path, count: int) -> list[tuple[str, str]]:
    # One worker for the pages, so that the process asked for its CPU time is the one that answers.
    few, many, loading = Service(folder / "few", 1), Service(folder / "many", 1), Service(folder / "many", 2)
    summary = folder / "summary.json"
    with few.running() as first_start:
        few.load(SMALL, summary)
    with loading.running():
        loaded = loading.load(count, summary)
    with many.running() as start:
        settled, metrics = many.settle(), many.metrics()
        with few.running() as start_few:
            few.settle()
            small, first, last = page_cpu([(few, 1), (many, 1), (many, count // 50)], 2000)
    index = {name: value for name, value in metrics.items() if name.startswith("millitask_index_bytes")}
    main = index['millitask_index_bytes{index="index"}']
    return [
        ("first start, data folder made", f"{first_start:.1f} s"),
        (f"start with {SMALL:,} tasks", f"{start_few:.1f} s"),
        (f"load of {count:,} tasks, 2 workers", f"{loaded['tasks_per_second']:,.0f} tasks/s"),
        ("memory of the loader", f"{loaded['peak_memory_bytes'] / 2**20:.0f} MiB"),
        (f"start with {count:,} tasks; until its index is in use", f"{start:.1f} s; {start + settled:.1f} s"),
        (f"rebuild of {count:,} tasks", f"{metrics['millitask_rebuild_seconds']:.1f} s"),
        ("Redis bytes a task: main index", f"{main / count:.0f}"),
        ("Redis bytes a task: all indexes", f"{sum(index.values()) / count:.0f}"),
        (f"server CPU, page 1 of {SMALL:,} tasks", f"{small:.2f} ms"),
        (f"server CPU, page 1 of {count:,} tasks", f"{first:.2f} ms, × {first / small:.2f}"),
        (f"server CPU, page {count // 50:,} of {count:,} tasks", f"{last:.2f} ms, × {last / first:.2f}"),
    ]


def _table(rows: list[tuple[str, str]]) -> str:
    lines = ["| what | measured |", "|---|---|", *(f"| {what} | {measured} |" for what, measured in rows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(bench(int(sys.argv[1]), Path("reports/bench.md")) + "\n")
