"""Fixtures: each test has a Redis server of its own, and runs on both event loops."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from tests.support.redis_server import PATIENT_SECONDS, RedisProcess, redis_process


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test on the event loop of the service and on Python's own."""
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisProcess]:
    with redis_process(tmp_path) as process:
        yield process


@pytest.fixture
def metrics() -> StoreMetrics:
    return StoreMetrics()


@pytest.fixture
async def redis(server: RedisProcess, metrics: StoreMetrics) -> AsyncIterator[Redis]:
    async with Redis(server.url, read_timeout=PATIENT_SECONDS, count=metrics.count_round_trip) as redis:
        yield redis


@pytest.fixture(autouse=True)
async def _no_lost_errors() -> AsyncIterator[None]:
    """Fail a test that leaves a task running, or an error that nobody looked at."""
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    before = asyncio.all_tasks()
    yield
    if left := asyncio.all_tasks() - before - {asyncio.current_task()}:
        _, still_running = await asyncio.wait(left, timeout=10)  # cancelled tasks take a few turns of the event loop
        assert still_running == set()
    gc.collect()
    # Python 3.11 reports the connections of a stream server that are cancelled: those of the proxy.
    assert [error for error in errors if not isinstance(error.get("exception"), asyncio.CancelledError)] == []
