"""Tests the header RateLimit: its text is made again before it is more than a thousandth of the burst off."""

import re
import time

import pytest

from cache.metrics import StoreMetrics
from cache.rates.allowance import Allowance
from cache.rates.bucket import Bucket
from cache.rates.limits import RateLimits, RatePolicy
from cache.redis.client import Redis
from db.caller import Caller

NOW = 1000.0


def new_bucket(burst: float = 60_000) -> Bucket:
    return Bucket("token", b"key", burst, burst, 1)


def stated(bucket: Bucket, now: float = NOW) -> int:
    found = re.match(r'"token";r=(\d+);t=\d+$', bucket.state(now))
    assert found is not None
    return int(found[1])


def test_text_is_shared_until_a_thousandth_is_spent() -> None:
    bucket = new_bucket()
    bucket.add(1000, 30_000, NOW)
    text = bucket.state(NOW)
    assert stated(bucket) == 31_000
    bucket.available -= 60
    assert bucket.state(NOW) is text
    bucket.available -= 1
    assert stated(bucket) == 30_939


def test_text_is_made_again_after_the_time_of_a_thousandth() -> None:
    bucket = new_bucket()
    bucket.add(1000, 30_000, NOW)
    text = bucket.state(NOW)
    assert bucket.state(NOW + 0.059) is text
    assert stated(bucket, NOW + 0.061) == 31_061


def test_small_bucket_states_each_point() -> None:
    bucket = new_bucket(100)
    bucket.add(50, 0, NOW)
    states = []
    for _ in range(3):
        bucket.available -= 1
        states.append(stated(bucket))
    assert states == [49, 48, 47]


@pytest.mark.parametrize("change", ["add", "refill_alone", "leave_redis", "return_to_redis"])
def test_text_is_made_again_after_points_come_from_elsewhere(change: str) -> None:
    """A draw moves points from Redis to the process. Spending them afterwards must show."""
    bucket = new_bucket()
    bucket.add(500, 30_000, NOW)
    assert stated(bucket) == 30_500
    if change == "add":
        bucket.add(1000, 29_000, NOW)
    elif change == "refill_alone":
        bucket.refill_alone(NOW)
    elif change == "leave_redis":
        bucket.leave_redis(0.5, NOW)
    else:
        bucket.return_to_redis()
    bucket.available -= 400
    assert stated(bucket) == int(bucket.remaining(NOW))


async def test_headers_follow_the_texts() -> None:
    allowance: Allowance = RateLimits(
        Redis("redis://nowhere"), RatePolicy(points_per_minute=60_000), StoreMetrics()
    ).allowance(Caller("a", "w", frozenset()))
    for bucket in allowance.buckets:
        bucket.add(30_000, 0, time.monotonic())
    first = allowance.headers()
    assert first is not None
    assert first["RateLimit-Policy"] == '"token";q=60000;w=60, "workspace";q=60000;w=60'
    assert allowance.take(1000)
    second = allowance.headers()
    assert second is not None
    assert second["RateLimit-Policy"] == first["RateLimit-Policy"]
    assert second["RateLimit"] != first["RateLimit"]
