"""The commands of `python -m loadgen`."""

import asyncio
import sys
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import Console

from loadgen.batches import MAX_TASKS
from loadgen.export_command import export_file
from loadgen.import_command import import_file
from loadgen.load import LoadPlan
from loadgen.load import load as run
from loadgen.options import DEFAULT_URL, Concurrency, OutputFile, Seconds, Token, Url
from loadgen.progress import Progress
from loadgen.tasks import MAX_COUNT, NO_VALUES, Values
from millitask import __version__

app = App(
    name="python -m loadgen",
    help="Load, import and export tasks of a running Millitask service over HTTP.",
    version=__version__,
)

app.command(import_file, name="import")
app.command(export_file, name="export")


@app.command
def load(
    *,
    count: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_COUNT))],
    url: Url = DEFAULT_URL,
    seed: Annotated[int, Parameter(validator=Number(gte=0, lt=2**64))] = 1,
    batch: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_TASKS))] = 500,
    concurrency: Concurrency = 4,
    timeout: Seconds = 30.0,
    max_wait: Seconds = 60.0,
    json: OutputFile = None,
    token: Token = None,
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
