"""Tests writes whose wait for a synchronous standby is ended by an operator: their outcome must count as unknown."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cache.maintenance.scrub import scrub_all
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.errors import CommitUnknown, NotReplicated
from db.idle_gates import record_use
from db.migrations import migrate
from db.pool import Database
from tests.support.consistency import check_entries, check_indexes
from tests.support.gate_states import build_index
from tests.support.postgres_copies import value, wait_for
from tests.support.postgres_server import PostgresServer, primary_and_standby
from tests.support.protocol_steps import make_marks_overdue
from tests.support.redis_server import PATIENT_SECONDS
from tests.support.redis_state import marked_ids, protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task
from tests.support.task_factories import new_id, new_task

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
STREAMING = "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    with primary_and_standby(tmp_path_factory.mktemp("servers")) as (primary, standby):
        migrate(primary.url)
        yield primary, standby


@pytest.fixture
async def store(servers: tuple[PostgresServer, PostgresServer], redis_url: str) -> AsyncIterator[Store]:
    """Yield a store of a new workspace on the primary. Its sessions begin with a setting that would hide warnings."""
    url = servers[0].url + "&options=-c%20client_min_messages%3Derror"
    async with Database(url) as database, Redis(redis_url, read_timeout=PATIENT_SECONDS) as redis:
        store = Store(database, redis, StoreMetrics(), str(new_id()))
        await build_index(store)
        yield store


async def ended_wait(primary: PostgresServer, end: str, write: Coroutine[Any, Any, Any]) -> BaseException | None:
    """Begin a write, end its wait for the standby once it has begun, and return the error of the write."""
    writing = asyncio.create_task(write)
    await wait_for(primary, f"SELECT EXISTS ({WAITING})")
    assert await value(primary.url, f"SELECT {end}(pid) FROM ({WAITING}) AS waiting")
    await asyncio.wait({writing})
    return writing.exception()


async def use(store: Store) -> None:
    async with store.database.for_every_workspace().connection() as connection:
        await record_use(connection, [store.workspace])


@asynccontextmanager
async def stopped(standby: PostgresServer, primary: PostgresServer) -> AsyncIterator[None]:
    """Stop the standby for the block. Without it, no other test could commit."""
    await asyncio.to_thread(standby.kill)
    try:
        yield
    finally:
        await asyncio.to_thread(standby.start)
        await wait_for(primary, STREAMING)


@pytest.mark.parametrize(
    ("end", "error"), [("pg_cancel_backend", NotReplicated), ("pg_terminate_backend", CommitUnknown)]
)
async def test_commit_whose_wait_for_the_standby_is_ended_has_an_unknown_outcome(
    servers: tuple[PostgresServer, PostgresServer], store: Store, end: str, error: type[CommitUnknown]
) -> None:
    primary, standby = servers
    task, new = await create_uncached_task(store), new_task()
    await StoreClient(store).update_task(task.id, {"title": "Replicated"})
    async with stopped(standby, primary):
        update = StoreClient(store).update_task(task.id, {"status": "DONE"})
        assert type(await ended_wait(primary, end, update)) is error
        assert await marked_ids(store) == [task.id.bytes]
        (found,) = await StoreClient(store).tasks_by_id([task.id])
        assert found is not None
        assert (found.status, found.version) == ("DONE", 3)

        create = StoreClient(store).create_tasks([new])
        assert type(await ended_wait(primary, end, create)) is error
        assert len(await protocol(store).recorded_creates(0.0)) == 1
        page = await StoreClient(store).page(PageRange(2))
        assert [each.id for each in page.tasks] == [new.id, task.id]

        # Without BEGIN and COMMIT, a statement commits by itself.
        ended = await ended_wait(primary, end, use(store))
        assert isinstance(ended, NotReplicated) is (end == "pg_cancel_backend")

    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    await check_indexes(store)
    await check_entries(store)
    await StoreClient(store).update_task(task.id, {"title": "Replicated again"})
    assert await marked_ids(store) == []
