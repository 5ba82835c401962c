"""What Redis holds for the declared views, and what it should hold."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from cache.maintenance.shapes import build_shapes, shape_steps
from cache.redis.client import Argument
from cache.redis.shape_steps import ShapeSteps
from cache.redis.times import created_at_us, expires_at_ms
from cache.store import Store
from db.orders import DECLARED_ORDERS, order_score
from db.task import Task
from db.views import view_keys
from tests.support.gate_states import grant_gate_lease
from tests.support.redis_state import protocol

# By the name of the shape and the key of the view: the score of each task by creation, by expiry ('' for none), and in
# the orders that the shape declares.
Members = dict[tuple[str, str], dict[bytes, tuple[int | str, ...]]]


class Sender(Protocol):
    """Sends commands to the Redis that holds the index."""

    async def send(self, commands: Sequence[Sequence[Argument]], *, run_id: str = "") -> list[Any]:
        """Return the replies."""


async def built_shapes(store: Store) -> None:
    """Build the declared shapes of the index in use."""
    async with asyncio.timeout(30):
        while not await build_shapes(store):
            # Another process builds them, or Redis has not answered in time.
            await grant_gate_lease(store)
            await asyncio.sleep(0.05)


async def declared_members(store: Store) -> Members:
    """Return the members of every declared view, see `read_members`."""
    return await read_members(shape_steps(store, protocol(store)), store.redis)


async def read_members(steps: ShapeSteps, redis: Sender) -> Members:
    """Return the members of every declared view. Fails if a view has no beacon, no task, or is not registered."""
    found: Members = {}
    shapes = await steps.shapes()
    assert set(shapes) == set(steps.views.named), shapes
    for name, generation in shapes.items():
        assert generation.isdigit(), name
        shape = steps.views.named[name]
        dimensions, orders = len(shape), steps.views.shapes[shape]
        registries = [steps.keys.view_values(generation, number) for number in range(1, dimensions + 1)]
        members = await redis.send([("ZRANGE", registry, 0, -1) for registry in registries])
        assert {len(views) for views in members} == {len(members[0])}
        for key in members[-1]:
            if key:
                index, expiring = steps.keys.view_sets(generation, key)
                created, expiries = await redis.send(
                    [("ZRANGE", index, 0, -1, "WITHSCORES"), ("ZRANGE", expiring, 0, -1, "WITHSCORES")]
                )
                by_expiry = {id_: int(score) for id_, score in expiries if id_}
                assert created[0][0] == expiries[-1][0] == b""
                assert len(created) > 1, (name, key)
                assert set(by_expiry) <= {id_ for id_, _ in created}
                by_order = [
                    await _scores(redis, set_)
                    for order, set_ in zip(DECLARED_ORDERS, steps.keys.order_sets(generation, key), strict=True)
                    if order in orders
                ]
                assert all(set(scores) == {id_ for id_, _ in created[1:]} for scores in by_order), (name, key)
                found[name, key.decode()] = {
                    id_: (int(score), by_expiry.get(id_, ""), *(scores[id_] for scores in by_order))
                    for id_, score in created[1:]
                }
    return found


async def _scores(redis: Sender, key: bytes) -> dict[bytes, int]:
    """Return the scores of a set in a declared order. Fails if its beacon is missing."""
    (found,) = await redis.send([("ZRANGE", key, 0, -1, "WITHSCORES")])
    assert found[0][0] == b""
    return {id_: int(score) for id_, score in found[1:]}


async def declared_expiring(store: Store, task: Task) -> list[bytes]:
    """Return the keys of the sets by expiry of the declared views that hold a task."""
    steps = shape_steps(store, protocol(store))
    return [
        steps.keys.view_sets(generation, key.encode())[1]
        for name, generation in (await steps.shapes()).items()
        for key in view_keys(task, steps.views.named[name])
    ]


async def view_keys_of(store: Store, shape: str, key: str) -> tuple[bytes, bytes]:
    """Return the keys of the two sets of a declared view: by creation, and by expiry."""
    steps = shape_steps(store, protocol(store))
    return steps.keys.view_sets((await steps.shapes())[shape], key.encode())


async def holding(store: Store) -> set[bytes]:
    """Return the ids in flight whose views Redis keeps, without the beacon."""
    (ids,) = await store.redis.send([("HKEYS", protocol(store).keys.holding)])
    return set(ids) - {b""}


async def reordering(store: Store) -> set[bytes]:
    """Return the ids whose place in a declared order is in doubt, without the beacon."""
    (ids,) = await store.redis.send([("SMEMBERS", protocol(store).keys.reordering)])
    return set(ids) - {b""}


def expected_members(store: Store, tasks: Iterable[Task]) -> Members:
    """Return the members that the declared views of these visible tasks have."""
    expected: Members = defaultdict(dict)
    for name, shape in store.gate_lease.views.named.items():
        for task in tasks:
            for key in view_keys(task, shape):
                scores = (order_score(task, order) for order in store.shapes[shape])
                expected[name, key][task.id.bytes] = (created_at_us(task), expires_at_ms(task), *scores)
    return dict(expected)
