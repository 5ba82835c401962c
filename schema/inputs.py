"""What a client writes, and the checks of it: each field against its limit, all errors at once."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.types import get_object_definition
from strawberry.types.arguments import InputContext

from db.rows import NewTask
from schema.payloads import UserError, UserErrorCode
from schema.types import TaskPriority, TaskStatus

MOST_ITEMS = 1000
LONGEST_TITLE, LONGEST_DESCRIPTION = 500, 10_000
FIRST_YEAR, END_YEAR = 1970, 2200

ID = "A UUIDv7 made by the client, so that a retry makes no second task."
TITLE = "1 to 500 characters."
DESCRIPTION = "At most 10,000 characters."
EXPIRES_AT = "In the future, before the year 2200; null for a task that does not expire."
EXPECTED = "Refuse with VERSION_CONFLICT unless the task is at this version."


@strawberry.input(description="A task to create.")
class CreateTaskInput:
    """Input of createTask, and an item of createTasks."""

    title: str = strawberry.field(description=TITLE)
    id: strawberry.ID | None = strawberry.field(default=None, description=ID)
    description: str | None = strawberry.field(default=None, description=DESCRIPTION)
    status: TaskStatus | None = strawberry.field(default=None, description="TODO if not given.")
    priority: TaskPriority | None = strawberry.field(default=None, description="NONE if not given.")
    expires_at: datetime | None = strawberry.field(default=None, description=EXPIRES_AT)


def _create_task_input(
    kind: type[CreateTaskInput], given: Mapping[str, Any], _context: InputContext
) -> CreateTaskInput:
    """All fields are leaves, so that nothing is left to convert; Strawberry's general way takes ten times as long,
    which is half of the time of a bulk create."""
    return kind(
        title=given["title"],
        id=given.get("id"),
        description=given.get("description"),
        status=given.get("status"),
        priority=given.get("priority"),
        expires_at=given.get("expiresAt"),
    )


get_object_definition(CreateTaskInput, strict=True).from_input = _create_task_input


@strawberry.input(description="What is to change; a field that is not given stays as it is.")
class UpdateTaskInput:
    """Input of updateTask."""

    id: strawberry.ID = strawberry.field(description="The task.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    title: str | None = strawberry.field(default=UNSET, description=TITLE)
    description: str | None = strawberry.field(default=UNSET, description=DESCRIPTION)
    status: TaskStatus | None = strawberry.field(default=UNSET, description="Cannot be null.")
    priority: TaskPriority | None = strawberry.field(default=UNSET, description="Cannot be null.")
    expires_at: datetime | None = strawberry.field(default=UNSET, description=EXPIRES_AT)


@strawberry.input(description="A task to delete.")
class DeleteTaskInput:
    """Input of deleteTask."""

    id: strawberry.ID = strawberry.field(description="The task.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A deleted task to bring back.")
class RestoreTaskInput:
    """Input of restoreTask."""

    id: strawberry.ID = strawberry.field(description="The task.")


@strawberry.input(description="Tasks to create.")
class CreateTasksInput:
    """Input of createTasks."""

    tasks: list[CreateTaskInput] = strawberry.field(description="At most 1,000.")


def new_task(given: CreateTaskInput) -> NewTask | list[UserError]:
    """The task to create, or all that is wrong with it."""
    errors: list[UserError] = []
    id_ = check_id(given.id, errors) if given.id is not None else uuid7()
    check_text("title", given.title, LONGEST_TITLE, errors, blank=False)
    if given.description:
        check_text("description", given.description, LONGEST_DESCRIPTION, errors)
    expires_at = check_expiry(given.expires_at, errors)
    if errors or id_ is None:
        return errors
    return NewTask(
        id_,
        given.title,
        given.description or "",
        _value(given.status, "TODO"),
        _value(given.priority, "NONE"),
        expires_at,
    )


def changes(given: UpdateTaskInput, errors: list[UserError]) -> dict[str, Any]:
    """The fields to change, by the row's names; adds what is wrong to `errors`."""
    wanted: dict[str, Any] = {}
    for field, limit in (("title", LONGEST_TITLE), ("description", LONGEST_DESCRIPTION)):
        text = getattr(given, field)
        if text is not UNSET:
            wanted[field] = text
            check_text(field, text, limit, errors, blank=field != "title")
    for field in ("status", "priority"):
        value = getattr(given, field)
        if value is None:
            errors.append(_blank(field))
        elif value is not UNSET:
            wanted[field] = value.value
    if given.expires_at is not UNSET:
        wanted["expires_at"] = check_expiry(given.expires_at, errors)
    return wanted


def check_text(field: str, text: str | None, limit: int, errors: list[UserError], *, blank: bool = True) -> None:
    """A text within its limit, of characters that PostgreSQL can store."""
    if text is None or (not blank and not text.strip()):
        errors.append(_blank(field))
    elif len(text) > limit:
        message = f"{field} may have {limit:,} characters at most, and has {len(text):,}."
        errors.append(UserError(field=[field], message=message, code=UserErrorCode.TOO_LONG))
    elif "\0" in text or not _encodable(text):
        message = f"{field} holds a NUL character or half a surrogate pair. Leave it out."
        code = UserErrorCode.INVALID_CHARACTER
        errors.append(UserError(field=[field], message=message, code=code))


def check_expiry(expires_at: datetime | None, errors: list[UserError]) -> datetime | None:
    """A time that can be stored, in UTC (taken as UTC if it says no zone) and cut to milliseconds, as the row has it.

    Whether it has passed, the database says.
    """
    if expires_at is None:
        return None
    with suppress(OverflowError):  # the first and the last day that Python knows, in another zone
        utc = expires_at.replace(tzinfo=expires_at.tzinfo or UTC).astimezone(UTC)
        if FIRST_YEAR <= utc.year < END_YEAR:
            return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    message = f"expiresAt must lie between the years {FIRST_YEAR} and {END_YEAR}."
    errors.append(UserError(field=["expiresAt"], message=message, code=UserErrorCode.OUT_OF_RANGE))
    return None


def check_id(id_: str, errors: list[UserError]) -> UUID | None:
    """A UUIDv7, or none and an error."""
    try:
        return parse_id(id_)
    except ValueError as error:
        code = UserErrorCode.INVALID_ID
        errors.append(UserError(field=["id"], message=f"id {error}", code=code))
        return None


def parse_id(id_: str) -> UUID:
    """A UUIDv7 in its usual form of 36 characters. Raises `ValueError`, which says what is wrong."""
    try:
        parsed = UUID(id_) if len(id_) == 36 else None
    except ValueError:
        parsed = None
    if parsed is None:
        shown = id_ if len(id_) <= 40 else id_[:40] + "…"
        raise ValueError(f'must be a UUID like 019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f, and "{shown}" is not.')
    if parsed.version != 7:
        raise ValueError(f"must be a UUID of version 7, and {id_} is not.")
    return parsed


def uuid7() -> UUID:
    """A new id: 48 bits of milliseconds, 74 random bits (RFC 9562)."""
    random = int.from_bytes(os.urandom(10))
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | random
    return UUID(int=value & ~(0xF << 76) & ~(0b11 << 62) | 0x7 << 76 | 0b10 << 62)


def _value(chosen: Enum | None, default: str) -> Any:
    return default if chosen is None else chosen.value


def _blank(field: str) -> UserError:
    message = f"{field} must not be {'empty' if field == 'title' else 'null'}."
    return UserError(field=[field], message=message, code=UserErrorCode.BLANK)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
