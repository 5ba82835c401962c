"""A DataLoader: gathers the keys of one iteration of the event loop into one batch, and loads each key once.

The idea is that of graphql/dataloader. Its ports create a future for each key; this one creates one for each call,
because a page loads 50 keys at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Batch(Generic[Key, Value]):
    """Keys that are loaded together, and the calls that wait for them."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        # In the order of the keys, once they are loaded.
        self.values: Sequence[Value] | None = None
        self.waiting: list[asyncio.Future[Sequence[Value]]] = []

    async def wait(self) -> Sequence[Value]:
        """Return the values as soon as they have come."""
        if self.values is not None:
            return self.values
        waiter: asyncio.Future[Sequence[Value]] = asyncio.get_running_loop().create_future()
        self.waiting.append(waiter)
        return await waiter

    async def wait_by_key(self) -> dict[Key, Value]:
        """Return the values by key as soon as they have come."""
        return dict(zip(self.keys, await self.wait(), strict=True))

    def succeed(self, values: Sequence[Value]) -> None:
        """Give the values to the calls that wait."""
        self.values = values
        for waiter in self.waiting:
            if not waiter.done():  # done: its caller was cancelled
                waiter.set_result(values)

    def fail(self, error: BaseException) -> None:
        """Raise an error in the calls that wait, or cancel them."""
        for waiter in self.waiting:
            if waiter.done():
                continue
            if isinstance(error, Exception):
                waiter.set_exception(error)
            else:
                waiter.cancel()


class DataLoader(Generic[Key, Value]):
    """Loads values by key for one request. A value that was loaded once stays the same until its key is cleared."""

    def __init__(self, load_batch: Callable[[list[Key]], Awaitable[Sequence[Value]]]) -> None:
        """`load_batch` returns the values of different keys, in their order."""
        self._load_batch = load_batch
        # The batch of each key that was loaded, or is being loaded.
        self._batches: dict[Key, _Batch[Key, Value]] = {}
        self._next: _Batch[Key, Value] | None = None
        self._running: dict[asyncio.Task[None], _Batch[Key, Value]] = {}
        self._abandoned = False

    async def load_many(self, keys: Sequence[Key]) -> list[Value]:
        """Return the values in the order of the keys. Raises what the load of any of them raised."""
        if self._abandoned:
            raise asyncio.CancelledError
        if keys and not self._batches:  # the first load of a request, without a loop over the keys
            batch = self._next or self._begin()
            self._batches = dict.fromkeys(keys, batch)
            batch.keys += self._batches
            values = await batch.wait()
            if batch.keys == keys:  # the usual case: one call has asked for all keys
                return list(values)
            return list(map((await batch.wait_by_key()).__getitem__, keys))
        batches = [self._batch_of(key) for key in keys]
        # A batch may hold older values of keys that are now in another batch.
        values_of = {batch: await batch.wait_by_key() for batch in dict.fromkeys(batches)}
        return [values_of[batch][key] for batch, key in zip(batches, keys, strict=True)]

    def prime_many(self, keys: Sequence[Key], values: Sequence[Value]) -> bool:
        """Take values that were read already. A key that was loaded, or is being loaded, keeps its value.

        Return whether all values were taken.
        """
        batch = _Batch[Key, Value]()
        batch.keys, batch.values = list(keys), values
        if not self._batches:  # the first values of a request, without a loop over the keys
            self._batches = dict.fromkeys(keys, batch)
            return True
        batches = [self._batches.setdefault(key, batch) for key in keys]
        return all(found is batch for found in batches)

    def clear_many(self, keys: Iterable[Key]) -> None:
        """Forget keys, as `clear` does."""
        if self._batches:
            for key in keys:
                self.clear(key)

    def clear(self, key: Key) -> None:
        """Forget a key, so that the next call loads it again. Calls that wait for it still get the earlier value."""
        self._batches.pop(key, None)

    def abandon(self) -> None:
        """Cancel the loads in flight, and those that would follow."""
        self._abandoned = True
        for task, batch in self._running.items():
            task.cancel()
            batch.fail(asyncio.CancelledError())

    def _batch_of(self, key: Key) -> _Batch[Key, Value]:
        """Return the batch of a key. A key that has none joins the next one."""
        batch = self._batches.get(key)
        if batch is None:
            batch = self._batches[key] = self._next or self._begin()
            batch.keys.append(key)
        return batch

    def _begin(self) -> _Batch[Key, Value]:
        batch = self._next = _Batch[Key, Value]()
        # The task starts in the next iteration of the loop. The keys of this one are complete by then.
        task = asyncio.create_task(self._run(batch))
        self._running[task] = batch
        task.add_done_callback(self._running.pop)
        return batch

    async def _run(self, batch: _Batch[Key, Value]) -> None:
        self._next = None
        # A key that was cleared in the iteration of its first call may be there twice.
        batch.keys = list(dict.fromkeys(batch.keys))
        try:
            batch.succeed(await self._load_batch(batch.keys))
        except BaseException as error:
            for key in batch.keys:
                if self._batches.get(key) is batch:
                    del self._batches[key]
            batch.fail(error)
            if not isinstance(error, Exception):
                raise
