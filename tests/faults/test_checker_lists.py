"""The checker on pages, walks, searches, filters and totals: every task, in the right order."""

from math import inf
from typing import Any

from tests.faults.history import Completion, Invocation, Kind, ObservedTask, Operation
from tests.faults.history_builders import (
    assert_valid,
    assert_violation,
    create,
    delete,
    observed,
    operation,
    page,
    unknown,
    update,
)
from tests.faults.views import Values


def test_page_of_the_whole_view_has_every_task_that_existed_throughout() -> None:
    one, two = create(0, 1), create(0, 1, "b")
    assert_valid(one, two, page(2, 3, observed(1), observed(1, "b"), total=2))
    assert_valid(one, create(0, 4, "b"), page(2, 3, observed(1), total=1))
    assert_violation("no write deleted it", one, two, page(2, 3, observed(1, "b"), total=2))
    assert_valid(one, two, delete(2, 5, 2), page(2, 3, observed(1, "b"), total=1))
    assert_violation("returned 2 times", one, page(2, 3, observed(1), observed(1), total=1))
    assert_violation("version 1 was returned after version 2", one, update(2, 3, 2), page(4, 5, observed(1), total=1))


def test_page_of_a_view_has_every_task_that_stayed_in_it() -> None:
    moved = update(2, 5, 2, status="DONE")
    assert_valid(create(0, 1), moved, page(3, 4, view=("TODO",), total=0), page(3, 4, view=("DONE",), total=0))
    assert_valid(
        create(0, 1), moved, page(6, 7, view=("TODO",), total=0), page(6, 7, observed(2, status="DONE"), view=("DONE",))
    )
    assert_violation("no write deleted it", create(0, 1), moved, page(6, 7, view=("DONE",)))
    assert_violation("no write deleted it", create(0, 1), update(2, 5, 2), page(6, 7, view=("TODO",)))
    assert_violation("in a page of DONE tasks", create(0, 1), page(2, 3, observed(1), view=("DONE",)))
    assert_valid(create(0, 1), unknown("update", 2, 3, title="x", values=Values("DONE")), page(6, 7, view=("TODO",)))


def test_total_counts_every_task_that_existed_throughout() -> None:
    one, two = create(0, 1), create(0, 1, "b")
    both = (observed(1), observed(1, "b"))
    assert_violation("a total of 1, although 2", one, two, page(2, 3, *both, total=1))
    assert_valid(one, two, page(2, 3, *both, total=3))
    assert_valid(one, two, delete(2.5, 5, 2), page(2, 3, *both, total=1))
    assert_valid(one, two, delete(1.5, 5, 2), page(2, 3, *both, total=1))
    assert_valid(one, two, update(2.5, 5, 2, status="DONE"), page(2, 3, *both, view=("TODO",), total=1))
    assert_violation(
        "a total of 1, although 2", one, two, update(2.5, 5, 2), page(2, 3, *both, view=("TODO",), total=1)
    )


def listed(kind: Kind, start: float, end: float, *tasks: ObservedTask, **arguments: Any) -> Operation:
    return operation(kind, start, end, Invocation(whole_view=True, **arguments), Completion(tasks=tasks))


def test_page_is_in_creation_order() -> None:
    one, two = create(0, 1), create(2, 3, "b")
    assert_valid(one, two, page(4, 5, observed(1, "b"), observed(1)))
    assert_valid(one, two, listed("walk", 4, 5, observed(1), observed(1, "b"), order="OLDEST"))
    assert_violation("order it is newer than", one, two, page(4, 5, observed(1), observed(1, "b")))
    assert_violation(
        "order it is newer than", one, two, listed("walk", 4, 5, observed(1, "b"), observed(1), order="OLDEST")
    )
    assert_violation("order it is newer than", one, two, listed("filter", 4, 5, observed(1), observed(1, "b")))
    # Concurrent creates may have either order.
    assert_valid(
        one, create(0.5, 3, "b"), page(4, 5, observed(1), observed(1, "b")), page(4, 5, observed(1, "b"), observed(1))
    )


def test_walk_returns_a_task_once_unless_it_moves() -> None:
    one, two = create(0, 1, expires_at=50), create(0, 1, "b", expires_at=60)
    moved = update(2, 3, 2, expires_at=90)
    tasks = (observed(1, expires_at=50), observed(1, "b", expires_at=60), observed(2, expires_at=90))
    assert_valid(one, two, moved, listed("walk", 1.5, 5, *tasks, order="EXPIRING_SOON"))
    assert_violation("returned 2 times", one, two, moved, listed("walk", 1.5, 5, *tasks))
    assert_violation("returned 2 times", one, two, listed("walk", 1.5, 5, *tasks[:2], tasks[0], order="EXPIRING_SOON"))


