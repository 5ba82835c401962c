"""Conversion of the arguments of connections and nodes."""

from typing import Any

import pytest
import strawberry

from cache.reads.search import SearchRange
from cache.redis.index import PageRange
from db.views import View
from schema.errors import BadInput
from schema.ids import new_id
from schema.resolvers.arguments import MAX_PAGE_NUMBER, id_argument, id_list_argument, match_range, page_range
from schema.types.task import TaskOrder


def range_of(**given: Any) -> PageRange:
    """Return the result of `page_range`, with null for each missing argument."""
    nulls: dict[str, Any] = dict.fromkeys(("first", "after", "last", "before", "page"))
    return page_range(**(nulls | {"order_by": TaskOrder.NEWEST, "workspace": "default", "view": View()} | given))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, PageRange(50)),
        ({"first": 0}, PageRange(0)),
        ({"first": 100}, PageRange(100)),
        ({"last": 7}, PageRange(7, "last")),
        ({"first": 9, "last": 7}, PageRange(9)),
        ({"page": 3}, PageRange(50, offset=100)),
        ({"first": 10, "page": MAX_PAGE_NUMBER}, PageRange(10, offset=10 * (MAX_PAGE_NUMBER - 1))),
        ({"view": View(status="DONE")}, PageRange(50, view=View(status="DONE"))),
        ({"order_by": TaskOrder.OLDEST}, PageRange(50, order="OLDEST")),
    ],
    ids=str,
)
def test_page_range(given: dict[str, Any], expected: PageRange) -> None:
    assert range_of(**given) == expected


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("count", [-1, 101, 10**9])
def test_page_size_out_of_range_is_rejected(name: str, count: int) -> None:
    with pytest.raises(BadInput) as caught:
        range_of(**{name: count})
    assert caught.value.message == f"{name} must be from 0 to 100, not {count}."
    assert caught.value.extensions == {
        "code": "BAD_USER_INPUT",
        "argument": name,
        "limit": 100,
        "requested": count,
    }


@pytest.mark.parametrize("page", [-1, 0, MAX_PAGE_NUMBER + 1])
def test_page_number_out_of_range_is_rejected(page: int) -> None:
    with pytest.raises(BadInput, match=rf"^page must be from 1 to 1000000000, not {page}\."):
        range_of(page=page)


@pytest.mark.parametrize("other", ["after", "before", "last"])
def test_page_number_with_cursor_or_last_is_rejected(other: str) -> None:
    with pytest.raises(BadInput, match=f"^page cannot be combined with {other}"):
        range_of(page=1, **{other: 1 if other == "last" else "a cursor"})


def test_match_range() -> None:
    assert match_range(None, None, workspace="default") == SearchRange(50)
    assert match_range(3, None, 2, workspace="default") == SearchRange(3)
    assert match_range(None, None, 2, workspace="default") == SearchRange(2, "last")
    for count in (-1, 101):
        with pytest.raises(BadInput, match=r"^last must be from 0 to 100"):
            match_range(None, None, count, workspace="default")


def test_id_argument_names_the_argument() -> None:
    id_ = new_id()
    assert id_argument("id", str(id_)) == id_
    with pytest.raises(BadInput, match=r"^id must be a UUID"):
        id_argument("id", "7")


def test_id_list_argument_takes_up_to_100_ids() -> None:
    ids = [new_id() for _ in range(101)]
    texts = [strawberry.ID(str(id_)) for id_ in ids]
    assert id_list_argument("ids", texts[:100]) == ids[:100]
    with pytest.raises(BadInput, match=r"^ids must have at most 100 ids, not 101"):
        id_list_argument("ids", texts)
