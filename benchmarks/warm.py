"""Suite `warm`: the hit rate and the latency of readers after a restart of Redis, with a warm start and without.

A service with one worker and its default settings has a million tasks. Clients request single tasks by a Zipf
distribution with the exponent 1. First they request as many as they can for a minute, so that the service counts and
caches them. Then they request a thousand per second. Redis is stopped, and the service starts it again, empty. The same
follows on the same data without the warm start.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import redis
import uvloop

from benchmarks.http_load import load
from benchmarks.paced_load import PacedLoad
from benchmarks.page_rows.http_requests import operation
from benchmarks.report import Report, note
from benchmarks.service import Service, parse_metrics

RATE = 1000.0
FILL_SECONDS, FILL_CONNECTIONS = 60.0, 16
STEADY_SECONDS = 20.0
# How long to measure after the restart, at least and at most: until the warm start has ended.
MIN_SECONDS, MAX_SECONDS = 25.0, 300.0
# The hit rate "10 s after" is that of these seconds.
WINDOW = (9.5, 11.5)
SAMPLE_SECONDS = 0.25
_TASK = "query ($id: ID!) { task(id: $id) { id title status priority createdAt updatedAt expiresAt version } }"
# The first list of what Redis holds is noted a minute after the start of a worker.
_LISTED = "SELECT coalesce(max(warm_ids_at) > pg_postmaster_start_time(), false) FROM gate"
_IDS = "SELECT id FROM task WHERE workspace_id = 'default' ORDER BY id"


@dataclass
class Round:
    """What was measured around one restart of Redis. Times are by `time.monotonic`."""

    restarted_at: float
    load: PacedLoad
    # The metrics of the service at each time.
    samples: list[tuple[float, dict[str, float]]] = field(default_factory=list)

    def hit_rate(self, since: float, until: float) -> float:
        """Return the hit rate between two times."""
        within = [sample for at, sample in self.samples if since <= at <= until]
        hits, misses = (within[-1][name] - within[0][name] for name in _RATE_METRICS)
        return hits / (hits + misses)

    def has_ended(self, warm: bool) -> bool:
        """Return whether the index has been in use for the window, and the warm start has ended if there is one."""
        at, sample = self.samples[-1]
        if sample["millitask_degraded"] or at < self.restarted_at + self.index_back() + WINDOW[1]:
            return False
        name = "millitask_warm_starts_total"
        return not warm or sample[name] > self._last_before()[name]

    def warming(self) -> tuple[float, float]:
        """Return when the warm start after the restart began and ended."""
        before = self._last_before()["millitask_warm_starts_total"]
        ended = next(at for at, sample in self.samples if sample["millitask_warm_starts_total"] > before)
        seconds = self.samples[-1][1]["millitask_warm_seconds"]
        return ended - seconds, ended

    def loaded(self) -> float:
        """Return how many tasks the warm start has loaded."""
        return self.samples[-1][1]["millitask_warmed_total"] - self._last_before()["millitask_warmed_total"]

    def index_back(self) -> float:
        """Return after how many seconds Redis was in use again."""
        lost = next(at for at, sample in self.samples if at > self.restarted_at and sample["millitask_degraded"])
        return next(at for at, sample in self.samples if at > lost and not sample["millitask_degraded"]) - (
            self.restarted_at
        )

    def _last_before(self) -> dict[str, float]:
        return [sample for at, sample in self.samples if at < self.restarted_at][-1]


_RATE_METRICS = ("millitask_hits_total", "millitask_misses_total")


def run(report: Report) -> None:
    """Measure with `report.count` tasks in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
        folder = Path(name)
        service = Service(folder / "data", workers=2)
        with service.running():
            service.load(report.count, folder / "summary.json")
            ids = task_ids(service)
        warm = measure(folder / "data", ids, {})
        began, ended = warm.warming()
        cold = measure(folder / "data", ids, {"MILLITASK_WARM_COMMANDS_PER_SECOND": "0"})
        steady = add_hit_rates(report, warm, "with a warm start", "≥ 0.9")
        add_hit_rates(report, cold, "without a warm start")
        report.add("steady state, hit rate", steady, "")
        report.add("Redis in use again after", warm.index_back(), "s")
        report.add("warm start: tasks loaded", warm.loaded(), "")
        report.add("warm start: duration", ended - began, "s")
        since, until = began - warm.restarted_at, ended - warm.restarted_at
        add_latencies(report, warm, since, until, "while warming", "≤ 1.3")
        add_latencies(report, cold, since, until, "in the same seconds without a warm start")
        report.add("failed reads", warm.load.result.failed + cold.load.result.failed, "", "0")


