"""The limit on the bytes of the tasks that one request reads."""

import pytest
from msgspec import structs

from cache.errors import TooMuchRead
from cache.reads.session import Session
from cache.redis.encoded_task import encode
from cache.store import Store
from tests.support.store_factories import uncommitted_task


async def test_bytes_count_from_the_101st_task_on(store: Store) -> None:
    task = encode("default", uncommitted_task())
    store.max_read_bytes = len(task.json) * 2
    loader = Session(store).loader
    loader.count([task] * 100)
    loader.count([task, None])
    loader.count([task])  # exactly the limit
    with pytest.raises(TooMuchRead):
        loader.count([structs.replace(task, json=b"x")])


async def test_page_of_101_tasks_counts_completely(store: Store) -> None:
    task = encode("default", uncommitted_task())
    store.max_read_bytes = len(task.json) * 101 - 1
    with pytest.raises(TooMuchRead):
        Session(store).loader.count([task] * 101)
