"""Tests the end of an operation by its time limit or by the disconnect of its client."""

import asyncio

import pytest

from api.graphql import deadline
from api.graphql.deadline import ClientDisconnected, Deadline

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _watch_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "WATCH_AFTER_SECONDS", 0.001)


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    pass


async def test_time_limit_cancels_the_block() -> None:
    for disconnect in (None, never):
        for seconds in (0.0005, 0.005):
            with pytest.raises(TimeoutError), Deadline(seconds, disconnect, lambda: True):
                await never()


async def test_disconnect_cancels_the_block() -> None:
    with pytest.raises(ClientDisconnected), Deadline(HOUR, at_once, lambda: True):
        await never()


async def test_disconnect_does_not_cancel_a_block_that_must_end() -> None:
    with Deadline(HOUR, at_once, lambda: False):
        await asyncio.sleep(0.02)
    with pytest.raises(TimeoutError), Deadline(0.02, at_once, lambda: False):
        await never()


async def test_block_that_ends_in_time_is_not_disturbed() -> None:
    with Deadline(0.02, never, lambda: True):
        pass
    with Deadline(HOUR, never, lambda: True):
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.03)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert asyncio.all_tasks() == {task}


async def test_errors_of_the_block_pass_through() -> None:
    with pytest.raises(KeyError), Deadline(HOUR, None, lambda: True):
        raise KeyError


async def test_cancellation_from_outside_stays_a_cancellation() -> None:
    async def run() -> None:
        with Deadline(HOUR, never, lambda: True):
            await never()

    task = asyncio.create_task(run())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancellation_from_outside_wins_over_the_time_limit() -> None:
    async def run() -> None:
        with Deadline(0.005, None, lambda: True):
            try:
                await never()
            except asyncio.CancelledError:
                task.cancel()
                raise

    task = asyncio.create_task(run())
    with pytest.raises(asyncio.CancelledError):
        await task
