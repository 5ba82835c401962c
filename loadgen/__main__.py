"""The command line: `python -m loadgen load --count N --url URL`."""

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
from loadgen.load import Plan
from loadgen.load import load as run
from loadgen.progress import Progress

app = App(name="python -m loadgen", help="Puts load on a running Millitask, over HTTP.")

_Seconds = Annotated[float, Parameter(validator=Number(gt=0))]


def _endpoint(_: object, url: str) -> None:
    """Reject what httpx could not send to."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError("must be like http://127.0.0.1:8000/graphql")


def _file(_: object, path: Path | None) -> None:
    """Reject what could not be written to, before an hour of loading rather than after."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise ValueError("is a folder, or its folder does not exist")


@app.command
def load(
    *,
    count: Annotated[int, Parameter(validator=Number(gte=1, lte=100_000_000))],
    url: Annotated[str, Parameter(validator=_endpoint)] = "http://127.0.0.1:8000/graphql",
    seed: Annotated[int, Parameter(validator=Number(gte=0, lt=2**64))] = 1,
    batch: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_TASKS))] = 500,
    concurrency: Annotated[int, Parameter(validator=Number(gte=1, lte=256))] = 4,
    timeout: _Seconds = 30.0,
    max_wait: _Seconds = 60.0,
    json: Annotated[Path | None, Parameter(validator=_file)] = None,
) -> int:
    """Load tasks by GraphQL mutations; the same command again continues, and makes none twice.

    Ends with 0 if all tasks are there, 1 if something failed, 130 if it was stopped.

    Parameters
    ----------
    count
        How many tasks there shall be.
    url
        The GraphQL endpoint.
    seed
        Another seed loads other tasks, in addition.
    batch
        Tasks in a request at most.
    concurrency
        Requests in flight.
    timeout
        Seconds until a request counts as lost.
    max_wait
        Seconds without any success until the loader gives up.
    json
        A file to write the summary to as well.
    """
    plan = Plan(url, count, seed, batch, concurrency, timeout, max_wait)
    summary = asyncio.run(run(plan, Progress(Console(stderr=True), count)))
    if json is not None:
        text = msgspec.json.format(msgspec.json.encode(summary), indent=2)
        json.write_bytes(text + b"\n")
    sys.stdout.write("\n".join(summary.lines()) + "\n")
    return summary.exit_code


if __name__ == "__main__":
    app()
