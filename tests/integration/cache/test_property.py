"""Tests that, after random operations, every page, position and total equals that of a plain list."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, ClassVar, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database
from db.task import Status
from db.views import View
from tests.support.examples import examples
from tests.support.gate_states import build_index
from tests.support.shadow_rows import (
    ASSIGNEES,
    CREATION_TIMES,
    DECLARED,
    DUE_DATES,
    EXPIRIES,
    LABELS,
    ORDERED,
    ORDERS,
    PRIORITIES,
    SHAPES,
)
from tests.support.shadow_store import ShadowStore

expiries = st.sampled_from(EXPIRIES)
creation_times = st.sampled_from(CREATION_TIMES)
statuses = st.sampled_from(get_args(Status))
picks = st.integers(0, 30)
assignees = st.sampled_from(ASSIGNEES)
due_dates = st.sampled_from(DUE_DATES)
priorities = st.sampled_from(PRIORITIES)
labels = st.lists(st.sampled_from(LABELS), unique=True)
views = st.sampled_from(DECLARED) | st.builds(View, status=statuses | st.none())
new_fields = st.fixed_dictionaries(
    {
        "status": statuses,
        "expires_at": expiries,
        "created_at": creation_times,
        "assignee": assignees,
        "labels": labels,
        "due_at": due_dates,
        "priority": priorities,
    }
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["Buy milk", "Buy bread"]),
        "status": statuses,
        "expires_at": expiries,
        "assignee": assignees,
        "labels": labels,
        "due_at": due_dates,
        "priority": priorities,
    },
)
operations = st.one_of(
    st.tuples(st.just("create"), new_fields),
    st.tuples(st.just("create_many"), st.lists(new_fields, min_size=1, max_size=7)),
    st.tuples(st.just("create_with_known_id"), picks),
    st.tuples(st.just("update"), picks, changes),
    st.tuples(st.just("update"), picks, st.fixed_dictionaries({"expires_at": expiries})),
    st.tuples(st.just("update"), picks, st.fixed_dictionaries({"due_at": due_dates, "priority": priorities})),
    st.tuples(st.just("delete"), picks),
    st.tuples(st.just("restore"), picks),
    st.tuples(st.just("expire"), picks),
    st.tuples(st.just("evict"), st.lists(picks, max_size=5)),
    st.tuples(st.just("read"), st.integers(1, 9), views, st.sampled_from(ORDERS)),
    st.tuples(st.just("read_in_order"), st.integers(1, 9), st.sampled_from(ORDERED)),
    st.tuples(st.just("scrub_all")),
    st.tuples(st.just("lose_index")),
    st.tuples(st.just("rebuild_index")),
    st.tuples(st.just("build_shapes")),
    st.tuples(st.just("drop_shapes")),
    st.tuples(st.just("write_as_older_release")),
    st.tuples(st.just("cancel_update"), picks, changes, st.floats(0, 4)),
)


class ExampleRunner:
    """Runs every example on the same pair of stores, in a workspace of its own."""

    numbers: ClassVar = itertools.count(1)

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._metrics = StoreMetrics()
        self._database = Database(database_url)
        self._redis = Redis(redis_url)
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        await self._stack.enter_async_context(self._database)
        await self._stack.enter_async_context(self._redis)

    async def close(self) -> None:
        await self._stack.aclose()

    async def run(self, steps: list[tuple[Any, ...]], *, with_shapes: bool) -> None:
        store = Store(self._database, self._redis, self._metrics, f"w{next(self.numbers)}", shapes=SHAPES)
        await build_index(store)
        shadow = ShadowStore(store)
        if with_shapes:
            await shadow.build_shapes()
        for name, *arguments in steps:
            step: Callable[..., Awaitable[None]] = getattr(shadow, name)
            await step(*arguments)
        await shadow.check_all()
        await shadow.check_indexes()


def test_store_answers_like_a_plain_list(database_url: str, redis_url: str) -> None:
    with asyncio.Runner() as runner:
        example_runner = ExampleRunner(database_url, redis_url)
        runner.run(example_runner.open())

        @settings(max_examples=examples(30), suppress_health_check=list(HealthCheck), database=None)
        @given(st.lists(operations, min_size=10, max_size=30), st.booleans())
        def run_example(steps: list[tuple[Any, ...]], with_shapes: bool) -> None:
            runner.run(example_runner.run(steps, with_shapes=with_shapes))

        try:
            run_example()
        finally:
            runner.run(example_runner.close())
