"""Conditions that tasks must not meet, as the statements of filters take them: any number in one parameter."""

from collections.abc import Iterable
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from db.task import Priority, Status

# The parameter is a JSON array of `Exclusion`. A comparison with a null value of a task is not true: the condition does
# not hold, and the task stays. Counted in a subquery, because PostgreSQL would plan NOT EXISTS as a join.
EXCLUDED_BY_NONE: LiteralString = """(
    SELECT count(*) FROM jsonb_to_recordset(%(exclusions)s::text::jsonb) AS excluded(
        statuses task_status[], priorities task_priority[], list_id uuid, assignee text, label text,
        created_from timestamptz, created_before timestamptz, due_from timestamptz, due_before timestamptz,
        has_list boolean, has_assignee boolean, has_labels boolean, has_due boolean
    )
    WHERE (excluded.statuses IS NULL OR task.status = ANY(excluded.statuses))
      AND (excluded.priorities IS NULL OR task.priority = ANY(excluded.priorities))
      AND (excluded.list_id IS NULL OR task.list_id = excluded.list_id)
      AND (excluded.assignee IS NULL OR task.assignee = excluded.assignee)
      AND (excluded.label IS NULL OR excluded.label = ANY(task.labels))
      AND (excluded.created_from IS NULL OR task.created_at >= excluded.created_from)
      AND (excluded.created_before IS NULL OR task.created_at < excluded.created_before)
      AND (excluded.due_from IS NULL OR task.due_at >= excluded.due_from)
      AND (excluded.due_before IS NULL OR task.due_at < excluded.due_before)
      AND (excluded.has_list IS NULL OR (task.list_id IS NOT NULL) = excluded.has_list)
      AND (excluded.has_assignee IS NULL OR (task.assignee IS NOT NULL) = excluded.has_assignee)
      AND (excluded.has_labels IS NULL OR (task.labels <> '{}') = excluded.has_labels)
      AND (excluded.has_due IS NULL OR (task.due_at IS NOT NULL) = excluded.has_due)
) = 0"""


class Exclusion(msgspec.Struct, frozen=True, omit_defaults=True):
    """Conditions that a task must not meet all. None for a condition that every task meets.

    has_list and the like: whether the task has one.
    """

    statuses: tuple[Status, ...] | None = None
    priorities: tuple[Priority, ...] | None = None
    list_id: UUID | None = None
    assignee: str | None = None
    label: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None
    has_list: bool | None = None
    has_assignee: bool | None = None
    has_labels: bool | None = None
    has_due: bool | None = None


def exclusions_param(exclusions: Iterable[Exclusion]) -> str:
    """Return the parameter of `EXCLUDED_BY_NONE`."""
    return msgspec.json.encode(list(exclusions)).decode()