def test_page_by_expiry_is_complete_and_in_order() -> None:
    soon: dict[str, Any] = {"order": "EXPIRING_SOON"}
    one, two = create(0, 1, expires_at=50), create(0, 1, "b", expires_at=60)
    ends, later = observed(1, expires_at=50), observed(1, "b", expires_at=60)
    assert_valid(one, two, create(0, 1, "c"), listed("page", 4, 5, ends, later, **soon))
    assert_violation("expires later but comes first", one, two, listed("page", 4, 5, later, ends, **soon))
    assert_violation("order it never expires", create(0, 1), listed("page", 4, 5, observed(1), **soon))
    assert_violation("no write deleted it", one, two, listed("page", 4, 5, ends, **soon))
    assert_violation("no write deleted it", one, two, listed("filter", 4, 5, ends, **soon))
    # A concurrent update changes or removes the expiry, which moves the task; or changes another field, which does not.
    assert_valid(one, two, update(4, 9, 2, "b", expires_at=70), listed("page", 5, 6, ends, **soon))
    removed = operation("update", 4, 9, Invocation(("b",), expires_at=inf), Completion(tasks=(observed(2, "b"),)))
    assert_valid(one, two, removed, listed("page", 5, 6, ends, **soon))
    assert_violation(
        "no write deleted it", one, two, update(4, 9, 2, "b", expires_at=60), listed("page", 5, 6, ends, **soon)
    )


def test_search_finds_every_task_that_matched_throughout() -> None:
    made = create(0, 1, title="c1 7")
    assert_valid(
        made,
        listed("search", 2, 3, prefixes=("c2",)),
        listed("search", 2, 3, observed(1, title="c1 7"), prefixes=("c1",)),
    )
    assert_violation("no write deleted it", made, listed("search", 2, 3, prefixes=("c1",)))
    assert_violation("no write deleted it", made, listed("search", 2, 3, prefixes=("c",)))
    assert_valid(made, update(2, 5, 2, title="c2 1"), listed("search", 3, 4, prefixes=("c1",)))
    assert_violation(
        "no write deleted it", made, update(2, 3, 2, title="c2 1"), listed("search", 4, 5, prefixes=("c2",))
    )
    assert_violation(
        "version 1 was returned after version 2",
        made,
        update(2, 3, 2),
        listed("search", 4, 5, observed(1, title="c1 7"), prefixes=("c1",)),
    )


def test_filter_finds_every_task_of_its_status() -> None:
    assert_violation("no write deleted it", create(0, 1), listed("filter", 2, 3, view=("TODO",)))
    assert_violation("in a page of DONE tasks", create(0, 1), listed("filter", 2, 3, observed(1), view=("DONE",)))
    assert_valid(create(0, 1), update(2, 5, 2, status="DONE"), listed("filter", 3, 4, view=("TODO",)))


def test_page_of_a_declared_view_has_every_task_that_stayed_in_it() -> None:
    values: dict[str, Any] = {"assignee": "ann", "labels": ("blue", "red")}
    made, task = create(0, 1, **values), observed(1, **values)
    for view in (("ann",), ("ann", "TODO"), ("red",), ("blue",)):
        assert_valid(made, page(2, 3, task, view=view, total=1))
        assert_violation("no write deleted it", made, page(2, 3, view=view))
        assert_violation("a total of 0, although 1", made, page(2, 3, task, view=view, total=0))
    for view in (("ben",), ("ann", "DONE"), ("ben", "TODO")):
        assert_valid(made, page(2, 3, view=view, total=0))
        assert_violation(f"in a page of {' '.join(view)} tasks", made, page(2, 3, task, view=view))


def test_write_moves_a_task_out_of_declared_views() -> None:
    values: dict[str, Any] = {"assignee": "ann", "labels": ("blue", "red")}
    made, moved = create(0, 1, **values), update(2, 5, 2, assignee="ben", labels=("red",))
    assert_valid(made, moved, page(3, 4, view=("ann",), total=0), page(3, 4, view=("blue",), total=0))
    assert_violation("no write deleted it", made, moved, page(3, 4, view=("red",)))
    assert_violation("no write deleted it", made, moved, page(6, 7, view=("ben", "TODO")))
    # A write with an unknown outcome has perhaps removed the assignee, but not the labels.
    removed, task = unknown("update", 2, 3, title="x", values=Values(assignee="")), observed(1, **values)
    assert_valid(made, removed, page(6, 7, view=("ann", "TODO"), total=0))
    assert_violation("a total of 0, although 1", made, removed, page(6, 7, task, view=("red",), total=0))
