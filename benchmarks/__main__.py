"""The command line: `python -m benchmarks SUITE`."""

import importlib
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number
from cyclopts.validators import Path as PathValidator

from benchmarks.report import ROOT, Report

Suite = Literal["page", "protocol", "search", "live", "ship", "indexes", "web"]
# The default number of tasks, or of subscribers for `live`. All other suites use 1,000,000 tasks.
DEFAULT_COUNTS = {"indexes": 100_000, "live": 1_000}

app = App(name="python -m benchmarks", help="Measure Millitask on this machine.")


@app.default
def bench(
    suite: Suite = "page",
    *,
    count: Annotated[int | None, Parameter(validator=Number(gte=100))] = None,
    record: bool = True,
    against: Annotated[Path | None, Parameter(validator=PathValidator(exists=True, file_okay=False))] = None,
) -> int:
    """Run one suite, print its results and append them to the history.

    Parameters
    ----------
    suite
        What to measure. page: page cost, load, start and index size. protocol: cost of consistency, degraded mode.
        search: search and filters. live: subscriptions. ship: the services of compose.yaml. indexes: write cost of
        the search indexes. web: the web page in a browser.
    count
        Number of tasks, or of subscribers for `live`. Default: 1,000,000 tasks, 100,000 for `indexes`, 1,000
        subscribers.
    record
        Append the results to benchmarks/history/SUITE.jsonl.
    against
        Compare with another checkout: measure only the CPU time of a warm page, in both. Only for `page`.
    """
    if against is not None and suite != "page":
        sys.stderr.write("error: --against works only with the suite page\n")
        return 2
    report = Report("compare" if against else suite, count or DEFAULT_COUNTS.get(suite, 1_000_000))
    if against is not None:
        from benchmarks.compare import run

        run(report, against.resolve())
    else:
        importlib.import_module(f"benchmarks.{suite}").run(report)
    if record:
        sys.stderr.write(f"Recorded in {report.record().relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    app()
