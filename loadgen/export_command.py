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
    status: Literal["TODO", "IN_PROGRESS", "DONE"] | None = None,
    timeout: Seconds = 60.0,
    max_wait: Seconds = 60.0,
    token: Token = None,
) -> int:
    """Write all tasks to a file, oldest first, from one snapshot: CSV with a header line, or JSON Lines.

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
    return asyncio.run(export_tasks(ExportPlan(url, target, chosen, status, timeout, max_wait, token or None)))
