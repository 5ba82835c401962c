"""Visits: run a job on the open workspaces in turn, within a budget for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from weakref import WeakKeyDictionary

import structlog

from cache.errors import RedisFull, StoreUnavailable
from cache.gate.lease import clock
from cache.store import Store
from db.errors import DatabaseError, explain

log = structlog.get_logger(__name__)

MIN_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 5.0
# The pauses between rebuilds of an index that does not fit into Redis. They double: each attempt reads nearly all rows,
# and evicts the entries of other workspaces.
TOO_LARGE_PAUSE_SECONDS = 15.0
MAX_TOO_LARGE_PAUSE_SECONDS = 240.0
MAX_IN_FLIGHT = 64

OpenStores = Callable[[], Collection[Store]]
# Runs on one workspace, and returns the pause in seconds before it runs there again.
Job = Callable[[Store], Awaitable[float]]


class Visits:
    """Runs a job on each open workspace that wants it, at most every `interval` seconds.

    All workspaces together get at most `per_second` visits, and `at_once` visits begin together. A workspace that fails
    or hangs delays no other.
    """

    def __init__(
        self,
        job: Job,
        wanted: Callable[[Store], bool],
        *,
        interval: float,
        per_second: float = 0.0,
        at_once: int = 1,
    ) -> None:
        self._job = job
        self._wanted = wanted
        self._interval = interval
        self._pause = at_once / per_second if per_second else 0.0
        self._at_once = at_once
        self._running: dict[Store, asyncio.Task[None]] = {}
        # For each workspace, by `clock`: before when it is not visited, and the last pause after a failure.
        self._due_at: WeakKeyDictionary[Store, float] = WeakKeyDictionary()
        self._backoff: WeakKeyDictionary[Store, float] = WeakKeyDictionary()

    async def run(self, open_stores: OpenStores) -> None:
        """Visit for the lifetime of the process."""
        try:
            while True:
                round_at = clock() + self._interval
                started = 0
                for store in list(open_stores()):
                    if self._is_due(store):
                        self._start(store)
                        started += 1
                        if started % self._at_once == 0:
                            await asyncio.sleep(self._pause)
                        if len(self._running) >= MAX_IN_FLIGHT:
                            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
                await asyncio.sleep(max(round_at - clock(), MIN_BACKOFF_SECONDS))
        finally:
            while self._running:
                for task in self._running.values():
                    task.cancel()
                await asyncio.wait(self._running.values(), timeout=1.0)

    def _is_due(self, store: Store) -> bool:
        return self._wanted(store) and store not in self._running and clock() >= self._due_at.get(store, 0.0)

    def _start(self, store: Store) -> None:
        self._running[store] = task = asyncio.create_task(self._visit(store))
        task.add_done_callback(lambda _: self._running.pop(store, None))

    async def _visit(self, store: Store) -> None:
        """Run the job once. After a failure, the pause backs off."""
        name = getattr(self._job, "__name__", "").strip("_")
        try:
            pause = await self._job(store)
            self._backoff.pop(store, None)
        except RedisFull:
            pause = self._next_pause(store, TOO_LARGE_PAUSE_SECONDS, MAX_TOO_LARGE_PAUSE_SECONDS)
        except (StoreUnavailable, DatabaseError) as error:
            pause = self._next_pause(store, MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS)
            reason = explain(error)
            log.warning("maintenance failed", job=name, workspace=store.workspace, reason=reason, retry_seconds=pause)
        except Exception:
            log.exception("maintenance failed", job=name, workspace=store.workspace)
            pause = MAX_BACKOFF_SECONDS
        self._due_at[store] = clock() + pause

    def _next_pause(self, store: Store, first: float, last: float) -> float:
        self._backoff[store] = pause = min(max(first, 2 * self._backoff.get(store, 0.0)), last)
        return pause
