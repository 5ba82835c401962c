"""Tests what the recorder of usage stores of the counters of a process."""

import psycopg

from cache.maintenance.usage_recorder import UsageRecorder
from cache.metrics import StoreMetrics
from cache.usage.usage import Usage
from db.pool import Database

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
