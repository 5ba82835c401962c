"""Rows start, p6 and p7: the load by mutations, the start of a service, and the rebuild of its index."""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import redis
import uvloop

from benchmarks.http_load import LoadResult, drive
from benchmarks.page_rows.http_requests import page_requests
from benchmarks.page_rows.plan import Plan
from benchmarks.page_rows.stand import WORKSPACE
from benchmarks.processes import SUPPORTED, cpu_seconds
from benchmarks.report import Report
from benchmarks.service import Service
from cache.maintenance.rebuild import ZADD_PAIRS
from cache.redis.keys import Keys, epochs_key
from cache.redis.pipeline import pack_command

# The tasks come in this many loads, each with its own seed.
PARTS = 5
_POLL_SECONDS = 0.1
_REBUILD_SECONDS = 600.0
# Copying a larger index would take too much memory.
_MAX_COPIED = 1_000_000
_COMMANDS_PER_BATCH = 20


def load_tasks(report: Report, plan: Plan, service: Service, folder: Path) -> None:
    """Create the tasks through a running service with two workers. Row p6: the rate and the CPU time per task."""
    per_part = report.count // PARTS
    rates, spent, peak = [], defaultdict[str, list[float]](list), 0.0
    for part in range(PARTS):
        before = cpu_seconds(service.pid) if SUPPORTED else {}
        count = per_part if part else report.count - per_part * (PARTS - 1)
        summary = service.load(count, folder / "summary.json", seed=part + 1)
        rates.append(summary["tasks_per_second"])
        peak = max(peak, summary["peak_memory_bytes"])
        used = {name: after - before[name] for name, after in cpu_seconds(service.pid).items()} if SUPPORTED else {}
        for program, seconds in (used | {"loader": summary["cpu_seconds"]}).items():
            spent[program].append(seconds / count * 1e6)
    if not plan.wants("p6"):
        return
    name = f"P6 {report.count:,} tasks by mutation, 2 workers"
    report.add(name, statistics.median(rates), "tasks/s", "≥ 25,000/s, or PostgreSQL is the limit")
    for program, microseconds in spent.items():
        report.add(f"CPU per task, {program}", statistics.median(microseconds), "µs")
    report.add("peak memory of the loader", peak / 2**20, "MiB")


def report_start(report: Report, service: Service, ready_seconds: float) -> None:
    """Row start: how long a service needs until it is ready, and the size of its index in Redis."""
    waited = service.wait_for_index()
    report.add(f"start with {report.count:,} tasks, until ready", ready_seconds, "s")
    report.add(f"start with {report.count:,} tasks, until the index is in use", ready_seconds + waited, "s")
    sizes = {name: value for name, value in service.metrics().items() if name.startswith("millitask_index_bytes")}
    main = sizes['millitask_index_bytes{index="index"}']
    report.add("Redis memory per task: main index", main / report.count, "bytes")
    report.add("Redis memory per task: all indexes", sum(sizes.values()) / report.count, "bytes")


def measure_rebuild(report: Report, plan: Plan, service: Service) -> None:
    """Row p7: empty Redis, and wait for the new index: idle, and while clients read."""
    rounds = [uvloop.run(_rebuild(service, readers)) for _ in range(plan.rounds) for readers in (0, plan.readers)]
    idle, busy = rounds[0::2], rounds[1::2]
    millions, targets = report.count / 1e6, (("≤ 4 s", "") if report.count <= 1_000_000 else ("", "≤ 20 s"))
    report.add(f"P7 rebuild of {report.count:,} tasks, idle", _median(idle), "s", targets[1])
    report.add(f"P7 rebuild of {report.count:,} tasks, {plan.readers} readers", _median(busy), "s", targets[0])
    report.add("from the loss of the index to the new one in use", statistics.median(r.lost_seconds for r in busy), "s")
    report.add("reads during the rebuilds", sum(r.reads.requests for r in busy), "")
    report.add("failed reads during the rebuilds", sum(r.reads.failed for r in busy), "", "0")
    for program in sorted(idle[0].cpu.keys() - {"supervisor"}):
        seconds = statistics.median(rebuild.cpu[program] for rebuild in idle)
        report.add(f"CPU time of an idle rebuild per million tasks, {program}", seconds / millions, "s")
    if SUPPORTED and report.count <= _MAX_COPIED:
        report.add("the same for ZADD of the same ids and nothing else, Redis", copy_index(service) / millions, "s")


