"""Fixtures: the rate limits of processes that share a Redis database."""

from collections.abc import AsyncIterator, Callable

import pytest

from cache.metrics import StoreMetrics
from cache.rates.limits import RateLimits, RatePolicy
from cache.redis.client import Redis

# A busy machine must not exceed the limit for readers.
PATIENT_SECONDS = 20.0


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis(redis_url, read_timeout=PATIENT_SECONDS) as redis:
        yield redis


@pytest.fixture
async def limits_of(redis: Redis) -> AsyncIterator[Callable[[RatePolicy], RateLimits]]:
    """Yield a function that returns the rate limits of one more process."""
    created: list[RateLimits] = []

    def create(policy: RatePolicy) -> RateLimits:
        created.append(RateLimits(redis, policy, StoreMetrics()))
        return created[-1]

    yield create
    for limits in created:
        await limits.aclose()
