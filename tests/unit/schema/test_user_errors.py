"""Conversion of refused writes into user errors."""

from datetime import UTC, datetime

import pytest

from cache.errors import (
    CreatedInFuture,
    ExpiryPassed,
    ExternalIdTaken,
    IdTaken,
    ListArchived,
    ListNotFound,
    ListVersionConflict,
    NotDone,
    Refused,
    TaskNotFound,
    VersionConflict,
)
from cache.writes.edits import Existing
from db.task import Task
from db.task_lists import TaskList
from schema.ids import new_id
from schema.resolvers.user_errors import create_fields, outcome_fields, user_error
from schema.types.payloads import UserError, UserErrorCode

TIME = datetime(2026, 11, 25, tzinfo=UTC)
TASK = Task(new_id(), "A task", "", "TODO", "NONE", TIME, TIME, None, 7)
LIST = TaskList(new_id(), "A list", TIME, TIME, None, 7, None, None)


@pytest.mark.parametrize(
    ("refused", "field", "code"),
    [
        (IdTaken(), ["id"], UserErrorCode.ID_TAKEN),
        (ExpiryPassed(), ["expiresAt"], UserErrorCode.IN_PAST),
        (CreatedInFuture(), ["createdAt"], UserErrorCode.OUT_OF_RANGE),
        (VersionConflict(TASK), ["expectedVersion"], UserErrorCode.VERSION_CONFLICT),
        (TaskNotFound(), ["id"], UserErrorCode.NOT_FOUND),
        (ExternalIdTaken(), ["externalId"], UserErrorCode.ID_TAKEN),
        (ListNotFound(), ["listId"], UserErrorCode.NOT_FOUND),
        (ListArchived(), ["listId"], UserErrorCode.NOT_ALLOWED),
        (ListVersionConflict(LIST), ["expectedVersion"], UserErrorCode.VERSION_CONFLICT),
        (NotDone(), None, UserErrorCode.NOT_DONE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Refused) else None,
)
def test_every_refused_write_has_a_code_and_a_field(
    refused: Refused, field: list[str] | None, code: UserErrorCode
) -> None:
    error = user_error(refused)
    assert (error.field, error.code) == (field, code)
    assert error.message.endswith(".")


def test_every_refusal_of_the_store_is_covered() -> None:
    of_tasks = {CreatedInFuture, IdTaken, ExternalIdTaken, ExpiryPassed, VersionConflict, TaskNotFound, NotDone}
    assert set(Refused.__subclasses__()) == of_tasks | {ListNotFound, ListArchived, ListVersionConflict}


def test_success_gives_the_task_or_its_id() -> None:
    assert outcome_fields(TASK) == {"task": TASK}
    assert outcome_fields(TASK, deleted=True) == {"deleted_task_id": str(TASK.id)}


def test_create_says_whether_the_task_existed() -> None:
    assert create_fields(TASK) == {"task": TASK, "created": True}
    assert create_fields(Existing(TASK)) == {"task": TASK, "created": False}
    refused = create_fields(IdTaken())
    assert (refused["created"], refused["user_errors"][0].code) == (False, UserErrorCode.ID_TAKEN)


def test_version_conflict_gives_the_current_task() -> None:
    fields = outcome_fields(VersionConflict(TASK))
    assert fields["current_task"] is TASK
    assert "version 7" in fields["user_errors"][0].message


def test_errors_of_the_validation_are_passed_on() -> None:
    errors = [UserError(field=["title"], message="title must not be empty.", code=UserErrorCode.BLANK)]
    assert outcome_fields(errors) == {"user_errors": errors}
