"""Tests what two processes spend together from one bucket in Redis."""

import asyncio
import sys
import time

import pytest

from tests.support.service_process import ROOT

SECONDS = 2.0


@pytest.mark.parametrize(("rate", "burst", "points"), [(6000, 300, 7), (60_000, 2000, 50), (600, 0, 3)])
async def test_two_processes_spend_no_more_than_the_limit(redis_url: str, rate: int, burst: int, points: int) -> None:
    arguments = [redis_url, *map(str, (rate, burst, points, SECONDS))]
    processes = [await start(*arguments) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    began = time.monotonic()
    outputs = await asyncio.gather(*(process.communicate(b"\n") for process in processes))
    spent = [int(output) for output, _ in outputs]
    seconds, per_second, most = time.monotonic() - began, rate / 60, burst or rate
    # Before they began together, each has drawn the points of its first operation and a portion.
    portion = min(per_second, most / 4)
    first_draws = 2 * (portion + points)
    assert sum(spent) <= first_draws + per_second * seconds + most
    # Both wait for the points that come later, so together they use the limit up, but for their last portions.
    assert sum(spent) >= per_second * SECONDS * 0.5 + most - first_draws


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.rates.spender", *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
