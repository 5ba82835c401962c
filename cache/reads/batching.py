"""A DataLoader: gathers the keys of one turn of the event loop into one batch, and loads each key once.

The idea is that of graphql/dataloader. Its ports create a future for each key; this one creates one for each call,
because a page loads 50 keys at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Batch(Generic[Key, Value]):
    """Keys that are loaded together, and the calls that wait for them."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        # In the order of the keys, once they are loaded.
        self.values: Sequence[Value] | None = None
        self.waiting: list[asyncio.Future[None]] = []
        self.task: asyncio.Task[None] | None = None


class DataLoader(Generic[Key, Value]):
    """Loads values by key for one request. A value that was loaded once stays the same until its key is cleared."""

    def __init__(self, load_batch: Callable[[list[Key]], Awaitable[Sequence[Value]]]) -> None:
        """`load_batch` returns the values of different keys, in their order."""
        self._load_batch = load_batch
        self._batches: dict[Key, _Batch[Key, Value]] = {}
        self._next: _Batch[Key, Value] | None = None
        self._abandoned = False

    async def load_many(self, keys: Sequence[Key]) -> list[Value]:
        """Return the values in the order of the keys. Raises what the load of any of them raised."""
        batches = self._batches_of(keys)
        for batch in batches:
            if batch.values is None:
                waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                batch.waiting.append(waiting)
                await waiting
        found: dict[Key, Value] = {}
        for batch in batches:
            assert batch.values is not None
            if batch.keys == keys:  # the usual case: one call has asked for all keys of a request
                return list(batch.values)
            found.update(zip(batch.keys, batch.values, strict=True))
        return list(map(found.__getitem__, keys))

    def clear(self, key: Key) -> None:
        """Forget a key, so that the next call loads it again."""
        self._batches.pop(key, None)

    def abandon(self) -> None:
        """Cancel the loads in flight, and those that would follow."""
        self._abandoned = True
        for batch in [*self._batches.values()]:
            if batch.task is not None:
                batch.task.cancel()

    def _batches_of(self, keys: Sequence[Key]) -> list[_Batch[Key, Value]]:
        """Return the batches of these keys. Keys that have none get the next one."""
        known = self._batches
        if not known and keys:  # the first load of a request
            batch = self._next or self._begin()
            known.update(dict.fromkeys(keys, batch))
            batch.keys.extend(known)
            return [batch]
        batches = {}
        for key in keys:
            found = known.get(key)
            if found is None:
                found = known[key] = self._next or self._begin()
                found.keys.append(key)
            batches[id(found)] = found
        return list(batches.values())

    def _begin(self) -> _Batch[Key, Value]:
        if self._abandoned:
            raise asyncio.CancelledError
        batch = self._next = _Batch[Key, Value]()
        # The task starts in the next turn of the loop. The keys of this turn are complete by then.
        batch.task = asyncio.create_task(self._run(batch))
        return batch

    async def _run(self, batch: _Batch[Key, Value]) -> None:
        self._next = None
        try:
            loaded = await self._load_batch(batch.keys)
        except BaseException as error:
            for key in batch.keys:
                if self._batches.get(key) is batch:
                    del self._batches[key]
            for waiting in batch.waiting:
                if not waiting.done():
                    _fail(waiting, error)
            if not isinstance(error, Exception):
                raise
            return
        batch.values = loaded
        for waiting in batch.waiting:
            if not waiting.done():
                waiting.set_result(None)


def _fail(waiting: "asyncio.Future[None]", error: BaseException) -> None:
    if isinstance(error, Exception):
        waiting.set_exception(error)
    else:
        waiting.cancel()
