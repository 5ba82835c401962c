"""The checker on reads of single tasks: stale versions, missing tasks, deleted tasks and expired tasks."""

from typing import Any

from tests.faults.history import Completion, Invocation
from tests.faults.history_builders import (
    ID,
    assert_valid,
    assert_violation,
    create,
    delete,
    not_found,
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


def test_history_of_a_single_client_is_valid() -> None:
    assert_valid(
        create(0, 1),
        read(1.5, 2, 1),
        update(3, 4, 2),
        read(5, 6, 2),
        delete(7, 8, 3),
        read(9, 10, None),
        restore(11, 12, 4),
        read(13, 14, 4),
        rows(20, observed(4)),
    )


def test_read_may_return_either_side_of_a_concurrent_write() -> None:
    assert_valid(create(0, 1), update(2, 6, 2), read(3, 4, 1), read(5, 7, 2))
    assert_valid(create(0, 1), update(2, 6, 2), read(3, 4, 2), read(5, 7, 2))
    assert_valid(create(0, 1), delete(2, 6, 2), read(3, 5, 1), read(3, 5, None))


def test_read_returns_no_version_older_than_an_acknowledged_one() -> None:
    assert_violation("I1 version 1 was returned after version 2", create(0, 1), update(2, 3, 2), read(4, 5, 1))


def test_late_fill_of_a_stale_version_is_a_violation() -> None:
    """The race of a naive cache: a reader reads version 1, a writer makes version 2, the reader caches version 1."""
    late = read(1.5, 3.5, 1)
    assert_valid(create(0, 1), late, update(2, 3, 2))
    assert_violation("version 1 was returned after version 2", create(0, 1), late, update(2, 3, 2), read(4, 5, 1))


def test_read_returns_no_version_older_than_an_earlier_read() -> None:
    """Version 2 is not acknowledged yet, but a read has returned it."""
    assert_violation(
        "version 1 was returned after version 2", create(0, 1), update(2, 9, 2), read(3, 4, 2), read(5, 6, 1)
    )
    assert_valid(create(0, 1), update(2, 9, 2), read(3, 5, 2), read(4, 6, 1))


def test_repeated_create_counts_as_a_read() -> None:
    assert_violation(
        "version 1 was returned after version 2", create(0, 1), update(2, 9, 2), create(3, 4, version=2), read(5, 6, 1)
    )


def test_existing_task_is_not_missing() -> None:
    assert_violation("no write deleted it", create(0, 1), read(2, 3, None))
    assert_valid(create(0, 3), read(1, 2, None))
    assert_valid(create(0, 1), unknown("delete", 2, 3, expected_version=1), read(4, 5, None))
    # A delete before the returned version does not explain that the task is missing.
    assert_violation("no write deleted it", create(0, 1), delete(2, 3, 2), restore(4, 5, 3), read(6, 7, None))
    assert_violation("no write deleted it", create(0, 1), read(2, 3, None), delete(4, 5, 2))


def test_deleted_task_is_not_returned() -> None:
    assert_violation(
        "version 1 was returned after the task was deleted at version 2", create(0, 1), delete(2, 3, 2), read(4, 5, 1)
    )
    assert_violation(
        "version 1 was returned after the task was deleted at version 2",
        create(0, 1),
        delete(2, 3, None),
        read(4, 5, 1),
    )
    assert_valid(create(0, 1), delete(2, 3, 2), restore(4, 9, 3), read(5, 6, 3), read(5, 6, None))
    assert_valid(create(0, 1), delete(2, 3, None), restore(4, 9, 3), read(5, 6, 3))
    assert_violation("was returned, but it is a delete", create(0, 1), delete(2, 5, 2), read(3, 4, 2))


def test_missing_task_does_not_come_back() -> None:
    """The delete is not acknowledged yet, but another operation has found the task missing."""
    assert_violation(
        "was returned after the task was deleted", create(0, 1), delete(2, 9, 2), read(3, 4, None), read(5, 6, 1)
    )
    assert_violation(
        "was returned after the task was deleted",
        create(0, 1),
        delete(2, 9, 2),
        not_found("update", 3, 4),
        read(5, 6, 1),
    )
    assert_valid(
        create(0, 1),
        unknown("delete", 2, 3, expected_version=1),
        unknown("restore", 4, 5),
        read(6, 7, None),
        read(8, 9, 3),
    )


def test_unknown_write_may_have_taken_effect() -> None:
    unknown_update = unknown("update", 2, 3, title="new", expected_version=1)
    assert_valid(
        create(0, 1), unknown_update, read(4, 5, 1), read(6, 7, 2, title="new"), rows(9, observed(2, title="new"))
    )
    assert_valid(create(0, 1), unknown_update, read(4, 5, 1), rows(9, observed(1)))
    assert_valid(unknown("create", 0, 1), read(2, 3, None), read(4, 5, 1), rows(9, observed(1)))
    assert_valid(unknown("create", 0, 1), read(2, 3, None), rows(9))
    # Once observed, it has taken effect.
    assert_violation(
        "version 1 was returned after version 2",
        create(0, 1),
        unknown_update,
        read(4, 5, 2, title="new"),
        read(6, 7, 1),
    )
    assert_violation("no write deleted it", unknown("create", 0, 1), read(2, 3, 1), read(4, 5, None))


def test_unknown_delete_of_an_overwritten_version_explains_nothing() -> None:
    unknown_delete = unknown("delete", 2, 3, expected_version=1)
    assert_violation("no write deleted it", create(0, 1), unknown_delete, update(2, 3, 2), read(4, 5, None))


def test_version_is_not_returned_before_its_write() -> None:
    assert_violation("before its write was invoked", create(0, 1), read(2, 3, 2), update(4, 5, 2))


def test_version_has_one_write_and_one_content() -> None:
    assert "lost two acknowledged writes made version 2" in violations(create(0, 1), update(2, 3, 2), update(2, 4, 2))
    assert_violation("version 2 is", create(0, 1), update(2, 3, 2, title="x"), read(4, 5, 2, title="y"))


def test_expired_task_is_not_returned() -> None:
    assert_valid(create(0, 1, expires_at=5), read(4, 6, 1, expires_at=5), read(4, 6, None), read(7, 8, None))
    assert_violation("I5 returned 1.000 s after it expired", create(0, 1, expires_at=5), read(6, 7, 1, expires_at=5))
    assert_violation("no write deleted it", create(0, 1, expires_at=5), read(3, 4, None))
    assert_valid(
        create(0, 1, expires_at=5), page(6, 7, total=0), not_found("update", 6, 7), rows(9, observed(1, expires_at=5))
    )
    # An update postpones the expiry, or brings it forward.
    assert_violation("no write deleted it", create(0, 1, expires_at=5), update(2, 3, 2, expires_at=9), read(6, 7, None))
    assert_valid(create(0, 1), update(2, 8, 2, expires_at=5), read(6, 7, None))
    # While the delete is in flight, an update sets an expiry, which passes.
    assert_valid(
        create(0, 1), update(3, 4, 2, expires_at=5), read(4.1, 4.2, 2, expires_at=5), not_found("delete", 2, 9)
    )
    # A restored task keeps its expiry.
    end: dict[str, Any] = {"expires_at": 9}
    assert_valid(
        create(0, 1, **end),
        delete(2, 3, 2),
        operation("restore", 4, 5, Invocation((ID,)), Completion(tasks=(observed(3, **end),))),
    )
    assert_valid(create(0, 1, **end), delete(2, 3, 2), read(4, 8, 3, **end), read(10, 11, None))


def test_long_history_is_checked_in_linear_time() -> None:
    """A search through the possible orders of concurrent operations would not terminate."""
    operations = [create(0, 1)]
    for version in range(2, 20_002):
        operations += [update(version, version + 0.9, version), read(version + 0.5, version + 1.5, version)]
    assert_valid(*operations)
