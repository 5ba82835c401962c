"""Measures the services of compose.yaml, run as processes. Writes the tables of the sizing guide."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from tests.acceptance.ship import image, tree
from tests.acceptance.ship.machine import Machine, redis_cli
from tests.support.service_process import descendants
from tools.page import WEB, build

MIB = 2**20
SIZES = """
    SELECT relname, pg_total_relation_size(oid), pg_relation_size(oid) FROM pg_class
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 1000000
    ORDER BY relname
"""


def table(title: str, rows: dict[str, str]) -> None:
    sys.stdout.write(f"\n{title}\n" + "".join(f"| {name} | {value} |\n" for name, value in rows.items()))
    sys.stdout.flush()


def timed(work: Callable[[], Any]) -> str:
    began = time.monotonic()
    work()
    return f"{time.monotonic() - began:.1f} s"


def size(*paths: Path) -> str:
    files = [file for path in paths for file in [path, *path.rglob("*")] if file.is_file()]
    return f"{sum(file.stat().st_size for file in files) / MIB:.1f} MiB"


def layers(folder: Path, found: image.Image) -> dict[str, str]:
    app, venv = folder / "image" / "app", folder / "image" / "venv"
    packages = next(venv.glob("lib/python*/site-packages"))
    ours = [app / copy.target.rstrip("/") for copy in found.copies if copy.stage is None]
    # Each distribution is a link there, and rglob follows none.
    wheels = size(*(path.resolve() for path in packages.iterdir()))
    return {"wheels": wheels, "page": size(app / "web"), "our code, compiled": size(*ours)}


def memory(machine: Machine) -> dict[str, str]:
    """Of each process its share (PSS): what several have in common is counted once, in parts."""
    rows = {}
    for name, process in machine.running.items():
        shares = [share(pid) for pid in (process.pid, *descendants(process.pid))]
        rows[name] = f"{sum(shares) / MIB:.0f} MiB in {len(shares)} processes, the largest {max(shares) / MIB:.0f} MiB"
    return rows


def share(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def stored(machine: Machine, count: int) -> dict[str, str]:
    secrets = {name: (machine.volume("secrets") / f"{name}_password").read_text() for name in ("database", "redis")}
    where = {"host": "127.0.0.1", "port": machine.ports["postgres"], "user": "millitask", "dbname": "millitask"}
    with psycopg.connect(**where, password=secrets["database"]) as connection:  # type: ignore[arg-type]
        rows = {f"PostgreSQL, {name}": f"{own / count:.0f} bytes a task" for name, _, own in connection.execute(SIZES)}
    with redis.Redis(port=machine.ports["redis"], password=secrets["redis"]) as client:
        cold = client.info("memory")["used_memory"]
        cached = warm(machine, min(count, 20_000))
        entry = (client.info("memory")["used_memory"] - cold) / cached
    rows["Redis, all of it"] = f"{cold / count:.0f} bytes a task, {cold / MIB:.0f} MiB"
    rows["Redis, a cached task"] = f"{entry:.0f} bytes"
    text = httpx.get(f"http://127.0.0.1:{machine.ports['api']}/metrics").text
    for line in text.splitlines():
        if line.startswith("millitask_index_bytes"):
            name, _, value = line.partition(" ")
            rows[f"Redis, {name}"] = f"{float(value) / count:.0f} bytes a task"
    return rows


def warm(machine: Machine, count: int) -> int:
    """Ask for so many tasks, so that they are cached; how many came."""
    seen = 0
    with httpx.Client(base_url=f"http://127.0.0.1:{machine.ports['api']}", timeout=30) as client:
        for page in range(1, count // 100 + 1):
            document = f"{{ tasks(first: 100, page: {page}) {{ nodes {{ id title description }} }} }}"
            seen += len(client.post("/graphql", json={"query": document}).json()["data"]["tasks"]["nodes"])
    return seen


def healthy(machine: Machine, name: str) -> None:
    machine.up(name)
    machine.wait_until_healthy(name)


def main(count: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="ship"))
    found = image.read()
    build(WEB)
    tree.lay(found, folder / "image", WEB / "out")
    machine = Machine(found, folder, str(redis_cli()), N=str(count))
    try:
        table("Layers", layers(folder, found))
        machine.run("secrets")
        machine._done.add("secrets")
        rows = {f"{name}, until healthy": timed(partial(healthy, machine, name)) for name in ("postgres", "redis")}
        rows["migrate and api, until healthy"] = timed(partial(healthy, machine, "api"))
        table("First start", rows)
        time.sleep(10)
        table("Memory, idle and empty", memory(machine))
        table(f"Load of {count:,} tasks", {"load": timed(partial(machine.run, "load", 3600))})
        time.sleep(10)
        table(f"Memory, idle with {count:,} tasks", memory(machine))
        table("Stored", stored(machine, count))
        table("Stop", {name: timed(partial(machine.stop, name)) for name in ("api", "redis", "postgres")})
        table("Start again", {"all, until api is healthy": timed(partial(healthy, machine, "api"))})
    finally:
        machine.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
