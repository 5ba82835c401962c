"""The scrub waits for a writer that began after the scrub looked for writers (S3)."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from cache.maintenance.scrub import scrub
from cache.redis.entry import LeaseGrant
from cache.redis.protocol import Protocol
from cache.store import Store
from db import gate
from db.connection import Connection
from db.task import NewTask
from db.task_table import insert_tasks
from tests.support.protocol_steps import index_without_row
from tests.support.redis_state import indexed_ids, protocol
from tests.support.store_factories import uncommitted_task


class InterruptedScrub(Protocol):
    """A protocol in which a create begins just before the scrub takes its leases."""

    writer: Connection
    new: NewTask

    async def lease(self, *arguments: Any, **options: Any) -> LeaseGrant:
        await gate.enter_gate(self.writer, "default", self.new.id)
        await insert_tasks(self.writer, "default", [self.new])
        return await super().lease(*arguments, **options)


async def test_row_that_is_about_to_be_committed_is_not_missing(store: Store) -> None:
    """Without the wait, the scrub would find no row, and remove the id of a task that is then committed."""
    task = uncommitted_task()
    await index_without_row(store, task)
    steps = InterruptedScrub(store.redis, protocol(store).gate, store.workspace, protocol(store).views)
    steps.new = NewTask(task.id, task.title)
    async with AsyncExitStack() as writing:
        steps.writer = await writing.enter_async_context(store.database.transaction())
        scrubbing = asyncio.create_task(scrub(store, steps, [task.id]))
        await asyncio.wait([scrubbing], timeout=0.3)
        assert not scrubbing.done()
    assert await scrubbing == 1
    assert await indexed_ids(store) == [task.id]
