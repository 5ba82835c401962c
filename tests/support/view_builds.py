"""The steps of a build of the declared shapes, one by one."""

from typing import NamedTuple

from cache.maintenance.shapes import shape_steps
from cache.redis.shape_steps import ShapeSteps
from cache.store import Store
from db.index_source import INDEX_START
from db.shape_source import ViewBatch, next_range, view_batches
from tests.support.redis_state import protocol


class Build(NamedTuple):
    """A build of all declared shapes."""

    steps: ShapeSteps
    generations: dict[str, int]


async def begin_build(store: Store) -> Build:
    steps = shape_steps(store, protocol(store))
    generations = {name: number for number, name in enumerate(steps.views.named, 1)}
    await steps.begin(generations)
    await steps.begin_adding(generations)
    return Build(steps, generations)


async def read_batches(store: Store, build: Build) -> dict[str, list[ViewBatch]]:
    async with store.database.connection() as connection:
        part = await next_range(connection, store.workspace, INDEX_START, 10)
        assert part is not None
        return {
            name: await view_batches(connection, store.workspace, part, shape)
            for name, shape in build.steps.views.named.items()
        }


async def finish_build(store: Store, build: Build, batches: dict[str, list[ViewBatch]]) -> None:
    steps, generations = build
    async with store.redis.bulk(steps.gate.redis_run_id) as bulk:
        for name, batch in batches.items():
            if commands := list(steps.pack_batches(name, generations[name], batch)):
                assert steps.all_added(await bulk.send(commands))
    assert await steps.finish(generations)
