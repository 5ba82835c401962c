"""Times of a task as scores in the indexes."""

from datetime import UTC, datetime, timedelta

from db.task import Task

MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def print_time(time: datetime) -> str:
    """Return the form in which the schema prints a time: always with six digits after the second."""
    return time.isoformat(timespec="microseconds")


def created_at_us(task: Task) -> int:
    """Return the task's score in an index: microseconds since 1970."""
    return (task.created_at - UNIX_EPOCH) // MICROSECOND


def expires_at_ms(task: Task) -> int | str:
    """Return the task's score in `expiring`: milliseconds since 1970, or '' for a task without an expiry."""
    return "" if task.expires_at is None else (task.expires_at - UNIX_EPOCH) // MILLISECOND
