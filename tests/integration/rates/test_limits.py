"""Tests the rate limits of processes on one Redis: what they spend together, and what happens without Redis."""

import asyncio
import gc
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cache.metrics import StoreMetrics
from cache.rates import limits as rate_limits
from cache.rates.allowance import UNLIMITED, Allowance, RateLimited
from cache.rates.limits import RateLimits, RatePolicy
from cache.redis.client import Redis
from db.caller import SCOPES, Caller
from tests.support.redis_server import PATIENT_SECONDS, redis_process

NewLimits = Callable[[RatePolicy], RateLimits]


def caller(name: str = "a", workspace: str = "w", points_per_minute: int | None = None) -> Caller:
    return Caller(name, workspace, frozenset(SCOPES), points_per_minute=points_per_minute)


def ask_redis_again(limits: RateLimits) -> None:
    """Let the next draw ask Redis, without waiting for a second."""
    limits._retry_at[""] = 0.0


async def spend_all(allowance: Allowance, points: int) -> int:
    """Run operations until one is refused, and return the points that they cost together."""
    spent = 0
    while True:
        try:
            await allowance.spend(points)
        except RateLimited:
            return spent
        spent += points


def test_nothing_is_counted_without_a_limit() -> None:
    limits = RateLimits(Redis("redis://nowhere"), RatePolicy(), StoreMetrics())
    assert limits.allowance(caller()) is UNLIMITED
    assert len(limits) == 0


async def test_processes_share_a_bucket(limits_of: NewLimits) -> None:
    policy = RatePolicy(points_per_minute=600, max_cost=10)
    allowances = [limits_of(policy).allowance(caller()) for _ in range(3)]
    began = time.monotonic()
    spent = sum(await asyncio.gather(*(spend_all(allowance, 7) for allowance in allowances)))
    # Ten points per second, and the burst of a minute. The last process leaves less than one operation each.
    seconds = time.monotonic() - began
    assert spent <= 600 + 10 * seconds
    # The portions that are drawn and not spent: at most a second of points, less than an operation here.
    assert spent > 600 - 3 * (10 + 7)


async def test_operations_take_no_more_round_trips_than_portions(redis_url: str) -> None:
    metrics = StoreMetrics()
    async with Redis(redis_url, count=metrics.count_round_trip) as redis:
        limits = RateLimits(redis, RatePolicy(points_per_minute=600_000), metrics)
        allowance = limits.allowance(caller())
        for _ in range(5000):
            await allowance.spend(10)
            await asyncio.sleep(0)
        # The portion is 10,000 points: 50,000 points take about ten draws, each begun when half a portion is left.
        assert metrics.redis_round_trips <= 12
        await limits.aclose()


async def test_each_caller_has_a_bucket_and_the_workspace_one_for_all(limits_of: NewLimits) -> None:
    limits = limits_of(RatePolicy(points_per_minute=60, workspace_points_per_minute=90))
    began = time.monotonic()
    first = await spend_all(limits.allowance(caller("a")), 1)
    second = await spend_all(limits.allowance(caller("b")), 1)
    seconds = time.monotonic() - began
    assert 60 <= first <= 62 + seconds
    assert 28 <= second <= 32 + 1.5 * seconds
    with pytest.raises(RateLimited) as refused:
        await limits.allowance(caller("b")).spend(20)
    assert refused.value.bucket == "workspace"
    # Other workspaces are not affected.
    assert await spend_all(limits.allowance(caller("a", "other")), 1) >= 60


async def test_a_token_can_have_a_limit_of_its_own(limits_of: NewLimits) -> None:
    limits = limits_of(RatePolicy(points_per_minute=600, max_cost=20))
    began = time.monotonic()
    slow = await spend_all(limits.allowance(caller("slow", points_per_minute=30)), 1)
    assert 30 <= slow <= 32 + (time.monotonic() - began) / 2
    alone = limits_of(RatePolicy(max_cost=20))
    began = time.monotonic()
    limited = await spend_all(alone.allowance(caller("limited", "x", points_per_minute=60)), 1)
    assert 60 <= limited <= 62 + time.monotonic() - began


