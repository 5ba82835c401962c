"""The checker itself: tiny histories, written by hand, each good or bad for one reason."""

from math import inf
from typing import Any

from tests.faults.checker import check
from tests.faults.history import Answer, Asked, History, Kind, Operation, Outcome, Seen

ID = "a"


def told(kind: Kind, start: float, end: float, asked: Asked, answer: Answer) -> Operation:
    return Operation("client", kind, asked, answer, start, end, wall=start)


def seen(version: int, id_: str = ID, **more: Any) -> Seen:
    return Seen(id_, version, **more)


def create(start: float, end: float, id_: str = ID, version: int = 1, **more: Any) -> Operation:
    return told("create", start, end, Asked((id_,)), Answer(seen=(seen(version, id_, **more),)))


def update(start: float, end: float, version: int, id_: str = ID, **more: Any) -> Operation:
    return told("update", start, end, Asked((id_,)), Answer(seen=(seen(version, id_, **more),)))


def delete(start: float, end: float, version: int | None) -> Operation:
    expected = None if version is None else version - 1
    return told("delete", start, end, Asked((ID,), expected=expected), Answer(gone={ID: version}))


def restore(start: float, end: float, version: int) -> Operation:
    return told("restore", start, end, Asked((ID,)), Answer(seen=(seen(version),)))


def unclear(kind: Kind, start: float, end: float, **asked: Any) -> Operation:
    return told(kind, start, end, Asked((ID,), **asked), Answer(Outcome.UNKNOWN))


def refused(kind: Kind, start: float, end: float) -> Operation:
    return told(kind, start, end, Asked((ID,)), Answer(Outcome.REFUSED, "NOT_FOUND", gone={ID: None}))


def read(start: float, end: float, version: int | None, **more: Any) -> Operation:
    answer = Answer(gone={ID: None}) if version is None else Answer(seen=(seen(version, **more),))
    return told("task", start, end, Asked((ID,)), answer)


def page(start: float, end: float, *tasks: Seen, view: str | None = None, total: int | None = None) -> Operation:
    answer = Answer(seen=tasks, total=total)
    return told("page", start, end, Asked(status=view, whole=True), answer)


def rows(at: float, *tasks: Seen, **gone: int) -> Operation:
    return told("rows", at, at, Asked(whole=True), Answer(seen=tasks, gone=dict(gone)))


def violations(*operations: Operation) -> list[str]:
    history = History()
    history.operations = list(operations)
    return [f"{found.rule} {found.text}" for found in check(history)]


def good(*operations: Operation) -> None:
    assert violations(*operations) == []


def bad(what: str, *operations: Operation) -> None:
    found = violations(*operations)
    assert found, f"nobody finds that {what}"
    assert what in found[0]


def test_what_one_client_does_alone() -> None:
    good(
        create(0, 1),
        read(1.5, 2, 1),
        update(3, 4, 2),
        read(5, 6, 2),
        delete(7, 8, 3),
        read(9, 10, None),
        restore(11, 12, 4),
        read(13, 14, 4),
        rows(20, seen(4)),
    )


def test_a_read_may_see_either_side_of_a_write_that_it_overlaps() -> None:
    good(create(0, 1), update(2, 6, 2), read(3, 4, 1), read(5, 7, 2))
    good(create(0, 1), update(2, 6, 2), read(3, 4, 2), read(5, 7, 2))
    good(create(0, 1), delete(2, 6, 2), read(3, 5, 1), read(3, 5, None))


def test_an_acknowledged_version_is_not_forgotten() -> None:
    bad("I1 version 1 is shown after 2 was", create(0, 1), update(2, 3, 2), read(4, 5, 1))


def test_a_reader_that_filled_late_is_found() -> None:
    """The naive cache: a reader reads version 1, a writer makes 2, the reader puts 1 into the cache."""
    late = read(1.5, 3.5, 1)
    good(create(0, 1), late, update(2, 3, 2))
    bad("version 1 is shown after 2 was", create(0, 1), late, update(2, 3, 2), read(4, 5, 1))


def test_two_reads_do_not_go_back() -> None:
    """Nobody has acknowledged version 2 yet, but it was returned."""
    bad("version 1 is shown after 2 was", create(0, 1), update(2, 9, 2), read(3, 4, 2), read(5, 6, 1))
    good(create(0, 1), update(2, 9, 2), read(3, 5, 2), read(4, 6, 1))


def test_a_create_that_was_answered_again_counts_as_a_read() -> None:
    bad("version 1 is shown after 2 was", create(0, 1), update(2, 9, 2), create(3, 4, version=2), read(5, 6, 1))


