"""The checker on writes: lost, duplicated, partial and unexplained writes."""

from tests.faults.history import Completion, Invocation, Kind, Operation, Outcome
from tests.faults.history_builders import (
    ID,
    assert_valid,
    assert_violation,
    create,
    delete,
    observed,
    operation,
    page,
    read,
    restore,
    rows,
    unknown,
    update,
    violations,
)
from tests.faults.views import Values


def finish(kind: Kind, start: float, end: float, expected: int, version: int, status: str) -> Operation:
    completion = Completion(tasks=(observed(version, status=status),))
    return operation(kind, start, end, Invocation((ID,), values=Values("DONE"), expected_version=expected), completion)


def test_repeated_complete_makes_one_version() -> None:
    done = finish("complete", 2, 3, 1, 2, "DONE")
    assert_valid(create(0, 1), done, finish("complete", 4, 5, 2, 2, "DONE"), rows(9, observed(2, status="DONE")))
    assert_violation(
        "no write can have made: [3]",
        create(0, 1),
        done,
        finish("complete", 4, 5, 2, 2, "DONE"),
        rows(9, observed(3)),
    )
    assert "lost two acknowledged writes made version 2" in violations(create(0, 1), done, update(2, 4, 2))
    assert_violation("version 1 was returned after version 2", create(0, 1), done, read(4, 5, 1))
    assert_violation("no write deleted it", create(0, 1), done, page(4, 5, view=("DONE",)))
    completed = unknown("complete", 2, 3, values=Values("DONE"), expected_version=1)
    assert_valid(create(0, 1), completed, page(4, 5, view=("TODO",)))
    # Another write made that version.
    other = update(2, 3, 2, title="x")
    assert_violation(
        "no write deleted it",
        *(
            create(0, 1),
            other,
            completed,
            page(4, 5, view=("TODO",)),
        ),
    )


def part_of_batch(id_: str, outcome: Outcome, *, batch: str = "x") -> Operation:
    invocation = Invocation((id_,), "x", expected_version=1, batch=batch)
    tasks = (observed(2, id_, title="x"),) if outcome is Outcome.OK else ()
    return operation("update", 2, 3, invocation, Completion(outcome, tasks=tasks))


def later_read(id_: str, version: int, title: str) -> Operation:
    return operation("task", 6, 7, Invocation((id_,)), Completion(tasks=(observed(version, id_, title=title),)))


def test_atomic_batch_takes_effect_as_a_whole() -> None:
    unknown_parts = [part_of_batch("a", Outcome.UNKNOWN), part_of_batch("b", Outcome.UNKNOWN)]
    assert_valid(create(0, 1), create(0, 1, "b"), *unknown_parts, later_read("a", 2, "x"), later_read("b", 2, "x"))
    assert_valid(create(0, 1), create(0, 1, "b"), *unknown_parts, later_read("a", 2, "y"), later_read("b", 2, "y"))
    assert_violation(
        "the atomic batch 'x' took effect in part",
        create(0, 1),
        create(0, 1, "b"),
        *unknown_parts,
        later_read("a", 2, "x"),
        later_read("b", 2, "y"),
    )


def test_rejected_write_is_not_observed() -> None:
    for outcome in (Outcome.REJECTED, Outcome.UNAVAILABLE):
        assert_violation(
            "'x' was not written, but was observed", create(0, 1), part_of_batch("a", outcome), later_read("a", 2, "x")
        )
    # Without an atomic batch, one write may be rejected and another not.
    assert_valid(
        create(0, 1),
        create(0, 1, "b"),
        part_of_batch("a", Outcome.REJECTED, batch=""),
        part_of_batch("b", Outcome.OK, batch=""),
    )


def test_acknowledged_write_is_not_lost() -> None:
    assert_violation("lost no row", create(0, 1), rows(9))
    assert_violation("version 1 was returned after version 2", create(0, 1), update(2, 3, 2), rows(9, observed(1)))
    assert_violation("was returned after the task was deleted", create(0, 1), delete(2, 3, 2), rows(9, observed(1)))
    assert_valid(create(0, 1), delete(2, 3, 2), rows(9, a=2))
    assert_violation("deleted at version 1", create(0, 1), update(2, 3, 2), rows(9, a=1))
    assert_violation("a row that no operation has created", create(0, 1), rows(9, observed(1), observed(1, "b")))


def test_every_version_has_a_write() -> None:
    """A write that was answered as unavailable took effect, or a write took effect twice."""
    no = operation("update", 2, 3, Invocation((ID,)), Completion(Outcome.UNAVAILABLE))
    assert_violation("versions that no write can have made: [2]", create(0, 1), no, rows(9, observed(2)))
    assert_valid(create(0, 1), unknown("update", 2, 3), rows(9, observed(2)))
    assert_violation("no write can have made: [2, 3]", create(0, 1), unknown("update", 2, 3), rows(9, observed(3)))


def test_restore_explains_only_a_version_after_a_delete() -> None:
    assert_valid(create(0, 1), delete(2, 3, 2), restore(4, 5, 3), restore(6, 7, 3), rows(9, observed(3)))
    assert_valid(create(0, 1), unknown("delete", 2, 3, expected_version=1), restore(4, 5, 3), rows(9, observed(3)))
    assert_violation(
        "no write can have made: [3]", create(0, 1), update(2, 3, 2), restore(4, 5, 3), rows(9, observed(3))
    )


def test_unknown_write_without_a_version_explains_nothing() -> None:
    never, empty = unknown("update", 2, 3, title="x", values=Values("DONE")), page(6, 7, view=("TODO",))
    assert_violation("no write deleted it", create(0, 1), never, empty, rows(9, observed(1)))
    # Version 2 has no other write, so this one may have made it.
    assert_valid(create(0, 1), never, empty, update(8, 8.5, 3), rows(9, observed(3)))


def test_update_returns_what_it_set() -> None:
    invocation = Invocation((ID,), "x", Values("DONE"))
    for task in (observed(2, title="y", status="DONE"), observed(2, title="x", status="TODO")):
        assert_violation(
            "returned something else", create(0, 1), operation("update", 2, 3, invocation, Completion(tasks=(task,)))
        )
    assert_valid(
        create(0, 1), operation("update", 2, 3, invocation, Completion(tasks=(observed(2, title="x", status="DONE"),)))
    )


def test_internal_error_is_a_violation() -> None:
    masked = Completion(Outcome.UNKNOWN, "INTERNAL_SERVER_ERROR")
    assert_violation(
        "an internal error reached a client", create(0, 1), operation("update", 2, 3, Invocation((ID,)), masked)
    )
