"""Names of the Redis keys."""

from typing import get_args

import pytest

from cache.redis.keys import VIEW_OF, VIEWS, Keys, epochs_key
from cache.redis.pipeline import pack_command
from db.task import Status
from tests.unit.cache.tasks import task_id


def all_keys(keys: Keys) -> list[bytes]:
    return [*keys.prelude, keys.changes, keys.unsettled, keys.warm, keys.record(b"7"), keys.entry(task_id(1))]


def test_every_status_has_a_view() -> None:
    assert (None, *get_args(Status)) == VIEWS
    assert {VIEWS[number - 1]: number for number in VIEW_OF.values()} == VIEW_OF


def test_keys_are_distinct() -> None:
    keys = [*all_keys(Keys("a", 1)), *all_keys(Keys("a", 2)), *all_keys(Keys("b", 1)), epochs_key("a").encode()]
    assert len(set(keys)) == len(keys)


def test_keys_of_a_workspace_have_one_hash_tag_and_the_epoch() -> None:
    assert all(key.startswith(b"{default}:12:") for key in all_keys(Keys("default", 12)))
    assert epochs_key("default") == "{default}:epochs"


def test_prelude_has_the_keys_in_the_order_of_the_scripts() -> None:
    keys = Keys("default", 1)
    assert keys.prelude == [keys.rev, keys.marks, *keys.indexes, *keys.expiring, keys.moving]
    assert len(keys.indexes) == len(keys.expiring) == len(VIEWS)


def test_page_takes_the_keys_of_one_view() -> None:
    keys = Keys("default", 1)
    for number, view in enumerate(VIEWS):
        view_keys = [keys.indexes[number], keys.expiring[number]]
        assert keys.page(view) == [keys.rev, *view_keys, keys.moving, keys.entries]


@pytest.mark.parametrize("count", [0, 1, 50])
def test_command_that_reads_entries_is_packed_like_any_other(count: int) -> None:
    keys, ids = Keys("default", 12), [task_id(number) for number in range(count)]
    packed = pack_command(("MGET", keys.rev, *map(keys.entry, ids)))
    assert keys.read_command([id_.bytes for id_ in ids]) == packed
