"""The command `python -m loadgen export`."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from loadgen.exports import ExportPlan, export_tasks
from loadgen.options import DEFAULT_URL, Seconds, Token, Url


def export_file(
    file: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    url: Url = DEFAULT_URL,
    format: Literal["csv", "jsonl"] | None = None,  # noqa: A002
    list: str | None = None,  # noqa: A002
    assignee: str | None = None,
    label: str | None = None,
    priority: Literal["NONE", "LOW", "MEDIUM", "HIGH", "URGENT"] | None = None,
    status: Literal["TODO", "IN_PROGRESS", "DONE"] | None = None,
    timeout: Seconds = 60.0,
    max_wait: Seconds = 60.0,
    token: Token = None,
) -> int:
    """Write all tasks to a file, or those with given values, oldest first: CSV with a header line, or JSON Lines.

    All of them come from one snapshot.

    Exit code: 0 if the file is complete, 1 after an error, 2 for wrong arguments, 130 if a signal stopped the export.
    Without success, there is no file.

    Parameters
    ----------
    file
        The file, or - for stdout.
    url
        GraphQL endpoint of the service. The export is at /export of the same host.
    format
        Format of the file. Default: jsonl for the endings .jsonl and .ndjson, otherwise csv.
    list
        Only the tasks of the list with this id.
    assignee
        Only the tasks of this assignee.
    label
        Only the tasks with this label.
    priority
        Only the tasks of this priority.
    status
        Only the tasks of this status.
    timeout
        Seconds without a byte after which the export fails.
    max_wait
        Seconds that the export waits until the service can start it.
    token
        API token, if the service requires one. Other users of this machine can read an option: prefer the variable.
    """
    chosen = format or ("jsonl" if file.suffix.lower() in (".jsonl", ".ndjson") else "csv")
    target = None if file == Path("-") else file
    given = {"list": list, "assignee": assignee, "label": label, "priority": priority, "status": status}
    view = {name: value for name, value in given.items() if value is not None}
    return asyncio.run(export_tasks(ExportPlan(url, target, chosen, view, timeout, max_wait, token or None)))
