"""Tests what the recorder of usage stores of the counters of a process."""

import psycopg
import pytest

from cache.maintenance import usage_recorder
from cache.maintenance.usage_recorder import UsageRecorder
from cache.metrics import StoreMetrics
from cache.usage.usage import Usage
from db.pool import Database
from db.usage import worker_key

SIZES = "SELECT key, max(requests) FROM usage_count WHERE resolution = %s::usage_resolution GROUP BY key"
STORED = "SELECT DISTINCT resolution, key, requests FROM usage_count WHERE key LIKE 'warm_%' ORDER BY key, resolution"


async def no_sizes() -> dict[str, dict[str, int]]:
    return {}


async def test_progress_of_a_warm_start_is_stored(database_url: str) -> None:
    metrics = StoreMetrics()
    with psycopg.connect(database_url, autocommit=True) as admin:
        async with Database(database_url) as database:
            recorder = UsageRecorder(Usage(), database, metrics, no_sizes)
            await recorder.store()
            assert admin.execute(STORED).fetchall() == []
            for done in (400, 1000):
                metrics.warm_wanted, metrics.warm_done = 1000, done
                await recorder.store()
                rows = admin.execute(STORED).fetchall()
                assert {key: number for _, key, number in rows} == {"warm_wanted": 1000, "warm_done": done}, rows


async def test_sizes_of_workers_are_stored_for_minutes_and_their_sum_for_all_times(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_recorder, "MEASURE_SECONDS", 0)
    sizes = {"web-7f9c/0": 100, "web-7f9c/1": 20}
    with psycopg.connect(database_url, autocommit=True) as admin:
        async with Database(database_url) as database:
            recorders = []
            for worker in sizes:

                async def measure(worker: str = worker) -> dict[str, dict[str, int]]:
                    return {"default": {worker_key(usage_recorder.PAGE_CACHE, worker): sizes[worker]}}

                recorders.append(UsageRecorder(Usage(), database, StoreMetrics(), measure))
            for recorder in recorders:
                await recorder.store()
        assert set(admin.execute(SIZES, ("minute",)).fetchall()) == {
            ("page_cache_bytes", 120),
            *((f"page_cache_bytes {worker}", size) for worker, size in sizes.items()),
        }
        for resolution in ("hour", "day"):
            assert admin.execute(SIZES, (resolution,)).fetchall() == [("page_cache_bytes", 120)]
