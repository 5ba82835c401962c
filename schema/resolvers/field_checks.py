"""The check of each field that clients write, against its limits. An error is appended to the errors of the input."""

from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from uuid import UUID

import msgspec

from db.task import JsonText
from schema.ids import parse_id
from schema.types.payloads import UserError, UserErrorCode

MAX_TITLE_CHARACTERS, MAX_DESCRIPTION_CHARACTERS = 500, 10_000
MAX_ASSIGNEE_CHARACTERS = MAX_EXTERNAL_ID_CHARACTERS = 200
MAX_LABELS, MAX_LABEL_CHARACTERS = 20, 50
# So few levels that every reader can decode them, however deep its stack is.
MAX_METADATA_BYTES, MAX_METADATA_LEVELS = 4096, 32
FIRST_YEAR, END_YEAR = 1970, 2200
# The fields that an update cannot set to null, but may leave empty.
_NOT_NULL = ("description", "status", "priority")
_encode = msgspec.json.Encoder().encode


def check_text(field: str, text: str | None, limit: int, errors: list[UserError], *, allow_blank: bool = True) -> None:
    """Check the length of a text, and that PostgreSQL can store its characters."""
    if text is None or (not allow_blank and not text.strip()):
        errors.append(blank_error(field))
    elif len(text) > limit:
        message = f"{field} must have at most {limit:,} characters, not {len(text):,}."
        errors.append(UserError(field=[field], message=message, code=UserErrorCode.TOO_LONG))
    elif "\0" in text or not _encodable(text):
        errors.append(_character_error(field))


def check_expiry(expires_at: datetime | None, errors: list[UserError]) -> datetime | None:
    """Return the expiry time as the row stores it: in UTC, truncated to milliseconds.

    The database checks that the time is in the future.
    """
    if expires_at is None:
        return None
    utc = _utc(expires_at)
    if utc is not None:
        return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    message = f"expiresAt must be in the future and before the year {END_YEAR}."
    errors.append(UserError(field=["expiresAt"], message=message, code=UserErrorCode.OUT_OF_RANGE))
    return None


def check_due(due_at: datetime | None, errors: list[UserError]) -> datetime | None:
    """Return the due time as the row stores it: in UTC, in microseconds."""
    if due_at is None:
        return None
    utc = _utc(due_at)
    if utc is None:
        message = f"dueAt must be in the years {FIRST_YEAR} to {END_YEAR - 1}."
        errors.append(UserError(field=["dueAt"], message=message, code=UserErrorCode.OUT_OF_RANGE))
    return utc


def check_created(created_at: datetime | None, errors: list[UserError]) -> datetime | None:
    """Return the creation time as the row stores it. The database checks that it is not in the future."""
    if created_at is None:
        return None
    utc = _utc(created_at)
    if utc is None:
        message = f"createdAt must not be in the future or before the year {FIRST_YEAR}."
        errors.append(UserError(field=["createdAt"], message=message, code=UserErrorCode.OUT_OF_RANGE))
    return utc


def check_assignee(assignee: str | None, errors: list[UserError]) -> str | None:
    """Return the assignee."""
    if assignee is not None:
        check_text("assignee", assignee, MAX_ASSIGNEE_CHARACTERS, errors, allow_blank=False)
    return assignee


def check_external_id(external_id: str | None, errors: list[UserError]) -> str | None:
    """Return the external id."""
    if external_id is not None:
        check_text("externalId", external_id, MAX_EXTERNAL_ID_CHARACTERS, errors, allow_blank=False)
    return external_id


def check_labels(labels: list[str] | None, errors: list[UserError]) -> list[str]:
    """Return the labels, each once. The first wrong one is reported."""
    if not labels:
        return []
    different = list(dict.fromkeys(labels))
    if len(different) > MAX_LABELS:
        message = f"labels must have at most {MAX_LABELS} different labels, not {len(different):,}."
        errors.append(UserError(field=["labels"], message=message, code=UserErrorCode.TOO_MANY))
        return []
    for label in different:
        if not label.strip():
            errors.append(blank_error("labels"))
        elif len(label) > MAX_LABEL_CHARACTERS:
            message = f"labels must have at most {MAX_LABEL_CHARACTERS} characters each, not {len(label):,}."
            errors.append(UserError(field=["labels"], message=message, code=UserErrorCode.TOO_LONG))
        elif "\0" in label or not _encodable(label):
            errors.append(_character_error("labels"))
        else:
            continue
        break
    return different


def check_metadata(metadata: dict[str, Any] | None, errors: list[UserError]) -> JsonText | None:
    """Return the metadata as compact JSON."""
    if metadata is None:
        return None
    message, code = f"metadata must have at most {MAX_METADATA_LEVELS} levels.", UserErrorCode.OUT_OF_RANGE
    try:
        encoded = _encode(metadata)
        if len(encoded) > MAX_METADATA_BYTES:
            message = f"metadata must have at most {MAX_METADATA_BYTES:,} bytes as JSON, not {len(encoded):,}."
            code = UserErrorCode.TOO_LONG
        elif _levels(metadata) <= MAX_METADATA_LEVELS:
            return JsonText(encoded.decode())
    except RecursionError:
        pass
    except UnicodeEncodeError:
        errors.append(_character_error("metadata"))
        return None
    except ValueError:
        message = "metadata contains a number that is too large."
    errors.append(UserError(field=["metadata"], message=message, code=code))
    return None


def check_id(text: str, errors: list[UserError], field: str = "id") -> UUID | None:
    """Return the UUIDv7 in a text, or None after an error."""
    try:
        return parse_id(text)
    except ValueError as error:
        errors.append(UserError(field=[field], message=f"{field} {error}", code=UserErrorCode.INVALID_ID))
        return None


def check_list_id(text: str | None, errors: list[UserError]) -> UUID | None:
    """Return the id of a list. The database checks that it takes tasks."""
    return None if text is None else check_id(text, errors, "listId")


def blank_error(field: str) -> UserError:
    """Return the error for a field without a value."""
    message = f"{field} must not be {'null' if field in _NOT_NULL else 'empty'}."
    return UserError(field=[field], message=message, code=UserErrorCode.BLANK)


def _character_error(field: str) -> UserError:
    message = f"{field} contains a NUL character or an unpaired surrogate. Remove it."
    return UserError(field=[field], message=message, code=UserErrorCode.INVALID_CHARACTER)


def _utc(time: datetime) -> datetime | None:
    """Return a time in UTC, or None if it is out of range."""
    # Converting the first or the last day that Python supports from another offset overflows.
    with suppress(OverflowError):
        utc = time if time.tzinfo is UTC else time.astimezone(UTC)
        if FIRST_YEAR <= utc.year < END_YEAR:
            return utc
    return None


def _levels(value: object) -> int:
    """Return how many objects and lists are nested. Raises `ValueError` for a number that JSON cannot express."""
    if isinstance(value, dict):
        return 1 + max(map(_levels, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_levels, value), default=0)
    if isinstance(value, float) and not isfinite(value):
        raise ValueError
    return 0


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
