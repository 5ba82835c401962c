"""Tests that a page by expiry of a declared view comes from Redis only while the expiries there are known."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cache.errors import OrderMoving
from cache.maintenance.scrub import scrub_all
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db.views import View
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, make_marks_overdue
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import uncommitted_task
from tests.support.task_factories import new_task
from tests.support.view_builds import begin_build, finish_build, read_batches
from tests.support.view_state import built_shapes, declared_members, expected_members


async def test_order_by_expiry_is_unknown_after_a_write_that_began_during_the_build(store: Store) -> None:
    """Its mark has put the task into sets that lacked it, so its expiry there is unknown until the publish."""
    task = await StoreClient(store).create_task(new_task(assignee="ann", expires_at=datetime(2199, 1, 1, tzinfo=UTC)))
    build = await begin_build(store)
    write = MarkedWrite(LATER_TOKEN, structs.replace(task, assignee="bob"), before=task)
    await protocol(store).mark([write], transaction=timedelta(seconds=2))
    await finish_build(store, build, await read_batches(store, build))
    for assignee in ("ann", "bob"):
        part = PageRange(5, view=View(assignee=assignee), order="EXPIRING_SOON")
        with pytest.raises(OrderMoving):
            await protocol(store).page(part)
    await protocol(store).publish([write])
    assert (await protocol(store).page(part)).ids == [task.id.bytes]
    assert await declared_members(store) == expected_members(store, [write.task])


@pytest.mark.parametrize("in_build", [False, True])
@pytest.mark.parametrize("expires_at", [datetime(2199, 1, 1, tzinfo=UTC), None])
async def test_late_mark_of_a_deletion_makes_the_order_by_expiry_unknown(
    store: Store, expires_at: datetime | None, in_build: bool
) -> None:
    """Its writer knew another expiry than the one that was set since."""
    client = StoreClient(store)
    old = await client.create_task(new_task(assignee="ann", expires_at=expires_at))
    task = await client.update_task(old.id, {"expires_at": datetime(2198, 1, 1, tzinfo=UTC)})
    late = MarkedWrite(LATER_TOKEN, old, visible=False, before=old)
    if in_build:
        build = await begin_build(store)
    else:
        await built_shapes(store)
    await protocol(store).mark([late], transaction=timedelta(seconds=2))
    if in_build:
        await finish_build(store, build, await read_batches(store, build))
    part = PageRange(5, view=View(assignee="ann"), order="EXPIRING_SOON")
    with pytest.raises(OrderMoving):
        await protocol(store).page(part)
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    assert (await protocol(store).page(part)).ids == [task.id.bytes]
    assert await declared_members(store) == expected_members(store, [task])


async def test_order_by_expiry_is_unknown_after_two_creates_that_were_rolled_back(store: Store) -> None:
    """The base index has the expiry of the record, as the third create, but a view has that of the first create."""
    await built_shapes(store)
    later = structs.replace(uncommitted_task(expires_at=datetime(2199, 1, 1, tzinfo=UTC)), assignee="ann")
    earlier = structs.replace(later, expires_at=datetime(2198, 1, 1, tzinfo=UTC))
    await protocol(store).mark([MarkedWrite(EARLIER_TOKEN, later)], transaction=timedelta(seconds=2))
    await protocol(store).record(b"7", EARLIER_TOKEN + 1, [structs.replace(earlier, assignee="bob")])
    write = MarkedWrite(LATER_TOKEN, earlier)
    await protocol(store).mark([write], transaction=timedelta(seconds=2))
    await protocol(store).discard(b"7")
    part = PageRange(5, view=View(assignee="ann"), order="EXPIRING_SOON")
    with pytest.raises(OrderMoving):
        await protocol(store).page(part)
    await protocol(store).publish([write])
    assert (await protocol(store).page(part)).ids == [earlier.id.bytes]
    assert await declared_members(store) == expected_members(store, [earlier])
