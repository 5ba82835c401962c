"""The input of a create from the values of a record, checked by the service's own validation.

This is the only module of the loader that imports the service: a dry run must refuse what the service refuses.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from cache.errors import CreatedInFuture, ExpiryPassed, Refused
from db.task import NewTask
from loadgen.imports.values import WrongValue
from schema.resolvers.field_checks import check_text
from schema.resolvers.task_lists import MAX_LIST_NAME_CHARACTERS
from schema.resolvers.user_errors import user_error
from schema.resolvers.validation import validate_create
from schema.types.inputs import CreateTaskInput
from schema.types.payloads import UserError
from schema.types.task import TaskPriority, TaskStatus

# The arguments of the input by the names of the fields.
_ARGUMENTS = {
    "externalId": "external_id",
    "createdAt": "created_at",
    "expiresAt": "expires_at",
    "dueAt": "due_at",
    "listId": "list_id",
}
_ENUMS: dict[str, Any] = {"status": TaskStatus, "priority": TaskPriority}

# Field, message, for each error.
Errors = list[tuple[str, str]]


def task_input(values: dict[str, Any]) -> dict[str, Any] | Errors:
    """Return a CreateTaskInput for JSON, always with an id, or the errors in the values of a record."""
    arguments = {_ARGUMENTS.get(name, name): value for name, value in values.items()}
    for name, enum in _ENUMS.items():
        if name in arguments:
            arguments[name] = enum[arguments[name]]
    new = validate_create(CreateTaskInput(**{"title": ""} | arguments))
    return _errors(new) if isinstance(new, list) else _members(new)


def check_list_name(name: str) -> None:
    """Raise `WrongValue` if no list can have this name."""
    errors: list[UserError] = []
    check_text("list", name, MAX_LIST_NAME_CHARACTERS, errors, allow_blank=False)
    if errors:
        raise WrongValue(errors[0].message.removeprefix("list ").removesuffix("."))


def refused_by_clock(values: dict[str, Any]) -> Errors:
    """Return the errors that the database would report by its clock."""
    now = datetime.now(UTC)
    refused: list[Refused] = []
    if (expires_at := values.get("expiresAt")) is not None and expires_at <= now:
        refused.append(ExpiryPassed())
    if (created_at := values.get("createdAt")) is not None and created_at > now:
        refused.append(CreatedInFuture())
    return _errors([user_error(each) for each in refused])


def _errors(errors: list[UserError]) -> Errors:
    return [((error.field or [""])[0], error.message) for error in errors]


def _members(new: NewTask) -> dict[str, Any]:
    members: dict[str, Any] = {"id": new.id, "title": new.title}
    if new.description:
        members["description"] = new.description
    if new.status != "TODO":
        members["status"] = new.status
    if new.priority != "NONE":
        members["priority"] = new.priority
    if new.metadata is not None:
        members["metadata"] = msgspec.Raw(new.metadata.encode())
    optional = {
        "externalId": new.external_id,
        "createdAt": new.created_at,
        "expiresAt": new.expires_at,
        "dueAt": new.due_at,
        "assignee": new.assignee,
        "listId": new.list_id,
    }
    members |= {name: value for name, value in optional.items() if value is not None}
    if new.labels:
        members["labels"] = new.labels
    return members
