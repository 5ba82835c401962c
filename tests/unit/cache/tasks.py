"""Creates tasks in memory."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from db.task import Task

CREATED_AT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
CREATED_AT_US = 1_767_323_045_678_901
EXPIRES_AT = datetime(2026, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
EXPIRES_AT_MS = 1_770_091_506_789


def task_id(number: int) -> UUID:
    return UUID(int=number)


def make_task(number: int = 1, **fields: Any) -> Task:
    """Return a task whose id is derived from `number`. Other fields have default values."""
    defaults: dict[str, Any] = {
        "title": f"Task {number}",
        "description": "",
        "status": "TODO",
        "priority": "NONE",
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
        "expires_at": None,
        "version": 1,
    }
    return Task(id=task_id(number), **defaults | fields)
