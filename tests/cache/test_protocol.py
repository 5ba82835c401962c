"""The steps of the protocol, each against what another may have done in between."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cache import index as sorted_index
from cache import keys
from cache.accounting import Accounting
from cache.entry import decode
from cache.errors import CacheUnavailable
from cache.index import IndexLost, Range
from cache.protocol import Protocol
from cache.rebuild import ensure_index
from cache.redis import Argument, Redis, Verb
from cache.scrub import dead_marks, scrub, tidy
from cache.store import Store
from cache.tasks import Tasks
from db import gate
from db import tasks as sql
from db.errors import DatabaseError
from db.pool import Database
from db.rows import Status, Task
from tests.cache.samples import (
    create,
    entry,
    evict,
    in_an_hour,
    indexed,
    marks,
    new_id,
    new_task,
    rev,
    views,
)

TRANSACTION = timedelta(seconds=10)
# Long enough ago that the margin is over as well: such a mark is dead from the start.
LONG_AGO = timedelta(seconds=-60)
# Tokens of writers that only these tests know; real ones are lower.
EARLIER, LATER = 1_000_005, 1_000_007


async def mark(store: Store, token: int, task: Task, *, visible: bool = True, dead: bool = False) -> None:
    await store.protocol.mark(token, task, visible=visible, transaction=LONG_AGO if dead else TRANSACTION)


async def one(store: Store, **fields: Any) -> Task:
    """A task that is there, without an entry."""
    return (await create(store, **fields))[0]


def moved(task: Task, status: Status, version: int = 2) -> Task:
    values = {name: getattr(task, name) for name in task.__struct_fields__}
    return Task(**values | {"status": status, "version": version})


def unborn(**fields: Any) -> Task:
    """A task that its writer has not committed yet, and perhaps never will."""
    now, new = datetime.now(UTC), new_task(**fields)
    return Task(new.id, new.title, "", new.status, "NONE", now, now, new.expires_at, 1)


async def held(store: Store, task: Task) -> bytes:
    return await entry(store, task.id) or b""


# Readers


async def test_a_reader_fills_what_it_leased(store: Store) -> None:
    task = await one(store)
    assert await store.protocol.lease("a", [task.id]) == [task.id]
    assert await held(store, task) == b"L a"
    await store.protocol.fill("a", {task.id: task})
    assert decode(store.workspace, task.id, await entry(store, task.id)) == task


async def test_a_second_reader_gets_no_lease(store: Store) -> None:
    task, other = await create(store, 2)
    await store.protocol.lease("a", [task.id])
    assert await store.protocol.lease("b", [task.id, other.id]) == [other.id]
    await store.protocol.fill("b", {task.id: task})
    assert await held(store, task) == b"L a"
    assert await Tasks(store).tasks_by_id([task.id]) == [task]
    assert await held(store, task) == b"L a"


async def test_a_lease_ends_by_itself(store: Store) -> None:
    task = await one(store)
    await store.protocol.lease("a", [task.id])
    assert 0 < await store.redis.client.pttl(store.protocol.keys.entry(task.id)) <= 10_000


async def test_what_is_not_there_leaves_no_entry(store: Store) -> None:
    id_ = new_id()
    assert await Tasks(store).tasks_by_id([id_]) == [None]
    assert await entry(store, id_) is None


@pytest.mark.parametrize("dead", [False, True])
async def test_nobody_fills_over_a_mark(store: Store, dead: bool) -> None:
    task = await one(store)
    await mark(store, EARLIER, moved(task, "DONE"), dead=dead)
    marked = await held(store, task)
    assert await store.protocol.lease("a", [task.id]) == []
    await store.protocol.fill("a", {task.id: task})
    assert await Tasks(store).tasks_by_id([task.id]) == [task]
    assert await held(store, task) == marked
    assert marked.startswith(b"M %d " % EARLIER)


async def test_a_mark_ends_a_lease(store: Store) -> None:
    task = await one(store)
    await store.protocol.lease("a", [task.id])
    await mark(store, EARLIER, moved(task, "DONE"))
    await store.protocol.fill("a", {task.id: task})
    assert (await held(store, task)).startswith(b"M ")


async def test_a_fill_after_an_overtaken_lease_does_nothing(store: Store) -> None:
    task = await one(store)
    await store.protocol.lease("a", [task.id])
    await Tasks(store).update_task(task.id, {"title": "Newer"})
    value = await held(store, task)
    await store.protocol.fill("a", {task.id: task})
    assert await held(store, task) == value
    await evict(store, task.id)
    await store.protocol.fill("a", {task.id: task})
    assert await entry(store, task.id) is None
    await store.protocol.lease("b", [task.id])
    await store.protocol.fill("a", {task.id: task})
    assert await held(store, task) == b"L b"


async def test_an_entry_of_another_task_or_workspace_is_not_believed(store: Store) -> None:
    task, other = await create(store, 2)
    await store.protocol.lease("a", [task.id])
    await store.protocol.fill("a", {task.id: other})
    assert await Tasks(store).tasks_by_id([task.id]) == [task]
    value = await entry(store, task.id)
    assert decode("another", other.id, value) is None
    assert decode(store.workspace, other.id, value) == other


@pytest.mark.parametrize("value", [b"", b"V", b"V ", b"V 1", b"V 1 ", b"V 1 \x92\xa1", b"nonsense", b"\xff\x00"])
async def test_an_entry_that_makes_no_sense_is_not_believed(store: Store, value: bytes) -> None:
    task = await one(store)
    await store.redis.client.set(store.protocol.keys.entry(task.id), value)
    assert await Tasks(store).tasks_by_id([task.id]) == [task]


# Writers


async def test_a_mark_holds_both_states_and_publish_leaves_the_new_one(store: Store) -> None:
    task = await one(store)
    done = moved(task, "DONE")
    await mark(store, EARLIER, done)
    assert await views(store, task.id) == {None, "TODO", "DONE"}
    assert await marks(store) == [task.id.bytes]
    assert await store.redis.client.pttl(store.protocol.keys.entry(task.id)) == -1
    await store.protocol.publish(EARLIER, done, visible=True)
    assert await views(store, task.id) == {None, "DONE"}
    assert await marks(store) == []
    assert decode(store.workspace, task.id, await entry(store, task.id)) == done


async def test_a_deleted_task_stays_in_the_indexes_until_it_is_published(store: Store) -> None:
    task = await one(store)
    await mark(store, EARLIER, task, visible=False)
    assert await views(store, task.id) == {None, "TODO"}
    await store.protocol.publish(EARLIER, task, visible=False)
    assert await views(store, task.id) == set()
    assert await entry(store, task.id) is None


async def test_a_late_mark_is_refused(store: Store) -> None:
    task = await one(store)
    await mark(store, LATER, task)
    marked, before = await held(store, task), await rev(store)
    with pytest.raises(CacheUnavailable):
        await mark(store, EARLIER, moved(task, "DONE"))
    assert await held(store, task) == marked
    assert await views(store, task.id) == {None, "TODO"}
    assert await rev(store) == before


async def test_a_publish_over_the_mark_of_another_touches_nothing(store: Store) -> None:
    task = await one(store)
    await mark(store, EARLIER, moved(task, "DONE"))
    await mark(store, LATER, moved(task, "IN_PROGRESS"))
    marked, before = await held(store, task), await rev(store)
    await store.protocol.publish(EARLIER, moved(task, "DONE"), visible=True)
    assert await held(store, task) == marked
    assert await views(store, task.id) == {None, "TODO", "IN_PROGRESS", "DONE"}
    assert await marks(store) == [task.id.bytes]
    assert await rev(store) > before


@pytest.mark.parametrize("there", [b"", b"L a", b"V 1 old"])
async def test_a_publish_without_its_mark_deletes_the_entry_and_takes_no_id_out(store: Store, there: bytes) -> None:
    task = await one(store)
    await mark(store, EARLIER, moved(task, "DONE"))
    await evict(store, task.id)
    if there:
        await store.redis.client.set(store.protocol.keys.entry(task.id), there)
    await store.protocol.publish(EARLIER, moved(task, "DONE"), visible=True)
    assert await entry(store, task.id) is None
    assert await views(store, task.id) == {None, "TODO", "DONE"}


async def test_an_abort_puts_everything_back(store: Store) -> None:
    task = await one(store, expires_at=in_an_hour())
    await mark(store, EARLIER, moved(task, "DONE"))
    before = await rev(store)
    await store.protocol.abort(EARLIER, task, visible=True)
    assert await views(store, task.id) == {None, "TODO"}
    assert await entry(store, task.id) is None
    assert await marks(store) == []
    assert await rev(store) > before


async def test_an_abort_of_a_create_takes_the_id_out(store: Store) -> None:
    task = unborn()
    await mark(store, EARLIER, task)
    assert await views(store, task.id) == {None, "TODO"}
    await store.protocol.abort(EARLIER, task, visible=False)
    assert await views(store, task.id) == set()


async def test_an_abort_is_only_over_its_own_mark(store: Store) -> None:
    task = unborn()
    await mark(store, EARLIER, task)
    await mark(store, LATER, task)
    marked = await held(store, task)
    await store.protocol.abort(EARLIER, task, visible=False)
    assert await held(store, task) == marked
    assert await views(store, task.id) == {None, "TODO"}
    await store.protocol.publish(LATER, task, visible=True)
    value = await held(store, task)
    await store.protocol.abort(LATER, task, visible=False)
    assert await held(store, task) == value
    assert await views(store, task.id) == {None, "TODO"}


async def test_the_later_expiry_counts_until_the_publish(store: Store) -> None:
    early, late = in_an_hour(), in_an_hour() + timedelta(hours=1)
    for first, second in ((early, late), (late, early)):
        task = await one(store, expires_at=first)
        values = {name: getattr(task, name) for name in task.__struct_fields__}
        changed = Task(**values | {"expires_at": second})
        await mark(store, EARLIER, changed)
        assert await _expiry(store, task) == int(late.timestamp() * 1000)
        await store.protocol.publish(EARLIER, changed, visible=True)
        assert await _expiry(store, task) == int(second.timestamp() * 1000)


@pytest.mark.parametrize("first", [True, False])
async def test_no_expiry_is_later_than_any_until_the_publish(store: Store, first: bool) -> None:
    """Else a sweep takes out the id of a task whose row, if the writer rolls back, never expires."""
    task = await one(store, expires_at=None if first else in_an_hour())
    values = {name: getattr(task, name) for name in task.__struct_fields__}
    await mark(store, EARLIER, Task(**values | {"expires_at": in_an_hour() if first else None}))
    assert await _expiry(store, task) is None


async def _expiry(store: Store, task: Task) -> float | None:
    score: Any = await store.redis.client.zscore(store.protocol.keys.expiring[0], task.id.bytes)
    return score if score is None else float(score)


async def test_a_bulk_create_breaks_the_lease_of_a_scrub(store: Store) -> None:
    task = unborn()
    await store.protocol.lease("a", [task.id], scrub=True)
    await store.protocol.add(LATER, [task])
    await store.protocol.scrub("a", task.id, None)
    assert await views(store, task.id) == {None, "TODO"}
    assert await entry(store, task.id) is None


async def test_a_write_whose_row_is_refused_leaves_nothing(store: Store) -> None:
    task = await one(store)
    with pytest.raises(DatabaseError):
        await Tasks(store).update_task(task.id, {"title": "x" * 501})
    assert await Tasks(store).tasks_by_id([task.id]) == [task]
    assert await marks(store) == []


# The scrub


async def test_a_live_mark_is_not_scrubbed(store: Store) -> None:
    task = await one(store)
    await mark(store, EARLIER, moved(task, "DONE"))
    marked = await held(store, task)
    assert await dead_marks(store) == []
    assert await scrub(store, [task.id]) == 0
    await tidy(store)
    assert await held(store, task) == marked


async def test_the_mark_of_a_writer_that_died_is_scrubbed_after_its_deadline(store: Store) -> None:
    task, ghost = await one(store), unborn()
    await mark(store, EARLIER, moved(task, "DONE"), dead=True)
    await mark(store, EARLIER + 1, ghost, dead=True)
    before = await rev(store)
    assert set(await dead_marks(store)) == {task.id, ghost.id}
    await tidy(store)
    assert await marks(store) == []
    assert await views(store, task.id) == {None, "TODO"}
    assert await views(store, ghost.id) == set()
    assert await entry(store, ghost.id) is None
    assert decode(store.workspace, task.id, await entry(store, task.id)) == task
    assert await rev(store) > before


async def test_the_scrub_follows_a_commit_that_nobody_published(store: Store) -> None:
    task = await one(store)
    async with store.database.transaction() as connection:
        await gate.enter_gate(connection, store.workspace, task.id)
        done = await sql.update_task(connection, store.workspace, moved(task, "DONE"))
        await mark(store, EARLIER, done, dead=True)
    assert await Tasks(store).tasks_by_id([task.id]) == [done]
    await tidy(store)
    assert await views(store, task.id) == {None, "DONE"}
    assert decode(store.workspace, task.id, await entry(store, task.id)) == done


async def test_a_scrub_without_its_lease_does_nothing(store: Store) -> None:
    task = await one(store)
    await store.protocol.lease("a", [task.id], scrub=True)
    updated = await Tasks(store).update_task(task.id, {"status": "DONE"})
    await store.protocol.scrub("a", task.id, None)
    assert await views(store, task.id) == {None, "DONE"}
    assert decode(store.workspace, task.id, await entry(store, task.id)) == updated


async def test_the_scrub_puts_a_wrong_index_right(store: Store) -> None:
    task = await one(store)
    index, client = store.protocol.keys.indexes, store.redis.client
    await client.zadd(index[keys.VIEWS.index("DONE")], {task.id.bytes: 5})
    await client.zrem(index[keys.VIEWS.index("TODO")], task.id.bytes)
    await scrub(store, [task.id])
    assert await views(store, task.id) == {None, "TODO"}


@pytest.mark.parametrize("direction", ["first", "last"])
async def test_ghosts_are_dropped_from_full_pages_and_then_scrubbed(store: Store, direction: Any) -> None:
    real = await create(store, 4)
    ghosts = []
    for _ in range(7):
        ghosts.append(unborn())
        await store.protocol.add(LATER, [ghosts[-1]])
    real = await create(store, 4) + real
    request = Tasks(store)
    page = await request.task_page(Range(6, direction))
    assert page.tasks == (real[:6] if direction == "first" else real[-6:])
    assert (page.has_before, page.has_after) == (direction == "last", direction == "first")
    assert store.suspects == {ghost.id for ghost in ghosts}
    # Not taken out by the page: each may be a create that is about to be committed.
    assert len(await indexed(store)) == 15
    await tidy(store)
    assert store.suspects == set()
    assert await indexed(store) == [task.id for task in real]
    assert (await Tasks(store).task_page(Range(6))).total == 8


async def test_a_task_in_the_index_of_a_status_it_has_left_is_dropped(store: Store) -> None:
    task, other = await create(store, 2)
    await mark(store, EARLIER, moved(task, "DONE"))
    assert (await Tasks(store).task_page(Range(5, status="DONE"))).tasks == []
    assert (await Tasks(store).task_page(Range(5, status="TODO"))).tasks == [task, other]
    assert store.suspects == {task.id}


# Lost


def _places() -> list[str]:
    return ["rev", *(f"{kind} {n}" for kind in ("index", "expiring") for n in range(len(keys.VIEWS)))]


async def _lose(store: Store, place: str) -> None:
    names, client = store.protocol.keys, store.redis.client
    if place == "rev":
        await client.delete(names.rev)
        return
    kind, _, number = place.partition(" ")
    key = (names.indexes if kind == "index" else names.expiring)[int(number)]
    await client.zrem(key, keys.BEACON)


STEPS: dict[str, Callable[[Protocol, Task], Awaitable[Any]]] = {
    "mark": lambda protocol, task: protocol.mark(LATER, task, visible=True, transaction=TRANSACTION),
    "publish": lambda protocol, task: protocol.publish(EARLIER, task, visible=False),
    "abort": lambda protocol, task: protocol.abort(EARLIER, task, visible=False),
    "add": lambda protocol, task: protocol.add(LATER, [task]),
    "lease": lambda protocol, task: protocol.lease("b", [task.id], scrub=True),
    "fill": lambda protocol, task: protocol.fill("a", {task.id: task}),
    "scrub": lambda protocol, task: protocol.scrub("a", task.id, None),
    "sweep": lambda protocol, _task: protocol.sweep(),
}


async def test_every_step_notices_that_something_is_lost_and_does_nothing(store: Store) -> None:
    for place in _places():
        await ensure_index(store, force=True)
        task, other = await create(store, 2)
        await mark(store, EARLIER, task)
        await store.protocol.lease("a", [other.id])
        await _lose(store, place)
        before = await _snapshot(store)
        for step in STEPS.values():
            for one_ in (task, other):
                with pytest.raises(IndexLost):
                    await step(store.protocol, one_)
        assert await _snapshot(store) == before


async def _snapshot(store: Store) -> dict[bytes, Any]:
    client = store.redis.client
    found: dict[bytes, Any] = {}
    async for key in client.scan_iter():
        kind = await client.type(key)
        found[key] = await (client.get(key) if kind == b"string" else client.zrange(key, 0, -1, withscores=True))
    return found


@pytest.mark.parametrize("view", range(len(keys.VIEWS)))
@pytest.mark.parametrize("what", ["rev", "index", "expiring"])
async def test_a_page_notices_that_its_index_is_lost(store: Store, view: int, what: str) -> None:
    await _lose(store, what if what == "rev" else f"{what} {view}")
    with pytest.raises(IndexLost):
        await sorted_index.page(store.redis, store.protocol.keys, Range(5, status=keys.VIEWS[view]))


async def test_a_read_notices_that_redis_was_emptied(store: Store) -> None:
    task = await one(store)
    await store.redis.client.flushdb()
    with pytest.raises(IndexLost):
        await Tasks(store).tasks_by_id([task.id])
    assert store.index_missing.is_set()
    assert not store.ready
    assert await store.redis.client.dbsize() == 0


async def test_a_write_into_a_lost_index_changes_nothing(store: Store) -> None:
    task = await one(store)
    await store.redis.client.flushdb()
    for write in (
        Tasks(store).update_task(task.id, {"title": "No"}),
        Tasks(store).delete_task(task.id),
        Tasks(store).create_task(new_task()),
        Tasks(store).create_tasks([new_task(), new_task()]),
    ):
        store.index_missing.clear()
        with pytest.raises(IndexLost):
            await write
        assert store.index_missing.is_set()
    assert await ensure_index(store) == 1
    assert (await Tasks(store).task_page(Range(5))).tasks == [task]


# How long an entry stays


@pytest.mark.parametrize("step", ["publish", "fill", "scrub"])
@pytest.mark.parametrize("lifetime", [timedelta(minutes=5), timedelta(days=5), None])
async def test_an_entry_stays_an_hour_at_most_and_not_past_the_expiry(
    store: Store, step: str, lifetime: timedelta | None
) -> None:
    task = await one(store, expires_at=None if lifetime is None else datetime.now(UTC) + lifetime)
    if step == "publish":
        task = await Tasks(store).update_task(task.id, {"title": "Published"})
    elif step == "fill":
        await Tasks(store).tasks_by_id([task.id])
    else:
        await scrub(store, [task.id])
    key = store.protocol.keys.entry(task.id)
    assert decode(store.workspace, task.id, await entry(store, task.id)) == task
    assert 0 < await store.redis.client.pttl(key) <= 3_600_000
    if task.expires_at is not None:
        assert await _ends(store, task) <= task.expires_at.timestamp() * 1000


async def _ends(store: Store, task: Task) -> int:
    client: Any = store.redis.client
    return int(await client.pexpiretime(store.protocol.keys.entry(task.id)))


async def test_entries_do_not_end_all_together(store: Store) -> None:
    made = await create(store, 50)
    await Tasks(store).task_page(Range(50))
    ends = {await _ends(store, task) for task in made}
    assert len(ends) > 10


# When Redis fails in the middle of a write


class Failing(Redis):
    """A Redis whose connection breaks at one step: before it arrives, or before its reply does."""

    def __init__(self, url: str, verb: Verb, *, arrives: bool) -> None:
        super().__init__(url)
        self._verb, self._arrives = verb, arrives

    async def script(self, verb: Verb, keys: Any, *arguments: Argument) -> Any:
        if verb != self._verb or self._arrives:
            reply = await super().script(verb, keys, *arguments)
        if verb == self._verb:
            raise CacheUnavailable
        return reply


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_write_is_acknowledged_although_its_publish_failed(
    store: Store, database: Database, redis_url: str, arrives: bool
) -> None:
    task, gone = await create(store, 2)
    await Tasks(store).task_page(Range(5))
    async with Failing(redis_url, "publish", arrives=arrives) as redis:
        failing = Store(database, redis, Accounting())
        failing.use(store.protocol.keys.epoch)
        updated = await Tasks(failing).update_task(task.id, {"title": "Newer", "status": "DONE"})
        await Tasks(failing).delete_task(gone.id)
        created = await Tasks(failing).create_task(new_task())
        assert failing.accounting.publishes_lost == 3
    for _ in range(2):
        request = Tasks(store)
        assert await request.tasks_by_id([task.id, gone.id, created.id]) == [updated, None, created]
        assert (await request.task_page(Range(5))).tasks == [created, updated]
        assert (await Tasks(store).task_page(Range(5, status="DONE"))).tasks == [updated]
        assert (await Tasks(store).task_page(Range(5, status="TODO"))).tasks == [created]
    assert len(await marks(store)) == (0 if arrives else 3)
    await _kill_marks(store)
    await tidy(store)
    assert await marks(store) == []
    assert await views(store, task.id) == {None, "DONE"}
    assert await views(store, gone.id) == set()
    assert await views(store, created.id) == {None, "TODO"}
    assert (await Tasks(store).task_page(Range(5))).total == 2


@pytest.mark.parametrize("arrives", [False, True])
async def test_a_write_that_could_not_mark_changes_nothing(
    store: Store, database: Database, redis_url: str, arrives: bool
) -> None:
    task, other = await create(store, 2)
    async with Failing(redis_url, "mark", arrives=arrives) as redis:
        failing = Store(database, redis, Accounting())
        failing.use(store.protocol.keys.epoch)
        for write in (
            Tasks(failing).update_task(task.id, {"status": "DONE"}),
            Tasks(failing).delete_task(other.id),
            Tasks(failing).create_task(new_task()),
        ):
            with pytest.raises(CacheUnavailable):
                await write
    assert (await Tasks(store).task_page(Range(5))).tasks == [task, other]
    # A mark that may have arrived is not aborted: were it still on its way, it would land after the abort.
    assert len(await marks(store)) == (3 if arrives else 0)
    await _kill_marks(store)
    await tidy(store)
    assert await indexed(store) == [task.id, other.id]
    assert await indexed(store, "DONE") == []
    assert await marks(store) == []


@pytest.mark.parametrize("arrives", [False, True])
async def test_many_that_could_not_be_added_are_not_there(
    store: Store, database: Database, redis_url: str, arrives: bool
) -> None:
    new = [new_task() for _ in range(3)]
    async with Failing(redis_url, "add", arrives=arrives) as redis:
        failing = Store(database, redis, Accounting())
        failing.use(store.protocol.keys.epoch)
        with pytest.raises(CacheUnavailable):
            await Tasks(failing).create_tasks(new)
        assert failing.suspects == {task.id for task in new}
        assert (await Tasks(store).task_page(Range(5))).tasks == []
        await tidy(failing)
    assert await indexed(store) == []
    made = await Tasks(store).create_tasks(new)
    assert all(isinstance(task, Task) for task in made)
    assert (await Tasks(store).task_page(Range(5))).total == 3


async def test_a_fill_that_is_lost_does_no_harm(store: Store, database: Database, redis_url: str) -> None:
    task = await one(store)
    async with Failing(redis_url, "fill", arrives=False) as redis:
        failing = Store(database, redis, Accounting())
        failing.use(store.protocol.keys.epoch)
        assert await Tasks(failing).tasks_by_id([task.id]) == [task]


async def _kill_marks(store: Store) -> None:
    """As if the deadline of every mark had passed."""
    names, client = store.protocol.keys, store.redis.client
    for id_ in await marks(store):
        mark: Any = await client.get(names.entries + id_)
        await client.set(names.entries + id_, mark.rpartition(b" ")[0] + b" 1")
        await client.zadd(names.marks, {id_: 1})


async def test_an_add_ends_the_mark_of_an_earlier_create(store: Store) -> None:
    """Else the late abort of a create that was rolled back takes out the id that was created since."""
    task = await one(store)
    await mark(store, EARLIER, task)
    await store.protocol.add(LATER, [task])
    await store.protocol.abort(EARLIER, task, visible=False)
    assert await views(store, task.id) == {None, "TODO"}


async def test_an_add_that_comes_late_leaves_the_mark_of_a_later_create(store: Store) -> None:
    task = await one(store)
    await mark(store, LATER, task)
    marked = await held(store, task)
    await store.protocol.add(EARLIER, [task])
    assert await held(store, task) == marked
