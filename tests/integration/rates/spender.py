"""A process that spends the points of one caller for some seconds: `python -m tests.integration.rates.spender`.

It runs one operation and prints `ready`. It runs the others once it reads a line, so that processes begin together.
"""

import asyncio
import sys
import time

from cache.metrics import StoreMetrics
from cache.rates.allowance import RateLimited
from cache.rates.limits import RateLimits, RatePolicy
from cache.redis.client import Redis
from db.caller import Caller


async def spend(url: str, points_per_minute: int, burst: int, points: int, seconds: float) -> int:
    """Run operations of so many points for the time, from eight concurrent tasks, and return what they cost."""
    policy = RatePolicy(points_per_minute=points_per_minute, burst=burst, max_cost=points)
    async with Redis(url, read_timeout=20.0) as redis:
        limits = RateLimits(redis, policy, StoreMetrics())
        allowance = limits.allowance(Caller("a", "w", frozenset()))
        await allowance.spend(points)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        end = time.monotonic() + seconds

        async def run() -> int:
            spent = 0
            while time.monotonic() < end:
                try:
                    await allowance.spend(points)
                    spent += points
                except RateLimited as error:
                    await asyncio.sleep(min(error.retry_seconds, max(0.0, end - time.monotonic())))
            return spent

        spent = points + sum(await asyncio.gather(*(run() for _ in range(8))))
        await limits.aclose()
        return spent


if __name__ == "__main__":
    url, *numbers, seconds = sys.argv[1:]
    rate, burst, points = map(int, numbers)
    sys.stdout.write(str(asyncio.run(spend(url, rate, burst, points, float(seconds)))))
