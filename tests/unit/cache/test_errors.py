"""Messages of the errors of the store."""

import pytest

from cache.errors import IndexLost, ListVersionConflict, StoreError, VersionConflict
from tests.unit.cache.tasks import make_task


def error_classes(base: type[StoreError]) -> list[type[StoreError]]:
    return [base, *(found for subclass in base.__subclasses__() for found in error_classes(subclass))]


CONFLICTS = (VersionConflict, ListVersionConflict)


@pytest.mark.parametrize("error", [error for error in error_classes(StoreError) if error not in CONFLICTS])
def test_default_message_is_the_docstring(error: type[StoreError]) -> None:
    assert str(error()) == error.__doc__
    assert str(error()).endswith(".")


def test_given_message_replaces_the_default() -> None:
    assert str(IndexLost("Redis was emptied during the rebuild. Try again.")).startswith("Redis was emptied")


def test_version_conflict_has_the_current_task() -> None:
    task = make_task(version=3)
    error = VersionConflict(task)
    assert (str(error), error.current) == ("The task is at version 3.", task)
