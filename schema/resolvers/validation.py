"""The checks of what a client writes: each field against its limit, all errors at once."""

import os
import time
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
from schema.types.inputs import CreateTaskInput, OneTaskInput, UpdateTaskInput
from schema.types.payloads import UserError, UserErrorCode

LONGEST_TITLE, LONGEST_DESCRIPTION = 500, 10_000
FIRST_YEAR, END_YEAR = 1970, 2200


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


def edit(given: OneTaskInput, make: Callable[[Task], Task] = lambda task: task) -> Edit | list[UserError]:
    """The change to one task, or all that is wrong with it."""
    errors: list[UserError] = []
    id_ = check_id(given.id, errors)
    return errors if id_ is None else Edit(id_, given.expected_version, make)


def update(given: UpdateTaskInput) -> Edit | list[UserError]:
    """The same, of an update."""
    errors: list[UserError] = []
    id_ = check_id(given.id, errors)
    wanted = changes(given, errors)
    if errors or id_ is None:
        return errors
    return Edit(id_, given.expected_version, lambda task: replace(task, **wanted))


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
