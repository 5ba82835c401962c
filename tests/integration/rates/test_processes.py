"""Tests what two processes spend together from one bucket in Redis."""

import asyncio
import sys
import time

import pytest

from tests.support.service_process import ROOT

SECONDS = 2.0


@pytest.mark.parametrize(("rate", "burst", "points"), [(6000, 300, 7), (60_000, 2000, 50), (600, 0, 3)])
async def test_two_processes_spend_no_more_than_the_limit(redis_url: str, rate: int, burst: int, points: int) -> None:
    began = time.monotonic()
    arguments = [redis_url, *map(str, (rate, burst, points, SECONDS))]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.rates.spender",
            *arguments,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    spent = [int((await process.communicate())[0]) for process in processes]
    # Each spends for two seconds, one of them perhaps later than the other.
    seconds, per_second, most = time.monotonic() - began, rate / 60, burst or rate
    assert sum(spent) <= per_second * seconds + most
    assert min(spent) > 0
    # Both wait for the points that come later, so together they use the limit up, but for their last portions.
    portion = min(per_second, most / 4)
    assert sum(spent) >= per_second * SECONDS * 0.5 + most - 2 * (portion + points)
