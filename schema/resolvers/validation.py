"""Validation of the input of mutations: every field against its limit, with all errors reported at once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from strawberry import UNSET

from cache.writes.edits import Edit
from db.task import NewTask, Task
from schema.ids import new_id, parse_id
from schema.types.inputs import CreateTaskInput, TaskIdInput, UpdateTaskInput
from schema.types.payloads import UserError, UserErrorCode

MAX_TITLE_CHARACTERS, MAX_DESCRIPTION_CHARACTERS = 500, 10_000
FIRST_YEAR, END_YEAR = 1970, 2200


def validate_create(given: CreateTaskInput) -> NewTask | list[UserError]:
    """Return the task to create, or all errors in the input."""
    errors: list[UserError] = []
    id_ = check_id(given.id, errors) if given.id is not None else new_id()
    check_text("title", given.title, MAX_TITLE_CHARACTERS, errors, allow_blank=False)
    if given.description:
        check_text("description", given.description, MAX_DESCRIPTION_CHARACTERS, errors)
    expires_at = check_expiry(given.expires_at, errors)
    if errors or id_ is None:
        return errors
    return NewTask(
        id=id_,
        title=given.title,
        description=given.description or "",
        status=_enum_value(given.status, "TODO"),
        priority=_enum_value(given.priority, "NONE"),
        expires_at=expires_at,
    )


def validate_edit(given: TaskIdInput, change: Callable[[Task], Task] = lambda task: task) -> Edit | list[UserError]:
    """Return the edit that applies `change` to a task, or all errors in the input."""
    errors: list[UserError] = []
    id_ = check_id(given.id, errors)
    return errors if id_ is None else Edit(id_, given.expected_version, change)


def validate_update(given: UpdateTaskInput) -> Edit | list[UserError]:
    """Return the edit that sets the given fields of a task, or all errors in the input."""
    errors: list[UserError] = []
    id_ = check_id(given.id, errors)
    values = _new_values(given, errors)
    if errors or id_ is None:
        return errors
    return Edit(id_, given.expected_version, lambda task: replace(task, **values))


def _new_values(given: UpdateTaskInput, errors: list[UserError]) -> dict[str, Any]:
    """Return the new values of the given fields by their names in a row. Appends to `errors`."""
    values: dict[str, Any] = {}
    for field, limit in (("title", MAX_TITLE_CHARACTERS), ("description", MAX_DESCRIPTION_CHARACTERS)):
        text = getattr(given, field)
        if text is not UNSET:
            values[field] = text
            check_text(field, text, limit, errors, allow_blank=field != "title")
    for field in ("status", "priority"):
        value = getattr(given, field)
        if value is None:
            errors.append(_blank_error(field))
        elif value is not UNSET:
            values[field] = value.value
    if given.expires_at is not UNSET:
        values["expires_at"] = check_expiry(given.expires_at, errors)
    return values


def check_text(field: str, text: str | None, limit: int, errors: list[UserError], *, allow_blank: bool = True) -> None:
    """Check the length of a text, and that PostgreSQL can store its characters. Appends to `errors`."""
    if text is None or (not allow_blank and not text.strip()):
        errors.append(_blank_error(field))
    elif len(text) > limit:
        message = f"{field} must have at most {limit:,} characters, not {len(text):,}."
        errors.append(UserError(field=[field], message=message, code=UserErrorCode.TOO_LONG))
    elif "\0" in text or not _encodable(text):
        message = f"{field} contains a NUL character or an unpaired surrogate. Remove it."
        errors.append(UserError(field=[field], message=message, code=UserErrorCode.INVALID_CHARACTER))


def check_expiry(expires_at: datetime | None, errors: list[UserError]) -> datetime | None:
    """Return the expiry time as the row stores it: in UTC, truncated to milliseconds. Appends to `errors`.

    The database checks that the time is in the future.
    """
    if expires_at is None:
        return None
    # Converting the first or the last day that Python supports from another offset overflows.
    with suppress(OverflowError):
        utc = expires_at if expires_at.tzinfo is UTC else expires_at.astimezone(UTC)
        if FIRST_YEAR <= utc.year < END_YEAR:
            return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    message = f"expiresAt must be in the future and before the year {END_YEAR}."
    errors.append(UserError(field=["expiresAt"], message=message, code=UserErrorCode.OUT_OF_RANGE))
    return None


def check_id(text: str, errors: list[UserError]) -> UUID | None:
    """Return the UUIDv7 in a text, or None after appending to `errors`."""
    try:
        return parse_id(text)
    except ValueError as error:
        errors.append(UserError(field=["id"], message=f"id {error}", code=UserErrorCode.INVALID_ID))
        return None


def _enum_value(chosen: Enum | None, default: str) -> Any:
    return default if chosen is None else chosen.value


def _blank_error(field: str) -> UserError:
    message = f"{field} must not be {'empty' if field == 'title' else 'null'}."
    return UserError(field=[field], message=message, code=UserErrorCode.BLANK)


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
