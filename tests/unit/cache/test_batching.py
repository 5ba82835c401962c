"""The DataLoader: batches, duplicates, the cache of a request, errors and cancellation."""

import asyncio

import pytest

from cache.reads.batching import DataLoader


class SquareLoader(DataLoader[int, int]):
    """Loads squares. Records its batches, waits for `released`, and raises `error`."""

    def __init__(self) -> None:
        super().__init__(self.load_squares)
        self.loaded: list[list[int]] = []
        self.started = asyncio.Event()
        self.released = asyncio.Event()
        self.released.set()
        self.added = 0
        self.error: BaseException | None = None

    async def load_squares(self, keys: list[int]) -> list[int]:
        self.loaded.append(keys)
        self.started.set()
        await self.released.wait()
        if self.error is not None:
            raise self.error
        return [key * key + self.added for key in keys]


@pytest.fixture
async def loader() -> SquareLoader:
    return SquareLoader()


async def load_one(loader: SquareLoader, key: int) -> int:
    [value] = await loader.load_many([key])
    return value


async def waiting(loader: SquareLoader, *keys: int) -> "asyncio.Task[list[int]]":
    """Return a call that waits for a load in flight."""
    loader.released.clear()
    loader.started.clear()
    call = asyncio.create_task(loader.load_many(keys))
    await loader.started.wait()
    return call


async def test_values_come_in_the_order_of_the_keys(loader: SquareLoader) -> None:
    assert await loader.load_many([3, 1, 3, 2]) == [9, 1, 9, 4]
    assert loader.loaded == [[3, 1, 2]]
    assert await loader.load_many([]) == []
    assert await load_one(loader, 2) == 4
    assert len(loader.loaded) == 1


async def test_calls_of_one_turn_share_a_batch(loader: SquareLoader) -> None:
    first, second, third = await asyncio.gather(loader.load_many([1, 2]), load_one(loader, 2), loader.load_many([3, 1]))
    assert (first, second, third) == ([1, 4], 4, [9, 1])
    assert loader.loaded == [[1, 2, 3]]


async def test_only_new_keys_are_loaded(loader: SquareLoader) -> None:
    await loader.load_many([1, 2])
    assert await loader.load_many([3, 2, 4, 1]) == [9, 4, 16, 1]
    assert loader.loaded == [[1, 2], [3, 4]]


async def test_key_of_a_load_in_flight_is_not_loaded_again(loader: SquareLoader) -> None:
    first = await waiting(loader, 1, 2)
    second = asyncio.create_task(loader.load_many([2, 3]))
    await asyncio.sleep(0.01)
    assert loader.loaded == [[1, 2], [3]]
    loader.released.set()
    assert (await first, await second) == ([1, 4], [4, 9])


async def test_cleared_key_is_loaded_again(loader: SquareLoader) -> None:
    await loader.load_many([1, 2])
    loader.clear(1)
    loader.clear(9)
    loader.added = 100
    assert await loader.load_many([1, 2]) == [101, 4]
    assert await loader.load_many([2, 1]) == [4, 101]
    assert loader.loaded == [[1, 2], [1]]


async def test_key_that_is_cleared_during_its_load_is_loaded_again(loader: SquareLoader) -> None:
    first = await waiting(loader, 1)
    loader.clear(1)
    second = await waiting(loader, 1)
    loader.released.set()
    assert (await first, await second) == ([1], [1])
    assert loader.loaded == [[1], [1]]


async def test_key_that_is_cleared_before_its_load_is_loaded_once(loader: SquareLoader) -> None:
    first = asyncio.create_task(loader.load_many([1, 2]))
    await asyncio.sleep(0)
    loader.clear(1)
    loader.clear(2)
    assert await loader.load_many([1]) == [1]
    assert await first == [1, 4]
    assert loader.loaded == [[1, 2]]


async def test_every_call_gets_the_error_and_the_next_call_loads_again(loader: SquareLoader) -> None:
    loader.error = ValueError("wrong")
    first, second = await asyncio.gather(load_one(loader, 1), loader.load_many([1, 2]), return_exceptions=True)
    assert first is second is loader.error
    loader.error = None
    assert await load_one(loader, 1) == 1
    assert loader.loaded == [[1, 2], [1]]


async def test_cancelled_call_does_not_end_the_load_of_another(loader: SquareLoader) -> None:
    first = await waiting(loader, 1, 2)
    second = asyncio.create_task(load_one(loader, 2))
    await asyncio.sleep(0)
    first.cancel()
    loader.released.set()
    assert await second == 4
    with pytest.raises(asyncio.CancelledError):
        await first
    assert loader.loaded == [[1, 2]]


async def test_load_that_is_cancelled_from_within_cancels_its_calls(loader: SquareLoader) -> None:
    loader.error = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await load_one(loader, 1)


async def test_abandoned_loader_cancels_its_loads(loader: SquareLoader) -> None:
    in_flight = await waiting(loader, 1)
    next_turn = asyncio.create_task(load_one(loader, 2))
    await asyncio.sleep(0)
    loader.abandon()
    for call in (in_flight, next_turn, asyncio.create_task(load_one(loader, 3))):
        with pytest.raises(asyncio.CancelledError):
            await call
    assert loader.loaded == [[1]]


async def test_load_that_is_abandoned_before_its_first_step_does_not_run(loader: SquareLoader) -> None:
    call = asyncio.create_task(load_one(loader, 1))
    await asyncio.sleep(0)  # the call opens a batch
    loader.abandon()
    with pytest.raises(asyncio.CancelledError):
        await call
    with pytest.raises(asyncio.CancelledError):
        await load_one(loader, 1)
    assert loader.loaded == []


async def test_primed_values_are_not_loaded(loader: SquareLoader) -> None:
    assert loader.prime_many([1, 2], [-1, -2])
    assert await loader.load_many([2, 3, 1]) == [-2, 9, -1]
    assert loader.loaded == [[3]]


async def test_key_with_a_value_is_not_primed(loader: SquareLoader) -> None:
    assert await load_one(loader, 1) == 1
    assert not loader.prime_many([1, 2], [-1, -2])
    assert not loader.prime_many([2, 3], [-20, -3])
    assert await loader.load_many([1, 2, 3]) == [1, -2, -3]


async def test_key_of_a_load_in_flight_is_not_primed(loader: SquareLoader) -> None:
    call = await waiting(loader, 1)
    assert not loader.prime_many([1], [-1])
    loader.released.set()
    assert await call == [1]
    assert await load_one(loader, 1) == 1


async def test_cleared_key_forgets_its_primed_value(loader: SquareLoader) -> None:
    loader.prime_many([1], [-1])
    loader.clear(1)
    assert await load_one(loader, 1) == 1
