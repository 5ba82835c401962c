"""The counts that subscribers are told: whenever they change, also after a time in which nobody could count."""

import asyncio
from contextlib import aclosing

from cache.counting import Counts
from cache.store import Store
from tests.cache.gates import off
from tests.cache.samples import create


async def test_they_go_on_after_a_count_that_failed(store: Store) -> None:
    await off(store)  # PostgreSQL counts
    async with aclosing(Counts(store).changes()) as counts, asyncio.timeout(30):
        assert (await anext(counts))[None] == 0
        async with store.database.connection() as connection:
            await connection.raw.execute("ALTER TABLE task RENAME TO nowhere")
        coming = asyncio.create_task(anext(counts))
        await asyncio.sleep(2.5)  # one count at least, whatever changes
        async with store.database.connection() as connection:
            await connection.raw.execute("ALTER TABLE nowhere RENAME TO task")
        assert not coming.done()
        await create(store, 3)
        assert (await coming)[None] == 3