async def test_the_refusal_says_when_to_try_again(limits_of: NewLimits) -> None:
    limits = limits_of(RatePolicy(points_per_minute=120, burst=20, max_cost=20))
    allowance = limits.allowance(caller())
    await allowance.spend(20)
    with pytest.raises(RateLimited) as refused:
        await allowance.spend(3)
    error = refused.value
    assert (error.limit, error.requested, error.bucket) == (20, 3, "token")
    assert 0 < error.retry_seconds <= 1.5
    await asyncio.sleep(error.retry_seconds)
    await allowance.spend(3)
    assert limits._metrics.rate_limited == 1


async def test_refusals_ask_redis_only_if_it_may_have_enough(redis_url: str) -> None:
    metrics = StoreMetrics()
    async with Redis(redis_url, count=metrics.count_round_trip) as redis:
        limits = RateLimits(redis, RatePolicy(points_per_minute=60), metrics)
        allowance = limits.allowance(caller())
        await spend_all(allowance, 1)
        before = metrics.redis_round_trips
        for _ in range(1000):
            with pytest.raises(RateLimited):
                await allowance.spend(40)
        assert metrics.redis_round_trips - before <= 1
        await limits.aclose()


async def test_every_operation_of_the_largest_cost_can_run(limits_of: NewLimits) -> None:
    limits = limits_of(RatePolicy(points_per_minute=1, burst=1, max_cost=5000))
    await limits.allowance(caller()).spend(5000)
    with pytest.raises(RateLimited):
        await limits.allowance(caller()).spend(1)


async def test_without_redis_each_process_enforces_its_share(tmp_path: Path) -> None:
    with redis_process(tmp_path) as server:
        policy = RatePolicy(points_per_minute=600, max_cost=10, processes=4)
        async with Redis(server.url, read_timeout=PATIENT_SECONDS) as redis:
            limits = RateLimits(redis, policy, StoreMetrics())
            used = limits.allowance(caller("used"))
            await used.spend(10)
            server.stop()
            # Of the bucket that is known, the process has its portion, and then its share.
            began = time.monotonic()
            assert await spend_all(used, 1) <= 10 + 10 + 10 / 4 * (time.monotonic() - began)
            # A new bucket is full: with a quarter of what it can hold.
            began = time.monotonic()
            assert (
                150
                <= await spend_all(limits.allowance(caller("new", "x")), 1)
                <= 151 + 2.5 * (time.monotonic() - began)
            )
            server.start()
            ask_redis_again(limits)
            allowance = limits.allowance(caller("later", "y"))
            await allowance.spend(10)
            await limits.aclose()
            assert limits._retry_at == {}
            # The buckets in Redis are full again, and count for all processes.
            assert await spend_all(allowance, 1) >= 550
            await limits.aclose()


async def test_idle_callers_are_forgotten(limits_of: NewLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_CALLERS", 50)
    limits = limits_of(RatePolicy(points_per_minute=600))
    for number in range(200):
        await limits.allowance(caller(str(number), f"w{number}")).spend(1)
    assert len(limits) == 50
    for _ in range(2):
        limits._sweep_at = 0.0
        limits.allowance(caller(f"new {_}"))
    # The two new ones, and no other: the first interval forgets nothing, because all were used before it.
    assert len(limits) <= 2
    await limits.aclose()
    gc.collect()
    assert set(limits._workspaces) == {"w"}


async def test_a_cancelled_operation_loses_no_points(limits_of: NewLimits) -> None:
    began = time.monotonic()
    allowance = limits_of(RatePolicy(points_per_minute=60)).allowance(caller())
    spending = asyncio.create_task(allowance.spend(30))
    await asyncio.sleep(0)
    spending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await spending
    assert 60 <= await spend_all(allowance, 1) <= 62 + time.monotonic() - began