@dataclass(frozen=True)
class _Rebuild:
    """A rebuild: its duration, the seconds without an index, the CPU seconds of each program, and the reads during it.

    The programs are those of the service, so their CPU time includes the answers to the reads.
    """

    seconds: float
    lost_seconds: float
    cpu: dict[str, float]
    reads: LoadResult


def _median(rounds: list[_Rebuild]) -> float:
    return statistics.median(rebuild.seconds for rebuild in rounds)


async def _rebuild(service: Service, readers: int) -> _Rebuild:
    stopped = asyncio.Event()
    pages = takewhile(lambda _: not stopped.is_set(), page_requests(range(1, 101), "Rebuild"))
    reading = asyncio.create_task(drive(service.port, pages, connections=readers, tolerant=True))
    try:
        await asyncio.sleep(1)
        before = await asyncio.to_thread(service.metrics)
        cpu_before = cpu_seconds(service.pid) if SUPPORTED else {}
        began = time.monotonic()
        await asyncio.to_thread(_empty, service)
        async with asyncio.timeout(_REBUILD_SECONDS):
            while True:
                metrics = await asyncio.to_thread(service.metrics)
                if metrics["millitask_rebuilds_total"] > before["millitask_rebuilds_total"]:
                    break
                await asyncio.sleep(_POLL_SECONDS)
            cpu_after = cpu_seconds(service.pid) if SUPPORTED else {}
            await asyncio.to_thread(service.wait_for_index)
        took = time.monotonic() - began
    finally:
        stopped.set()
    cpu = {name: seconds - cpu_before[name] for name, seconds in cpu_after.items()}
    return _Rebuild(metrics["millitask_rebuild_seconds"], took, cpu, await reading)


def _empty(service: Service) -> None:
    with redis.Redis.from_url(service.stores().redis_url) as client:
        client.flushall()


def copy_index(service: Service) -> float:
    """Copy the index with ZADD, as a rebuild sends it, and return the CPU seconds that Redis spent on ZADD.

    No rebuild with ZADD takes Redis less. The copy stays in Redis.
    """
    with redis.Redis.from_url(service.stores().redis_url, protocol=2, single_connection_client=True) as client:
        found: Any = client.smembers(epochs_key(WORKSPACE))
        keys = Keys(WORKSPACE, max(map(int, found)))
        connection: Any = client.connection
        commands = [command for key in (*keys.indexes, *keys.expiring) for command in _copy_commands(connection, key)]
        before = cpu_seconds(service.pid)["Redis"]
        for start in range(0, len(commands), _COMMANDS_PER_BATCH):
            batch = commands[start : start + _COMMANDS_PER_BATCH]
            connection.send_packed_command([b"".join(batch)])
            for _ in batch:
                connection.read_response()
        return cpu_seconds(service.pid)["Redis"] - before


def _copy_commands(connection: Any, key: bytes) -> Iterator[bytes]:
    connection.send_command("ZCARD", key)
    for start in range(0, connection.read_response(), ZADD_PAIRS):
        connection.send_command("ZRANGE", key, start, start + ZADD_PAIRS - 1, "WITHSCORES")
        found = connection.read_response()
        pairs = [part for id_, score in zip(found[::2], found[1::2], strict=True) for part in (score, id_)]
        yield pack_command(("ZADD", key + b":copy", "GT", *pairs))
