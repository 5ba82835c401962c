"""The text of exported tasks. `python -m loadgen import` reads both formats."""

import csv
import io
from typing import Any

import msgspec

from cache.redis.times import print_time
from db.export import ExportedTask

COLUMNS = (
    *("id", "externalId", "title", "description", "status", "priority", "createdAt", "updatedAt", "expiresAt", "dueAt"),
    *("assignee", "labels", "metadata", "listId", "list", "version", "createdBy", "updatedBy"),
)
_encode = msgspec.json.Encoder().encode
# A label that contains the separator, or would be changed by an import, needs a list in JSON.
_SEPARATOR = ","


def _row(exported: ExportedTask) -> list[Any]:
    """Return the values of the columns, each as it is in JSON."""
    task = exported.task
    return [
        str(task.id),
        task.external_id,
        task.title,
        task.description,
        task.status,
        task.priority,
        print_time(task.created_at),
        print_time(task.updated_at),
        None if task.expires_at is None else print_time(task.expires_at),
        None if task.due_at is None else print_time(task.due_at),
        task.assignee,
        task.labels,
        None if task.metadata is None else msgspec.Raw(task.metadata.encode()),
        None if task.list_id is None else str(task.list_id),
        exported.list_name,
        task.version,
        task.created_by,
        task.updated_by,
    ]


_LABELS, _METADATA = COLUMNS.index("labels"), COLUMNS.index("metadata")


def json_lines(tasks: list[ExportedTask]) -> bytes:
    """Return an object for each task, each on a line."""
    return b"".join([_encode(dict(zip(COLUMNS, _row(task), strict=True))) + b"\n" for task in tasks])


def csv_rows(tasks: list[ExportedTask]) -> bytes:
    """Return a row for each task, in the order of `COLUMNS`. An empty cell is a field that is not set."""
    rows = [_row(task) for task in tasks]
    for row, exported in zip(rows, tasks, strict=True):
        row[_LABELS], row[_METADATA] = _labels_cell(exported.task.labels), exported.task.metadata
    return _csv(rows)


def _labels_cell(labels: list[str]) -> str:
    plain = all(label == label.strip() and _SEPARATOR not in label for label in labels)
    if plain and not (labels and labels[0].startswith("[")):
        return f"{_SEPARATOR} ".join(labels)
    return _encode(labels).decode()


def _csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


CSV_HEADER = _csv([list(COLUMNS)])