def add_hit_rates(report: Report, measured: Round, name: str, target: str = "") -> float:
    """Add the hit rate after the restart and its ratio to the steady state. Return the steady state."""
    at = measured.restarted_at
    steady = measured.hit_rate(at - STEADY_SECONDS, at - SAMPLE_SECONDS)
    after = measured.hit_rate(at + WINDOW[0], at + WINDOW[1])
    report.add(f"10 s after a restart of Redis {name}, hit rate", after, "")
    report.add(f"10 s after a restart of Redis {name} ÷ steady state", after / steady, "×", target)
    used = at + measured.index_back()
    after = measured.hit_rate(used + WINDOW[0], used + WINDOW[1])
    report.add(f"10 s after Redis is in use again {name} ÷ steady state", after / steady, "×")
    return steady


def add_latencies(report: Report, measured: Round, since: float, until: float, name: str, target: str = "") -> None:
    """Add the p99 of readers before the restart and in some seconds after it, and their ratio."""
    result, at = measured.load.result, measured.restarted_at
    before = result.percentile_ms(99, at - STEADY_SECONDS, at)
    during = result.percentile_ms(99, at + since, at + until)
    report.add(f"p99 of readers {name}", during, "ms")
    report.add(f"p99 of readers {name} ÷ before", during / before, "×", target)


def measure(data: Path, ids: Sequence[UUID], variables: Mapping[str, str]) -> Round:
    """Let a service on this data count and cache what clients request, then stop its Redis under load."""
    service = Service(data, variables=variables)
    with service.running():
        service.wait_for_index()
        note("Requesting tasks, so that they are counted and cached …")
        load(service.port, requests(ids, seed=1), connections=FILL_CONNECTIONS, seconds=FILL_SECONDS)
        if not variables:
            wait_for_list(service)
        return uvloop.run(restart_under_load(service, ids, warm=not variables))


async def restart_under_load(service: Service, ids: Sequence[UUID], *, warm: bool) -> Round:
    """Stop Redis while clients read, and watch the service, with `warm` until its warm start has ended."""
    paced = PacedLoad(service.port, requests(ids, seed=2), RATE)
    measured = Round(0.0, paced)
    reading, watching = asyncio.create_task(paced.run()), asyncio.create_task(watch(service, measured))
    try:
        await asyncio.sleep(STEADY_SECONDS + 1)
        measured.restarted_at = time.monotonic()
        with redis.Redis.from_url(service.stores().redis_url) as client:
            stopping: Any = client.shutdown
            await asyncio.to_thread(stopping, nosave=True)
        await asyncio.sleep(MIN_SECONDS)
        async with asyncio.timeout(MAX_SECONDS):
            while not measured.has_ended(warm):  # noqa: ASYNC110 (the service has no event for it)
                await asyncio.sleep(SAMPLE_SECONDS)
    finally:
        reading.cancel()
        watching.cancel()
        await asyncio.wait((reading, watching))
        await paced.aclose()
    return measured


async def watch(service: Service, measured: Round) -> None:
    """Take the metrics of the service until cancelled."""
    async with httpx.AsyncClient(timeout=10) as http:
        while True:
            text = (await http.get(f"{service.url}/metrics")).text
            measured.samples.append((time.monotonic(), parse_metrics(text)))
            await asyncio.sleep(SAMPLE_SECONDS)


def task_ids(service: Service) -> list[UUID]:
    """Return the ids of all tasks in a random order, so that the age of a task says nothing about its requests."""
    with psycopg.connect(service.stores().database_url) as database:
        ids = [row[0] for row in database.execute(_IDS)]
    random.Random(1).shuffle(ids)
    return ids


def wait_for_list(service: Service) -> None:
    """Wait until the service has noted what Redis holds. Its PostgreSQL was started with it."""
    with psycopg.connect(service.stores().database_url, autocommit=True) as database:
        while database.execute(_LISTED).fetchone() != (True,):
            time.sleep(0.5)


def requests(ids: Sequence[UUID], seed: int) -> Iterator[bytes]:
    """Return endless requests for single tasks. The task at position n is requested in proportion to 1 / n."""
    chooser = random.Random(seed)
    weights = list(accumulate(1 / number for number in range(1, len(ids) + 1)))
    while True:
        for id_ in chooser.choices(ids, cum_weights=weights, k=1000):
            yield operation(_TASK, id=str(id_))
