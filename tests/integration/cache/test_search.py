"""Tests filters while tasks change."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from cache.reads.loader import TaskLoader
from cache.reads.search import SearchRange, filter_tasks
from cache.reads.session import Session
from cache.redis.encoded_task import EncodedTask
from cache.store import Store
from db.filters import RowFilter
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task
from tests.support.task_factories import in_an_hour

SOON = in_an_hour()


async def test_task_that_moves_ahead_of_a_reading_filter_is_returned_once(store: Store) -> None:
    first, second, third = [
        await create_uncached_task(store, expires_at=SOON + timedelta(minutes=minutes)) for minutes in range(3)
    ]

    class ConcurrentlyChangedLoader(TaskLoader):
        loads = 0

        async def load_many(self, ids: Sequence[UUID]) -> list[EncodedTask | None]:
            """Delete the second task before the first load, so that the filter reads on. Then move the first task."""
            self.loads += 1
            if self.loads > 1:
                return await super().load_many(ids)
            await StoreClient(store).delete_task(second.id)
            loaded = await super().load_many(ids)
            await StoreClient(store).update_task(first.id, {"expires_at": SOON + timedelta(hours=1)})
            return loaded

    session = Session(store)
    session._loader = ConcurrentlyChangedLoader(store, session.cache)
    found = await filter_tasks(session, RowFilter(expires_from=SOON), SearchRange(2))
    assert found.tasks == [first, third]
    assert not found.has_after
