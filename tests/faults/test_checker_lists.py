"""The checker itself, of pages, walks, searches, filters and totals: nobody missing, and all in their order."""

from math import inf
from typing import Any

from tests.faults.handmade import bad, create, delete, good, page, seen, told, unclear, update
from tests.faults.history import Answer, Asked, Kind, Operation, Seen


def test_a_whole_page_holds_all_that_was_there_throughout() -> None:
    one, two = create(0, 1), create(0, 1, "b")
    good(one, two, page(2, 3, seen(1), seen(1, "b"), total=2))
    good(one, create(0, 4, "b"), page(2, 3, seen(1), total=1))
    bad("nobody has deleted it", one, two, page(2, 3, seen(1, "b"), total=2))
    good(one, two, delete(2, 5, 2), page(2, 3, seen(1, "b"), total=1))
    bad("shown 2 times", one, page(2, 3, seen(1), seen(1), total=1))
    bad("version 1 is shown after 2 was", one, update(2, 3, 2), page(4, 5, seen(1), total=1))


def test_a_page_of_a_view_holds_all_that_did_not_leave_it() -> None:
    moved = update(2, 5, 2, status="DONE")
    good(create(0, 1), moved, page(3, 4, view="TODO", total=0), page(3, 4, view="DONE", total=0))
    good(create(0, 1), moved, page(6, 7, view="TODO", total=0), page(6, 7, seen(2, status="DONE"), view="DONE"))
    bad("nobody has deleted it", create(0, 1), moved, page(6, 7, view="DONE"))
    bad("nobody has deleted it", create(0, 1), update(2, 5, 2), page(6, 7, view="TODO"))
    bad("among the tasks that are DONE", create(0, 1), page(2, 3, seen(1), view="DONE"))
    good(create(0, 1), unclear("update", 2, 3, title="x", status="DONE"), page(6, 7, view="TODO"))


def test_a_total_counts_all_that_was_there_throughout() -> None:
    one, two = create(0, 1), create(0, 1, "b")
    both = (seen(1), seen(1, "b"))
    bad("a total of 1, while 2", one, two, page(2, 3, *both, total=1))
    good(one, two, page(2, 3, *both, total=3))
    good(one, two, delete(2.5, 5, 2), page(2, 3, *both, total=1))
    good(one, two, delete(1.5, 5, 2), page(2, 3, *both, total=1))
    good(one, two, update(2.5, 5, 2, status="DONE"), page(2, 3, *both, view="TODO", total=1))
    bad("a total of 1, while 2", one, two, update(2.5, 5, 2), page(2, 3, *both, view="TODO", total=1))


def listed(kind: Kind, start: float, end: float, *tasks: Seen, **asked: Any) -> Operation:
    return told(kind, start, end, Asked(whole=True, **asked), Answer(seen=tasks))


def test_what_was_made_later_comes_first_or_last() -> None:
    one, two = create(0, 1), create(2, 3, "b")
    good(one, two, page(4, 5, seen(1, "b"), seen(1)))
    good(one, two, listed("walk", 4, 5, seen(1), seen(1, "b"), order="OLDEST"))
    bad("order it was made after", one, two, page(4, 5, seen(1), seen(1, "b")))
    bad("order it was made after", one, two, listed("walk", 4, 5, seen(1, "b"), seen(1), order="OLDEST"))
    bad("order it was made after", one, two, listed("filter", 4, 5, seen(1), seen(1, "b")))
    # Of two that were made at the same time nobody knows.
    good(one, create(0.5, 3, "b"), page(4, 5, seen(1), seen(1, "b")), page(4, 5, seen(1, "b"), seen(1)))


def test_a_walk_meets_a_task_once_unless_it_moves() -> None:
    one, two = create(0, 1, expires_at=50), create(0, 1, "b", expires_at=60)
    moved = update(2, 3, 2, expires_at=90)
    tasks = (seen(1, expires_at=50), seen(1, "b", expires_at=60), seen(2, expires_at=90))
    good(one, two, moved, listed("walk", 1.5, 5, *tasks, order="EXPIRING_SOON"))
    bad("shown 2 times", one, two, moved, listed("walk", 1.5, 5, *tasks))
    bad("shown 2 times", one, two, listed("walk", 1.5, 5, *tasks[:2], tasks[0], order="EXPIRING_SOON"))


def test_by_expiry_come_those_that_end_sooner_first_and_all_of_them() -> None:
    soon: dict[str, Any] = {"order": "EXPIRING_SOON"}
    one, two = create(0, 1, expires_at=50), create(0, 1, "b", expires_at=60)
    ends, later = seen(1, expires_at=50), seen(1, "b", expires_at=60)
    good(one, two, create(0, 1, "c"), listed("page", 4, 5, ends, later, **soon))
    bad("ends later and comes first", one, two, listed("page", 4, 5, later, ends, **soon))
    bad("order it never ends", create(0, 1), listed("page", 4, 5, seen(1), **soon))
    bad("nobody has deleted it", one, two, listed("page", 4, 5, ends, **soon))
    bad("nobody has deleted it", one, two, listed("filter", 4, 5, ends, **soon))
    # Its end is put off while somebody looks; or something else is changed, which moves it nowhere.
    good(one, two, update(4, 9, 2, "b", expires_at=70), listed("page", 5, 6, ends, **soon))
    taken_away = told("update", 4, 9, Asked(("b",), expires_at=inf), Answer(seen=(seen(2, "b"),)))
    good(one, two, taken_away, listed("page", 5, 6, ends, **soon))
    bad("nobody has deleted it", one, two, update(4, 9, 2, "b", expires_at=60), listed("page", 5, 6, ends, **soon))


def test_a_search_finds_all_that_had_the_word_throughout() -> None:
    made = create(0, 1, title="c1 7")
    good(made, listed("search", 2, 3, words=("c2",)), listed("search", 2, 3, seen(1, title="c1 7"), words=("c1",)))
    bad("nobody has deleted it", made, listed("search", 2, 3, words=("c1",)))
    bad("nobody has deleted it", made, listed("search", 2, 3, words=("c",)))
    good(made, update(2, 5, 2, title="c2 1"), listed("search", 3, 4, words=("c1",)))
    bad("nobody has deleted it", made, update(2, 3, 2, title="c2 1"), listed("search", 4, 5, words=("c2",)))
    bad("1 is shown after 2", made, update(2, 3, 2), listed("search", 4, 5, seen(1, title="c1 7"), words=("c1",)))


def test_a_filter_finds_all_of_its_status() -> None:
    bad("nobody has deleted it", create(0, 1), listed("filter", 2, 3, status="TODO"))
    bad("among the tasks that are DONE", create(0, 1), listed("filter", 2, 3, seen(1), status="DONE"))
    good(create(0, 1), update(2, 5, 2, status="DONE"), listed("filter", 3, 4, status="TODO"))
