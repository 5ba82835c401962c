"""The checker itself, of single tasks: nothing old, nothing gone that is there, nothing lost."""

from typing import Any

from tests.faults.handmade import (
    ID,
    bad,
    create,
    delete,
    good,
    page,
    read,
    refused,
    restore,
    rows,
    seen,
    told,
    unclear,
    update,
    violations,
)
from tests.faults.history import Answer, Asked, Kind, Operation, Outcome


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


def test_a_restore_explains_no_version_but_its_own() -> None:
    good(create(0, 1), delete(2, 3, 2), restore(4, 5, 3), restore(6, 7, 3), rows(9, seen(3)))
    good(create(0, 1), unclear("delete", 2, 3, expected=1), restore(4, 5, 3), rows(9, seen(3)))
    bad("nobody can have made: [3]", create(0, 1), update(2, 3, 2), restore(4, 5, 3), rows(9, seen(3)))


def test_an_unclear_write_that_cannot_have_happened_explains_nothing() -> None:
    never, empty = unclear("update", 2, 3, title="x", status="DONE"), page(6, 7, view="TODO")
    bad("nobody has deleted it", create(0, 1), never, empty, rows(9, seen(1)))
    # One version has no writer, so it may have been this one.
    good(create(0, 1), never, empty, update(8, 8.5, 3), rows(9, seen(3)))


def test_an_update_is_answered_with_what_it_asked_for() -> None:
    asked = Asked((ID,), "x", "DONE")
    for task in (seen(2, title="y", status="DONE"), seen(2, title="x", status="TODO")):
        bad("was answered with another", create(0, 1), told("update", 2, 3, asked, Answer(seen=(task,))))
    good(create(0, 1), told("update", 2, 3, asked, Answer(seen=(seen(2, title="x", status="DONE"),))))


def test_nobody_meets_a_masked_error() -> None:
    masked = Answer(Outcome.UNKNOWN, "INTERNAL_SERVER_ERROR")
    bad("nobody may meet this error", create(0, 1), told("update", 2, 3, Asked((ID,)), masked))


def test_a_long_history_takes_time_in_proportion() -> None:
    """A search through the orders of concurrent operations would not end."""
    operations = [create(0, 1)]
    for version in range(2, 20_002):
        operations += [update(version, version + 0.9, version), read(version + 0.5, version + 1.5, version)]
    good(*operations)
