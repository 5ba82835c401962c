"""Tests how long the replies of the page script and the counts script stay the same: until the next expiry."""

from datetime import timedelta

from cache.redis.index import PageRange
from cache.store import Store
from db.views import View
from tests.support.redis_state import expiry_score, protocol
from tests.support.store_factories import create_uncached_task
from tests.support.task_factories import in_an_hour

PAGE = PageRange(10)
# What the scripts return if no task expires.
NO_EXPIRY = 2**53
# A page sweeps this many expired tasks at most.
PAGE_SWEEP_LIMIT = 1000
SOON = in_an_hour()


async def add_expired_ids(store: Store, count: int) -> None:
    """Add ids that have expired to the indexes of all tasks and of TODO."""
    keys = protocol(store).keys
    ids = {number.to_bytes(16): 1 for number in range(count)}
    for key in (keys.indexes[0], keys.expiring[0], keys.indexes[1], keys.expiring[1]):
        await store.redis.client.zadd(key, ids)


async def test_next_expiry_is_that_of_the_first_task_of_the_view_to_expire(store: Store) -> None:
    await create_uncached_task(store)
    assert (await protocol(store).page(PAGE)).next_expiry_ms == NO_EXPIRY
    assert (await protocol(store).counts()).next_expiry_ms == NO_EXPIRY
    await create_uncached_task(store, expires_at=SOON + timedelta(minutes=1), status="DONE")
    await create_uncached_task(store, expires_at=SOON, status="TODO")
    first, second = expiry_score(SOON), expiry_score(SOON + timedelta(minutes=1))
    assert (await protocol(store).page(PAGE)).next_expiry_ms == first
    assert (await protocol(store).page(PageRange(10, order="EXPIRING_SOON"))).next_expiry_ms == first
    assert (await protocol(store).page(PageRange(10, view=View(status="DONE")))).next_expiry_ms == second
    assert (await protocol(store).page(PageRange(10, view=View(status="IN_PROGRESS")))).next_expiry_ms == NO_EXPIRY
    assert (await protocol(store).counts()).next_expiry_ms == first


async def test_page_that_swept_all_expired_tasks_can_be_kept(store: Store) -> None:
    await create_uncached_task(store, expires_at=SOON)
    await add_expired_ids(store, PAGE_SWEEP_LIMIT)
    page = await protocol(store).page(PAGE)
    assert (page.length, page.total, page.next_expiry_ms) == (1, 1, expiry_score(SOON))


async def test_reply_cannot_be_kept_while_expired_tasks_are_left_to_sweep(store: Store) -> None:
    await create_uncached_task(store, expires_at=SOON)
    await add_expired_ids(store, PAGE_SWEEP_LIMIT + 1)
    assert (await protocol(store).counts()).next_expiry_ms == 0
    page = await protocol(store).page(PAGE)
    assert (page.length, page.total, page.next_expiry_ms) == (2, 1, 0)
    assert (await protocol(store).page(PAGE)).next_expiry_ms == expiry_score(SOON)


async def test_infinite_score_is_no_expiry(store: Store) -> None:
    """During a rebuild a task that never expires has the score +inf, as the beacon always has."""
    task = await create_uncached_task(store)
    await store.redis.client.zadd(protocol(store).keys.expiring[0], {task.id.bytes: float("inf")})
    assert (await protocol(store).page(PAGE)).next_expiry_ms == NO_EXPIRY
    assert (await protocol(store).counts()).next_expiry_ms == NO_EXPIRY
