"""Runs a service process for benchmarks, from this checkout or another one, with its own data folder."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from api.config.settings import Settings
from api.devstores.stores import StoreUrls, find_stores
from benchmarks.report import ROOT

PAGE = """query ($page: Int!) { tasks(first: 50, page: $page) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { id title status priority createdAt updatedAt expiresAt version } } }"""


class Service:
    """A service with embedded stores in its own folder, on a free port of the loopback interface.

    `variables` are settings in addition to those of the environment. DATABASE_URL and REDIS_URL replace the embedded
    stores, so that a second service can run on the stores of a first.
    """

    def __init__(
        self, folder: Path, workers: int = 1, checkout: Path = ROOT, variables: Mapping[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.pid = 0
        self._folder = folder
        self._workers = workers
        self._checkout = checkout
        self._variables = variables or {}

    @contextmanager
    def running(self) -> Iterator[float]:
        """Run the service during the block, and yield the seconds that the start took."""
        options = ["--port", str(self.port), "--workers", str(self._workers), "--data-dir", str(self._folder)]
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve", *options],
            cwd=self._checkout,
            env=os.environ | dict(self._variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = process.pid
        try:
            while not self._ready():
                if process.poll() is not None:
                    raise RuntimeError("The service ended before it was ready.")
                time.sleep(0.02)
            yield time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def wait_for_index(self) -> float:
        """Wait until pages come from the Redis index instead of PostgreSQL, and return the seconds waited.

        While a second worker still starts, it answers some of the requests, with 503 and without `degraded`.
        """
        began = time.monotonic()
        while httpx.get(f"{self.url}/readyz").json().get("degraded", True):
            time.sleep(0.02)
        return time.monotonic() - began

    def metrics(self) -> dict[str, float]:
        """Return the samples of /metrics by name and labels."""
        return parse_metrics(httpx.get(f"{self.url}/metrics").text)

    def stores(self) -> StoreUrls:
        """Return the URLs of the embedded stores. The service must be running."""
        found = find_stores(Settings(data_dir=self._folder, database_url=None, redis_url=None))
        if found is None:
            raise RuntimeError("The embedded stores do not run.")
        return found

    def load(self, count: int, summary: Path, seed: int = 1) -> dict[str, float]:
        """Create tasks with the loader of this checkout, and return the loader's summary."""
        command = [sys.executable, "-m", "loadgen", "load", "--count", str(count), "--seed", str(seed)]
        command += ["--json", str(summary)]
        subprocess.run([*command, "--url", f"{self.url}/graphql"], cwd=ROOT, stdout=sys.stderr, check=True)
        answer: dict[str, float] = json.loads(summary.read_text())
        return answer

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the worker process. The service must have exactly one worker."""
        # The checkout that is compared may be older, and have no label there.
        samples = self.metrics().items()
        return sum(value for name, value in samples if name.partition("{")[0] == "process_cpu_seconds_total")


def free_port() -> int:
    """Return a free port of the loopback interface."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def page_cache_setting(megabytes: int, checkout: Path = ROOT) -> dict[str, str]:
    """Return the setting that limits the page cache, or no setting if the checkout has no page cache."""
    known = "page_cache_mb" in (checkout / "api" / "config" / "settings.py").read_text()
    return {"MILLITASK_PAGE_CACHE_MB": str(megabytes)} if known else {}


def parse_metrics(text: str) -> dict[str, float]:
    """Return the samples of a metrics page by name and labels."""
    lines = [line for line in text.splitlines() if line and line[0] != "#"]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def page_cpu_ms(pages: list[tuple[Service, int]], requests: int, batch: int = 100) -> list[float]:
    """Return the CPU time of the worker for one warm request of each page, in milliseconds.

    Batches of `batch` requests alternate between the pages, so that other load on the machine affects all pages alike.
    """
    spent = [0.0] * len(pages)
    with httpx.Client() as client:

        def request_page(service: Service, page: int) -> None:
            body = {"query": PAGE, "variables": {"page": page}}
            client.post(f"{service.url}/graphql", json=body).raise_for_status()

        for service, page in pages * 20:
            request_page(service, page)
        for _ in range(requests // batch):
            for at, (service, page) in enumerate(pages):
                before = service.cpu_seconds()
                for _ in range(batch):
                    request_page(service, page)
                spent[at] += service.cpu_seconds() - before
    return [seconds * 1000 / requests for seconds in spent]
