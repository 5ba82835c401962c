"""A page after or before a position whose task is at another position by now."""

from itertools import product
from typing import Any

import pytest

from cache.redis.index import PageRange
from cache.store import Store
from tests.support.redis_state import protocol
from tests.support.store_factories import uncommitted_task

SCORES = (2, 4, 6, 8)


@pytest.mark.parametrize("order", ["NEWEST", "OLDEST", "EXPIRING_SOON"])
async def test_position_counts_and_not_its_task(store: Store, order: Any) -> None:
    names, later = protocol(store).keys, 10**14
    ids = sorted(uncommitted_task().id for _ in SCORES)
    members = {id_.bytes: later + each for id_, each in zip(ids, SCORES, strict=True)}
    for key in (names.indexes[0], names.expiring[0]):
        await store.redis.client.zadd(key, members)
    positions = [(later + each, id_) for id_, each in zip(ids, SCORES, strict=True)]
    for moved, score in product(ids, (1, 3, 4, 5, 7, 9)):
        cursor = (later + score, moved)
        higher, lower = [p for p in positions if p > cursor], [p for p in positions if p < cursor]
        for after in (True, False):
            part = PageRange(9, order=order, after=cursor if after else None, before=None if after else cursor)
            page = await protocol(store).page(part)
            newest = order == "NEWEST"
            expected = sorted(lower if after is newest else higher, reverse=newest)
            assert [(at, id_) for at, id_ in zip(page.scores, page.ids, strict=True)] == [
                (at, id_.bytes) for at, id_ in expected
            ]
            assert len(positions) == page.length