def test_a_task_that_is_known_is_not_missing() -> None:
    bad("nobody has deleted it", create(0, 1), read(2, 3, None))
    good(create(0, 3), read(1, 2, None))
    good(create(0, 1), unclear("delete", 2, 3, expected=1), read(4, 5, None))
    # A delete that came before the version that was seen explains nothing.
    bad("nobody has deleted it", create(0, 1), delete(2, 3, 2), restore(4, 5, 3), read(6, 7, None))
    bad("nobody has deleted it", create(0, 1), read(2, 3, None), delete(4, 5, 2))


def test_a_deleted_task_is_not_shown() -> None:
    bad("version 1 is shown after it was deleted, at 2", create(0, 1), delete(2, 3, 2), read(4, 5, 1))
    bad("version 1 is shown after it was deleted, at 2", create(0, 1), delete(2, 3, None), read(4, 5, 1))
    good(create(0, 1), delete(2, 3, 2), restore(4, 9, 3), read(5, 6, 3), read(5, 6, None))
    good(create(0, 1), delete(2, 3, None), restore(4, 9, 3), read(5, 6, 3))
    bad("shown, and is a delete", create(0, 1), delete(2, 5, 2), read(3, 4, 2))


def test_a_task_that_was_seen_to_be_gone_does_not_come_back() -> None:
    """Nobody has acknowledged the delete yet, but two were told that the task is gone."""
    bad("shown after it was deleted", create(0, 1), delete(2, 9, 2), read(3, 4, None), read(5, 6, 1))
    bad("shown after it was deleted", create(0, 1), delete(2, 9, 2), refused("update", 3, 4), read(5, 6, 1))
    good(create(0, 1), unclear("delete", 2, 3, expected=1), unclear("restore", 4, 5), read(6, 7, None), read(8, 9, 3))


def test_an_unclear_write_may_have_happened_or_not() -> None:
    unclear_update = unclear("update", 2, 3, title="new", expected=1)
    good(create(0, 1), unclear_update, read(4, 5, 1), read(6, 7, 2, title="new"), rows(9, seen(2, title="new")))
    good(create(0, 1), unclear_update, read(4, 5, 1), rows(9, seen(1)))
    good(unclear("create", 0, 1), read(2, 3, None), read(4, 5, 1), rows(9, seen(1)))
    good(unclear("create", 0, 1), read(2, 3, None), rows(9))
    # But once it was seen it has.
    bad("1 is shown after 2", create(0, 1), unclear_update, read(4, 5, 2, title="new"), read(6, 7, 1))
    bad("nobody has deleted", unclear("create", 0, 1), read(2, 3, 1), read(4, 5, None))


def test_an_unclear_delete_that_another_write_forestalled_explains_nothing() -> None:
    unclear_delete = unclear("delete", 2, 3, expected=1)
    bad("nobody has deleted it", create(0, 1), unclear_delete, update(2, 3, 2), read(4, 5, None))


def test_no_version_comes_before_its_writer() -> None:
    bad("before its writer began", create(0, 1), read(2, 3, 2), update(4, 5, 2))


def test_a_version_is_made_once_and_holds_one_thing() -> None:
    assert "lost two acknowledged writes made version 2" in violations(create(0, 1), update(2, 3, 2), update(2, 4, 2))
    bad("version 2 is", create(0, 1), update(2, 3, 2, title="x"), read(4, 5, 2, title="y"))


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


def test_an_expired_task_is_not_shown() -> None:
    good(create(0, 1, expires_at=5), read(4, 6, 1, expires_at=5), read(4, 6, None), read(7, 8, None))
    bad("I5 shown 1.000 s after it expired", create(0, 1, expires_at=5), read(6, 7, 1, expires_at=5))
    bad("nobody has deleted it", create(0, 1, expires_at=5), read(3, 4, None))
    good(create(0, 1, expires_at=5), page(6, 7, total=0), refused("update", 6, 7), rows(9, seen(1, expires_at=5)))
    # Its end was put off, or brought forward.
    bad("nobody has deleted it", create(0, 1, expires_at=5), update(2, 3, 2, expires_at=9), read(6, 7, None))
    good(create(0, 1), update(2, 8, 2, expires_at=5), read(6, 7, None))
    # While a write waited, another gave it an end, which passed.
    good(create(0, 1), update(3, 4, 2, expires_at=5), read(4.1, 4.2, 2, expires_at=5), refused("delete", 2, 9))
    # A restored task ends when it would have.
    end: dict[str, Any] = {"expires_at": 9}
    good(create(0, 1, **end), delete(2, 3, 2), told("restore", 4, 5, Asked((ID,)), Answer(seen=(seen(3, **end),))))
    good(create(0, 1, **end), delete(2, 3, 2), read(4, 8, 3, **end), read(10, 11, None))


