"""The checker on pages in declared orders, in which a task moves when its due date or its priority changes."""

from typing import Any

from tests.faults.history import Completion, Invocation, Kind, ObservedTask, Operation, Order
from tests.faults.history_builders import (
    assert_valid,
    assert_violation,
    create,
    delete,
    observed,
    operation,
    read,
    unknown,
    update,
)
from tests.faults.views import DUE_DATES, LISTS, NOT_DUE, Values

SOON, LATER, _ = DUE_DATES
LIST: dict[str, Any] = {"list_id": LISTS[0]}


def listed(
    start: float, end: float, *tasks: ObservedTask, order: Order = "DUE_FIRST", kind: Kind = "page", whole: bool = True
) -> Operation:
    """Return a page of the whole list, or one that begins with its first task."""
    invocation = Invocation(view=(LISTS[0],), whole_view=whole, from_start=True, order=order)
    return operation(kind, start, end, invocation, Completion(tasks=tasks))


def made(id_: str, created_at: int, due: str = NOT_DUE, priority: str = "NONE") -> tuple[Operation, ObservedTask]:
    """Return the create of a task of the list, and the task."""
    fields = LIST | {"created_at": created_at, "due": due, "priority": priority}
    return create(0, 1, id_, **fields), observed(1, id_, **fields)


def test_page_is_in_declared_order() -> None:
    pairs = [
        made("a", 1, SOON),
        made("b", 3, SOON, "LOW"),
        made("c", 2, LATER, "URGENT"),
        made("e", 2, priority="LOW"),
        made("d", 1, priority="LOW"),
    ]
    creates, tasks = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    by_priority = [tasks[place] for place in (2, 1, 3, 4, 0)]
    assert_valid(*creates, listed(2, 3, *tasks), listed(2, 3, *by_priority, order="PRIORITY_FIRST"))
    for first in range(4):
        swapped = [*tasks[:first], tasks[first + 1], tasks[first], *tasks[first + 2 :]]
        assert_violation("comes later in DUE_FIRST", *creates, listed(2, 3, *swapped))
        swapped = [*by_priority[:first], by_priority[first + 1], by_priority[first], *by_priority[first + 2 :]]
        assert_violation("comes later in PRIORITY_FIRST", *creates, listed(2, 3, *swapped, order="PRIORITY_FIRST"))


def test_page_has_a_task_that_moves_within_the_view() -> None:
    (create_a, a), (create_b, _) = made("a", 1, SOON), made("b", 2, SOON)
    moved = update(2, 5, 2, "b", due=LATER, created_at=2, **LIST)
    assert_violation("no write deleted it", create_a, create_b, moved, listed(3, 4, a))
    # A walk takes several pages, and the task may move from a later one to an earlier one.
    assert_valid(create_a, create_b, moved, listed(3, 4, a, kind="walk"))
    assert_violation("no write deleted it", create_a, create_b, moved, listed(6, 7, a, kind="walk"))
    changed = update(2, 5, 2, "b", priority="URGENT", due=SOON, created_at=2, **LIST)
    assert_violation("no write deleted it", create_a, create_b, changed, listed(3, 4, a, kind="walk"))


def test_first_page_has_every_task_before_its_last() -> None:
    (create_a, a), (create_b, b), (create_c, _) = made("a", 1, SOON), made("b", 2, LATER), made("c", 3)
    creates = create_a, create_b, create_c
    assert_valid(*creates, listed(2, 3, a, b, whole=False), listed(2, 3, a, whole=False))
    assert_violation("missing before b after version 1", *creates, listed(2, 3, b, whole=False))
    left = unknown("update", 2, 3, title="x", values=Values(list_id=""))
    for write in (delete(2, 3, 2), left, unknown("update", 2, 3, title="x", values=Values(due=LATER))):
        assert_valid(*creates, write, listed(2.5, 4, b, whole=False))
    other = unknown("update", 2, 3, title="x", values=Values(priority="URGENT"))
    assert_violation("missing before b after version 1", *creates, other, listed(2.5, 4, b, whole=False))


def test_first_page_without_a_task_has_shown_the_write_that_moved_it() -> None:
    (create_a, a), (create_b, b), (create_c, _) = made("a", 1, SOON), made("b", 2, LATER), made("c", 3)
    creates = create_a, create_b, create_c
    fields = LIST | {"created_at": 1, "due": NOT_DUE}
    moved, page = update(2, 9, 2, **fields), listed(3, 4, b, whole=False)
    assert_valid(*creates, moved, page, read(3.5, 5, 1, due=SOON, created_at=1, **LIST), read(5, 6, 2, **fields))
    assert_violation(
        "version 1 was returned after version 2", *creates, moved, page, read(5, 6, 1, due=SOON, created_at=1, **LIST)
    )
    assert_violation("version 1 was returned after version 2", *creates, moved, page, listed(5, 6, a, b, whole=False))
