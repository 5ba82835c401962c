"""The commands of `python -m loadgen`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import Console

from loadgen.batches import MAX_TASKS
from loadgen.load import LoadPlan
from loadgen.load import load as run
from loadgen.progress import Progress
from loadgen.tasks import MAX_COUNT, NO_VALUES, Values
from millitask import __version__

app = App(name="python -m loadgen", help="Load tasks into a running Millitask service over HTTP.", version=__version__)

_Seconds = Annotated[float, Parameter(validator=Number(gt=0))]


def _require_http_url(_: object, url: str) -> None:
    """Reject a URL that httpx cannot send a request to."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError("must be an HTTP URL such as http://127.0.0.1:8000/graphql")


def _require_writable_path(_: object, path: Path | None) -> None:
    """Reject a path that cannot be written, before a long load rather than after it."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise ValueError("must be a file in an existing folder")


def _require_token(_: object, token: str | None) -> None:
    """Reject a token that no header can contain."""
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise ValueError("must be an API token such as mt_…")


@app.command
def load(
    *,
    count: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_COUNT))],
    url: Annotated[str, Parameter(validator=_require_http_url)] = "http://127.0.0.1:8000/graphql",
    seed: Annotated[int, Parameter(validator=Number(gte=0, lt=2**64))] = 1,
    batch: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_TASKS))] = 500,
    concurrency: Annotated[int, Parameter(validator=Number(gte=1, lte=256))] = 4,
    timeout: _Seconds = 30.0,
    max_wait: _Seconds = 60.0,
    json: Annotated[Path | None, Parameter(validator=_require_writable_path)] = None,
    token: Annotated[str | None, Parameter(env_var="MILLITASK_TOKEN", validator=_require_token)] = None,
    lists: Annotated[int, Parameter(validator=Number(gte=0, lte=10_000))] = 0,
    assignees: Annotated[int, Parameter(validator=Number(gte=0, lte=10_000_000))] = 0,
    labels: Annotated[int, Parameter(validator=Number(gte=0, lte=10_000_000))] = 0,
) -> int:
    """Create generated tasks through GraphQL mutations.

    Run the same command again to continue an interrupted load. It creates no task twice. Exit code: 0 if every
    task was created, 1 after an error, 2 for wrong arguments, 130 if a signal stopped the load.

    Parameters
    ----------
    count
        Number of tasks to create.
    url
        GraphQL endpoint of the service.
    seed
        Each seed generates different tasks. A second seed adds its tasks to those of the first.
    batch
        Maximum number of tasks in a request.
    concurrency
        Number of concurrent requests.
    timeout
        Seconds after which a request is retried.
    max_wait
        Seconds without a successful request after which the loader gives up.
    json
        File to write the summary to, as JSON.
    token
        API token, if the service requires one. Other users of this machine can read an option: prefer the variable.
    lists
        Number of task lists to create first. Each task is in one of them.
    assignees
        Number of different assignees. Each task has one of them.
    labels
        Number of different labels. Each task has none to three of them.
    """
    values = Values(lists, assignees, labels) if lists or assignees or labels else NO_VALUES
    plan = LoadPlan(url, count, seed, batch, concurrency, timeout, max_wait, token or None, values)
    summary = asyncio.run(run(plan, Progress(Console(stderr=True), count)))
    if json is not None:
        text = msgspec.json.format(msgspec.json.encode(summary), indent=2)
        json.write_bytes(text + b"\n")
    sys.stdout.write("\n".join(summary.lines()) + "\n")
    return summary.exit_code