def finished(kind: Kind, start: float, end: float, expected: int, version: int, status: str) -> Operation:
    answer = Answer(seen=(seen(version, status=status),))
    return told(kind, start, end, Asked((ID,), status="DONE", expected=expected), answer)


def test_what_is_completed_twice_is_done_once() -> None:
    done = finished("complete", 2, 3, 1, 2, "DONE")
    good(create(0, 1), done, finished("complete", 4, 5, 2, 2, "DONE"), rows(9, seen(2, status="DONE")))
    bad("nobody can have made: [3]", create(0, 1), done, finished("complete", 4, 5, 2, 2, "DONE"), rows(9, seen(3)))
    assert "lost two acknowledged writes made version 2" in violations(create(0, 1), done, update(2, 4, 2))
    bad("version 1 is shown after 2 was", create(0, 1), done, read(4, 5, 1))
    bad("nobody has deleted it", create(0, 1), done, page(4, 5, view="DONE"))
    good(create(0, 1), unclear("complete", 2, 3, status="DONE", expected=1), page(4, 5, view="TODO"))
    # Another write made that version.
    other = update(2, 3, 2, title="x")
    bad(
        "nobody has deleted it",
        *(create(0, 1), other, unclear("complete", 2, 3, status="DONE", expected=1), page(4, 5, view="TODO")),
    )


def part(id_: str, outcome: Outcome, *, batch: str = "x") -> Operation:
    asked = Asked((id_,), "x", expected=1, batch=batch)
    there = (seen(2, id_, title="x"),) if outcome is Outcome.DONE else ()
    return told("update", 2, 3, asked, Answer(outcome, seen=there))


def other(id_: str, version: int, title: str) -> Operation:
    return told("task", 6, 7, Asked((id_,)), Answer(seen=(seen(version, id_, title=title),)))


def test_a_write_of_many_that_was_to_be_whole_is_not_done_by_half() -> None:
    unclear_parts = [part("a", Outcome.UNKNOWN), part("b", Outcome.UNKNOWN)]
    good(create(0, 1), create(0, 1, "b"), *unclear_parts, other("a", 2, "x"), other("b", 2, "x"))
    good(create(0, 1), create(0, 1, "b"), *unclear_parts, other("a", 2, "y"), other("b", 2, "y"))
    bad("half of 'x' was done", create(0, 1), create(0, 1, "b"), *unclear_parts, other("a", 2, "x"), other("b", 2, "y"))


def test_what_was_refused_is_not_seen() -> None:
    for outcome in (Outcome.REFUSED, Outcome.UNAVAILABLE):
        bad("'x' was not written, and is seen", create(0, 1), part("a", outcome), other("a", 2, "x"))
    # Of many the one was refused, and the other not.
    good(create(0, 1), create(0, 1, "b"), part("a", Outcome.REFUSED, batch=""), part("b", Outcome.DONE, batch=""))


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


def test_nothing_acknowledged_is_lost() -> None:
    bad("lost there is no row", create(0, 1), rows(9))
    bad("version 1 is shown after 2 was", create(0, 1), update(2, 3, 2), rows(9, seen(1)))
    bad("shown after it was deleted", create(0, 1), delete(2, 3, 2), rows(9, seen(1)))
    good(create(0, 1), delete(2, 3, 2), rows(9, a=2))
    bad("deleted at version 1", create(0, 1), update(2, 3, 2), rows(9, a=1))
    bad("a row that nobody asked for", create(0, 1), rows(9, seen(1), seen(1, "b")))


def test_every_version_was_made_by_somebody() -> None:
    """A write that was said to have changed nothing has; or one was done twice."""
    no = told("update", 2, 3, Asked((ID,)), Answer(Outcome.UNAVAILABLE))
    bad("versions that nobody can have made: [2]", create(0, 1), no, rows(9, seen(2)))
    good(create(0, 1), unclear("update", 2, 3), rows(9, seen(2)))
    bad("nobody can have made: [2, 3]", create(0, 1), unclear("update", 2, 3), rows(9, seen(3)))


def test_a_long_history_takes_time_in_proportion() -> None:
    """A search through the orders of concurrent operations would not end."""
    operations = [create(0, 1)]
    for version in range(2, 20_002):
        operations += [update(version, version + 0.9, version), read(version + 0.5, version + 1.5, version)]
    good(*operations)
