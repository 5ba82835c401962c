"""Suite `ship`: image size, start, stop, memory and stored bytes of the services in compose.yaml, run as processes."""

import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from benchmarks.report import Report
from benchmarks.service import parse_metrics
from tests.acceptance.ship import dockerfile, image_tree
from tests.acceptance.ship.local_compose import LocalCompose, redis_cli
from tests.support.service_process import descendants
from tools.page import WEB, build

MIB = 2**20
IDLE_SECONDS = 10
WARM_TASKS = 20_000
SIZES = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 1000000
    ORDER BY relname
"""


def seconds_of(work: Callable[[], Any]) -> float:
    """Call the function and return the seconds that the call took."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def size_mib(*paths: Path) -> float:
    """Return the size of files and folders."""
    files = [file for path in paths for file in [path, *path.rglob("*")] if file.is_file()]
    return sum(file.stat().st_size for file in files) / MIB


def measure_layers(report: Report, folder: Path, found: dockerfile.Image) -> None:
    """Measure the layers that the Dockerfile adds to its base image."""
    app, venv = folder / "image" / "app", folder / "image" / "venv"
    packages = next(venv.glob("lib/python*/site-packages"))
    sources = [app / copy.target.rstrip("/") for copy in found.copies if copy.stage is None]
    # Each package is a symbolic link in this tree, and rglob does not follow symbolic links.
    report.add("layer: Python packages", size_mib(*(path.resolve() for path in packages.iterdir())), "MiB")
    report.add("layer: web page", size_mib(app / "web"), "MiB")
    report.add("layer: compiled sources", size_mib(*sources), "MiB")


def measure_memory(report: Report, compose: LocalCompose, state: str) -> None:
    """Measure the proportional set size (PSS): shared memory is divided among the processes that share it."""
    for name, process in compose.running.items():
        sizes = [proportional_bytes(pid) for pid in (process.pid, *descendants(process.pid))]
        report.add(f"memory of {name}, {state}", sum(sizes) / MIB, "MiB")
        report.add(f"memory of {name}, {state}: largest process", max(sizes) / MIB, "MiB")


def proportional_bytes(pid: int) -> int:
    """Return the proportional set size of a process, or 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def measure_stored(report: Report, compose: LocalCompose) -> None:
    """Measure the bytes per task in PostgreSQL and Redis."""
    count = report.count
    secrets = {name: (compose.volume("secrets") / f"{name}_password").read_text() for name in ("database", "redis")}
    where = {"host": "127.0.0.1", "port": compose.ports["postgres"], "user": "millitask", "dbname": "millitask"}
    with psycopg.connect(**where, password=secrets["database"]) as connection:  # type: ignore[arg-type]
        for name, size in connection.execute(SIZES):
            report.add(f"PostgreSQL, {name}: per task", size / count, "bytes")
    with redis.Redis(port=compose.ports["redis"], password=secrets["redis"]) as client:
        cold = client.info("memory")["used_memory"]
        report.add("Redis, everything", cold / MIB, "MiB")
        report.add("Redis, everything: per task", cold / count, "bytes")
        cached = read_tasks(compose, min(count, WARM_TASKS))
        report.add("Redis, cache entry", (client.info("memory")["used_memory"] - cold) / cached, "bytes")
    for name, value in parse_metrics(httpx.get(f"http://127.0.0.1:{compose.ports['api']}/metrics").text).items():
        if name.startswith("millitask_index_bytes"):
            report.add(f"Redis, {name}: per task", value / count, "bytes")


def read_tasks(compose: LocalCompose, count: int) -> int:
    """Read up to `count` tasks, so that the service caches them, and return the number of tasks read."""
    seen = 0
    with httpx.Client(base_url=f"http://127.0.0.1:{compose.ports['api']}", timeout=30) as client:
        for page in range(1, count // 100 + 1):
            document = f"{{ tasks(first: 100, page: {page}) {{ nodes {{ id title description }} }} }}"
            seen += len(client.post("/graphql", json={"query": document}).json()["data"]["tasks"]["nodes"])
    return seen


def start(compose: LocalCompose, name: str) -> None:
    """Start a service and wait until the service is healthy."""
    compose.up(name)
    compose.wait_until_healthy(name)


def measure(report: Report, compose: LocalCompose, folder: Path, found: dockerfile.Image) -> None:
    """Start, load, stop and start the services again."""
    measure_layers(report, folder, found)
    compose.run_once("secrets")
    for name in ("postgres", "redis"):
        report.add(f"first start of {name}, until healthy", seconds_of(partial(start, compose, name)), "s")
    report.add("first start of migrate and api, until healthy", seconds_of(partial(start, compose, "api")), "s")
    time.sleep(IDLE_SECONDS)
    measure_memory(report, compose, "idle, empty")
    report.add(f"load of {report.count:,} tasks", seconds_of(partial(compose.run, "load", 3600)), "s")
    time.sleep(IDLE_SECONDS)
    measure_memory(report, compose, f"idle, {report.count:,} tasks")
    measure_stored(report, compose)
    for name in ("api", "redis", "postgres"):
        report.add(f"stop of {name}", seconds_of(partial(compose.stop, name)), "s")
    report.add("second start of everything, until api is healthy", seconds_of(partial(start, compose, "api")), "s")


def run(report: Report) -> None:
    """Measure the services in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="ship"))
    found = dockerfile.read()
    build(WEB)
    image_tree.build_tree(found, folder / "image", WEB / "out")
    compose = LocalCompose(found, folder, str(redis_cli()), N=str(report.count))
    try:
        measure(report, compose, folder, found)
    finally:
        compose.close()
        shutil.rmtree(folder)
