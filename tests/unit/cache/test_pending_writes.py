"""Writes that outlive their callers."""

import asyncio

import pytest

from cache.pending_writes import MAX_STEPS_IN_FLIGHT, PendingWrites


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


async def test_write_does_not_wait_for_its_last_step() -> None:
    pending, may_end, done = PendingWrites(), asyncio.Event(), []

    async def step() -> None:
        await may_end.wait()
        done.append("last step")

    async def write() -> str:
        await pending.finish_later(step())
        return "result"

    assert await pending.finish(write()) == "result"
    assert (pending.in_flight, done) == (1, [])
    may_end.set()
    await pending.drain()
    assert (pending.in_flight, done) == (0, ["last step"])


async def test_last_step_that_begins_during_a_drain_is_awaited() -> None:
    pending, may_write, done = PendingWrites(), asyncio.Event(), []

    async def step() -> None:
        await asyncio.sleep(0.01)
        done.append("last step")

    async def write() -> None:
        await may_write.wait()
        await pending.finish_later(step())

    writing = asyncio.create_task(pending.finish(write()))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(may_write.set)
    await pending.drain()
    assert done == ["last step"]
    await writing


async def test_writes_wait_for_their_last_steps_if_too_many_are_in_flight() -> None:
    pending, may_end = PendingWrites(), asyncio.Event()

    async def step() -> None:
        await may_end.wait()

    for _ in range(2):
        for _ in range(MAX_STEPS_IN_FLIGHT):
            await pending.finish_later(step())
        waiting = asyncio.create_task(pending.finish_later(step()))
        await asyncio.sleep(0.01)
        assert (pending.in_flight, waiting.done()) == (MAX_STEPS_IN_FLIGHT, False)
        may_end.set()
        await waiting
        await pending.drain()
        may_end.clear()
