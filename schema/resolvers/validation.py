"""Validation of the input of mutations: every field against its limit, with all errors reported at once."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from msgspec.structs import replace
from strawberry import UNSET

from cache.writes.edits import Edit
from db.task import NewTask, Task
from schema.ids import new_id
from schema.resolvers import field_checks as checks
from schema.types.inputs import CreateTaskInput, TaskIdInput, UpdateTaskInput
from schema.types.payloads import UserError, UserErrorCode

# The fields that may be null. A create may also leave them out. Each check returns the value of the row.
_OPTIONAL: tuple[tuple[str, Callable[[Any, list[UserError]], Any]], ...] = (
    ("expires_at", checks.check_expiry),
    ("due_at", checks.check_due),
    ("assignee", checks.check_assignee),
    ("labels", checks.check_labels),
    ("metadata", checks.check_metadata),
    ("list_id", checks.check_list_id),
)
_OPTIONAL_IN_CREATE: tuple[tuple[str, Callable[[Any, list[UserError]], Any]], ...] = (
    *_OPTIONAL,
    ("external_id", checks.check_external_id),
    ("created_at", checks.check_created),
)


def validate_create(given: CreateTaskInput, *, is_admin: bool = True) -> NewTask | list[UserError]:
    """Return the task to create, or all errors in the input. is_admin: whether the caller may set `createdAt`."""
    errors: list[UserError] = []
    if given.created_at is not None and not is_admin:
        message = "createdAt can be set by an administrator only. Leave it out, or use a token with the scope admin."
        errors.append(UserError(field=["createdAt"], message=message, code=UserErrorCode.NOT_ALLOWED))
    id_ = checks.check_id(given.id, errors) if given.id is not None else new_id()
    checks.check_text("title", given.title, checks.MAX_TITLE_CHARACTERS, errors, allow_blank=False)
    if given.description:
        checks.check_text("description", given.description, checks.MAX_DESCRIPTION_CHARACTERS, errors)
    values = {
        name: check(value, errors) for name, check in _OPTIONAL_IN_CREATE if (value := getattr(given, name)) is not None
    }
    if errors or id_ is None:
        return errors
    return NewTask(
        id=id_,
        title=given.title,
        description=given.description or "",
        status=_enum_value(given.status, "TODO"),
        priority=_enum_value(given.priority, "NONE"),
        **values,
    )


def validate_edit(given: TaskIdInput, change: Callable[[Task], Task] = lambda task: task) -> Edit | list[UserError]:
    """Return the edit that applies `change` to a task, or all errors in the input."""
    errors: list[UserError] = []
    id_ = checks.check_id(given.id, errors)
    return errors if id_ is None else Edit(id_, given.expected_version, change)


def validate_update(given: UpdateTaskInput) -> Edit | list[UserError]:
    """Return the edit that sets the given fields of a task, or all errors in the input."""
    errors: list[UserError] = []
    id_ = checks.check_id(given.id, errors)
    values = _new_values(given, errors)
    if errors or id_ is None:
        return errors
    return Edit(id_, given.expected_version, lambda task: replace(task, **values))


def _new_values(given: UpdateTaskInput, errors: list[UserError]) -> dict[str, Any]:
    """Return the new values of the given fields by their names in a row. Appends to `errors`."""
    values: dict[str, Any] = {}
    limits = (("title", checks.MAX_TITLE_CHARACTERS), ("description", checks.MAX_DESCRIPTION_CHARACTERS))
    for field, limit in limits:
        text = getattr(given, field)
        if text is not UNSET:
            values[field] = text
            checks.check_text(field, text, limit, errors, allow_blank=field != "title")
    for field in ("status", "priority"):
        value = getattr(given, field)
        if value is None:
            errors.append(checks.blank_error(field))
        elif value is not UNSET:
            values[field] = value.value
    for field, check in _OPTIONAL:
        value = getattr(given, field)
        if value is not UNSET:
            values[field] = check(value, errors)
    return values


def _enum_value(chosen: Enum | None, default: str) -> Any:
    return default if chosen is None else chosen.value
