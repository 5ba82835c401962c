"""Tests the script that draws points, against a bucket in Python."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cache.redis.client import Redis
from tests.support.examples import examples

# The clock of Redis runs during a test. Each step of an example takes less than this, in seconds.
STEP_SECONDS = 1.0
KEYS = [b"{w}:points:a", b"{w}:points:"]


class ReferenceBucket:
    """A token bucket that is refilled continuously, with a clock of its own."""

    def __init__(self, points_per_minute: float, burst: float) -> None:
        self.rate = points_per_minute / 60
        self.burst = self.points = burst

    def wait(self, seconds: float) -> None:
        self.points = min(self.burst, self.points + seconds * self.rate)


async def let_pass(redis: Redis, seconds: float) -> None:
    """Let the time of the buckets pass, by moving the time of their last draw back."""
    for key in KEYS:
        (state,) = await redis.send([("GET", key)])
        if state is not None:
            points, since = state.decode().split()
            await redis.client.set(key, f"{points} {int(since) - int(seconds * 1_000_000)}", keepttl=True)


class Step(NamedTuple):
    """A pause in seconds, then a draw: from each bucket the needed points and further wanted ones, as shares of it."""

    pause: float
    needs: tuple[float, float]
    extras: tuple[float, float]


class Size(NamedTuple):
    """How many points a bucket gets per minute, and how many it can hold."""

    rate: int
    burst: int


sizes = st.builds(Size, st.integers(1, 1_000_000), st.integers(1, 100_000))
shares = st.tuples(st.floats(0, 1.2), st.floats(0, 1.2))


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(buckets=st.tuples(sizes, sizes), steps=st.lists(st.builds(Step, st.floats(0, 100), shares, shares), max_size=8))
def test_buckets_agree_with_the_reference(redis_url: str, buckets: tuple[Size, Size], steps: list[Step]) -> None:
    asyncio.run(_compare(redis_url, buckets, steps))


async def _compare(redis_url: str, buckets: tuple[Size, Size], steps: list[Step]) -> None:
    references = [ReferenceBucket(*size) for size in buckets]
    async with Redis(redis_url, read_timeout=20.0) as redis:
        await redis.client.flushdb()
        for step in steps:
            await let_pass(redis, step.pause)
            for reference in references:
                reference.wait(step.pause)
            arguments: list[str] = []
            for size, need, extra in zip(buckets, step.needs, step.extras, strict=True):
                arguments += map(repr, (size.rate, size.burst, need * size.burst, (need + extra) * size.burst))
            reply = [float(part) for part in await redis.read_script("draw", KEYS, *arguments)]
            _check(step, references, reply[::2], reply[1::2])


def _check(step: Step, references: Sequence[ReferenceBucket], granted: list[float], left: list[float]) -> None:
    had = [got + rest for got, rest in zip(granted, left, strict=True)]
    for reference, points in zip(references, had, strict=True):
        # The script may find more than the reference has: what the bucket got while the test ran.
        assert -1e-6 <= points - reference.points <= reference.rate * STEP_SECONDS + 1e-6
        assert points <= reference.burst + 1e-6
    needed = [need * reference.burst for need, reference in zip(step.needs, references, strict=True)]
    all_or_none = [points - need for points, need in zip(had, needed, strict=True)]
    for reference, got, rest, extra, points, need in zip(
        references, granted, left, step.extras, had, needed, strict=True
    ):
        if min(all_or_none) > 1e-6:
            assert abs(got - min(points, need + extra * reference.burst)) <= 1e-6
        elif min(all_or_none) < -1e-6:
            assert got == 0
        reference.points = rest


async def test_a_full_bucket_has_no_key_for_long(redis_url: str) -> None:
    async with Redis(redis_url) as redis:
        await redis.read_script("draw", KEYS, "60", "10", "0", "4", "60", "10", "0", "0")
        # The key of a bucket lasts for a second after the bucket is full again.
        assert 4_000 < await redis.client.pttl(KEYS[0]) <= 5_000
        assert 0 < await redis.client.pttl(KEYS[1]) <= 1_000


async def test_a_clock_that_was_set_back_fills_no_bucket(redis_url: str) -> None:
    async with Redis(redis_url) as redis:

        async def draw() -> list[bytes]:
            reply: list[bytes] = await redis.read_script("draw", KEYS[:1], "60", "10", "0", "10")
            return reply

        assert await draw() == [b"10", b"0"]
        await let_pass(redis, -3600)
        assert await draw() == [b"0", b"0"]
        # The draw wrote the new time, from which the bucket is refilled.
        await let_pass(redis, 5)
        granted, left = map(float, await draw())
        assert 5 <= granted < 6
        assert left == 0
