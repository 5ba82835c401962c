"""The conversion of the outcome of a write into the fields of a payload, with errors as data."""

from typing import Any, cast

import strawberry

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
from db.task import Task as Row
from schema.types.payloads import UserError, UserErrorCode
from schema.types.task import Task

MutationOutcome = Row | Existing | Refused | list[UserError]


def create_fields(outcome: MutationOutcome) -> dict[str, Any]:
    """Return the fields of the payload of a create, or of the result of an item."""
    if isinstance(outcome, Existing):
        return {"task": cast("Task", outcome.task), "created": False}
    return {**outcome_fields(outcome), "created": isinstance(outcome, Row)}


def outcome_fields(outcome: MutationOutcome, *, deleted: bool = False) -> dict[str, Any]:
    """Return the fields of a payload or of the result of an item.

    A success gives the task, or its id if it was `deleted`. A version conflict gives the current task with the error.
    """
    if isinstance(outcome, Row):
        return {"deleted_task_id": strawberry.ID(str(outcome.id))} if deleted else {"task": cast("Task", outcome)}
    if isinstance(outcome, VersionConflict):
        return {"user_errors": [user_error(outcome)], "current_task": cast("Task", outcome.current)}
    return {"user_errors": [user_error(outcome)] if isinstance(outcome, Refused) else outcome}


def user_error(error: Refused) -> UserError:
    """Return the user error for a write that the store refused, with the field that caused it."""
    match error:
        case IdTaken():
            return UserError(field=["id"], message=str(error), code=UserErrorCode.ID_TAKEN)
        case ExternalIdTaken():
            return UserError(field=["externalId"], message=str(error), code=UserErrorCode.ID_TAKEN)
        case ListNotFound():
            return UserError(field=["listId"], message=str(error), code=UserErrorCode.NOT_FOUND)
        case ListArchived():
            return UserError(field=["listId"], message=str(error), code=UserErrorCode.NOT_ALLOWED)
        case ExpiryPassed():
            message = "expiresAt must be in the future."
            return UserError(field=["expiresAt"], message=message, code=UserErrorCode.IN_PAST)
        case CreatedInFuture():
            message = "createdAt must not be in the future."
            return UserError(field=["createdAt"], message=message, code=UserErrorCode.OUT_OF_RANGE)
        case VersionConflict(current=current) | ListVersionConflict(current=current):
            kind = "task" if isinstance(current, Row) else "list"
            message = (
                f"expectedVersion does not match: the {kind} is at version {current.version}. Read it again before you "
                "retry."
            )
            return UserError(field=["expectedVersion"], message=message, code=UserErrorCode.VERSION_CONFLICT)
        case TaskNotFound():
            return UserError(field=["id"], message=str(error), code=UserErrorCode.NOT_FOUND)
        case NotDone():
            message = f"{error} Correct that item, or send errorPolicy: SKIP_INVALID."
            return UserError(field=None, message=message, code=UserErrorCode.NOT_DONE)
    raise error
