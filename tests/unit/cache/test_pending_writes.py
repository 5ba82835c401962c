"""Writes that outlive their callers."""

import asyncio

import pytest

from cache.pending_writes import PendingWrites


async def test_write_of_a_cancelled_caller_runs_to_its_end() -> None:
    pending, may_end, done = PendingWrites(), asyncio.Event(), []

    async def write() -> str:
        await may_end.wait()
        done.append("written")
        return "result"

    caller = asyncio.create_task(pending.finish(write()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert done == []
    may_end.set()
    await pending.drain()
    assert done == ["written"]


async def test_caller_gets_the_result_or_the_error_of_its_write() -> None:
    pending = PendingWrites()

    async def write(fails: bool) -> str:
        if fails:
            raise ValueError("refused")
        return "result"

    assert await pending.finish(write(fails=False)) == "result"
    with pytest.raises(ValueError, match="refused"):
        await pending.finish(write(fails=True))
    await pending.drain()
