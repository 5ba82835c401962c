"""How a write that the state of its task forbids, and what came of one that was done, are shown."""

from typing import Any, cast

import strawberry

from cache.errors import ExpiryPassed, IdTaken, NotDone, Refused, TaskNotFound, VersionConflict
from db.task import Task as Row
from schema.types.payloads import UserError, UserErrorCode
from schema.types.task import Task

Outcome = Row | Refused | list[UserError]


def outcome_fields(outcome: Outcome, *, deleted: bool = False) -> dict[str, Any]:
    """What a result says of an outcome: the task, or the id of a deleted one; else what was wrong, and the task as it
    is where somebody else has changed it."""
    if isinstance(outcome, Row):
        return {"deleted_task_id": strawberry.ID(str(outcome.id))} if deleted else {"task": cast("Task", outcome)}
    if isinstance(outcome, VersionConflict):
        return {"user_errors": [refusal(outcome)], "current_task": cast("Task", outcome.current)}
    return {"user_errors": [refusal(outcome)] if isinstance(outcome, Refused) else outcome}


def refusal(error: Refused) -> UserError:
    """The error, with the field that it is about."""
    match error:
        case IdTaken():
            return UserError(field=["id"], message=str(error), code=UserErrorCode.ID_TAKEN)
        case ExpiryPassed():
            message = "expiresAt must be in the future."
            return UserError(field=["expiresAt"], message=message, code=UserErrorCode.IN_PAST)
        case VersionConflict():
            message = f"expectedVersion does not fit. {error} Read it again, and decide."
            return UserError(field=["expectedVersion"], message=message, code=UserErrorCode.VERSION_CONFLICT)
        case TaskNotFound():
            return UserError(field=["id"], message=str(error), code=UserErrorCode.NOT_FOUND)
        case NotDone():
            message = f"{error} Mend that one, or send errorPolicy: SKIP_INVALID."
            return UserError(field=None, message=message, code=UserErrorCode.NOT_DONE)
    raise error
