"""Tests the visits of open workspaces: a workspace that fails or hangs delays no other."""

import asyncio
from collections import Counter
from typing import cast

import pytest

from cache.errors import CacheUnavailable, RedisFull
from cache.maintenance import visits as module
from cache.maintenance.visits import Visits
from cache.store import Store


class FakeStore:
    """Stands for the store of a workspace, and has only its name."""

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace


STORES = [cast("Store", FakeStore(name)) for name in ("fails", "hangs", "works", "unwanted")]


async def test_workspace_that_fails_or_hangs_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MIN_BACKOFF_SECONDS", 0.001)
    monkeypatch.setattr(module, "MAX_BACKOFF_SECONDS", 0.002)
    visited, enough = Counter[str](), asyncio.Event()

    async def job(store: Store) -> float:
        visited[store.workspace] += 1
        if visited["works"] > 5 and visited["fails"] > 1:
            enough.set()
        if store.workspace == "fails":
            raise CacheUnavailable
        if store.workspace == "hangs":
            await asyncio.Event().wait()
        return 0.0

    visits = Visits(job, lambda store: store.workspace != "unwanted", interval=0.001)
    running = asyncio.create_task(visits.run(lambda: STORES))
    async with asyncio.timeout(20):
        await enough.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert visited["hangs"] == 1
    assert visited["unwanted"] == 0


async def test_visits_that_begin_together_are_of_different_workspaces() -> None:
    began, batches = list[str](), list[list[str]]()

    async def job(store: Store) -> float:
        began.append(store.workspace)
        asyncio.get_running_loop().call_soon(end_of_batch)
        return 0.0

    def end_of_batch() -> None:
        if began:
            batches.append(sorted(began))
            began.clear()
            if len(batches) == 2:
                running.cancel()

    visits = Visits(job, lambda _: True, interval=60, per_second=300, at_once=3)
    running = asyncio.create_task(visits.run(lambda: STORES))
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(20):
            await running
    assert batches == [["fails", "hangs", "works"], ["unwanted"]]


async def test_pauses_of_an_index_that_does_not_fit_double_up_to_a_limit() -> None:
    outcomes = iter((False,) * 6 + (True, False))

    async def job(_store: Store) -> float:
        if next(outcomes):
            return 0.0
        raise RedisFull

    store, visits, pauses = STORES[0], Visits(job, lambda _: True, interval=1), []
    for _ in range(8):
        await visits._visit(store)
        pauses.append(visits._backoff.get(store))
    assert pauses == [15, 30, 60, 120, 240, 240, None, 15]
