"""The command line: `python -m benchmarks SUITE`."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number
from cyclopts.validators import Path as PathValidator

from benchmarks.page_rows.plan import QUICK, ROWS, Plan
from benchmarks.report import ROOT, Report
from benchmarks.view_rows.plan import QUICK_VIEWS, VIEW_ROWS, ViewPlan
from millitask import __version__

Suite = Literal[
    "page",
    "protocol",
    "search",
    "live",
    "ship",
    "indexes",
    "web",
    "filters",
    "use",
    "fairness",
    "identity",
    "workspaces",
    "cluster",
    "failover",
    "pooler",
    "sizing",
    "telemetry",
    "usage",
    "warm",
    "transfer",
    "views",
]
# The default number of tasks; `live` counts subscribers, and `workspaces` workspaces. The other suites use 1,000,000.
DEFAULT_COUNTS = {
    "indexes": 100_000,
    "sizing": 100_000,
    "usage": 2_000,
    "pooler": 20_000,
    "failover": 1_000,
    "live": 1_000,
    "fairness": 2_000,
    "identity": 2_000,
    "telemetry": 2_000,
    "workspaces": 10_000,
}
USE_MINUTES = 60

app = App(name="python -m benchmarks", help="Measure Millitask on this machine.", version=__version__)


@app.default
def bench(
    suite: Suite = "page",
    *,
    count: Annotated[int | None, Parameter(validator=Number(gte=100))] = None,
    record: bool = True,
    against: Annotated[Path | None, Parameter(validator=PathValidator(exists=True, file_okay=False))] = None,
    rows: str | None = None,
    quick: bool = False,
    data: Annotated[Path | None, Parameter(validator=PathValidator(file_okay=False))] = None,
    postgraphile: bool = True,
    minutes: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
) -> int:
    """Run one suite, print its results and append them to the history.

    Parameters
    ----------
    suite
        What to measure. page: pages compared with other servers, page cost, load and rebuild. protocol: cost of
        consistency, degraded mode. search: search and filters. live: subscriptions. ship: the services of compose.yaml.
        indexes: write cost of the search indexes. web: the web page in a browser. filters: from the choice of a filter
        in the web page to the drawn list. use: the memory of a browser tab that is used for an hour. fairness: a busy
        workspace and its neighbour, and the rate limit. workspaces: what many workspaces cost a worker. cluster: a
        Redis cluster and the loss of a shard. failover: PostgreSQL fails over. pooler: PgBouncer compared with direct
        connections. identity: what a token costs, and how soon it is revoked. sizing: what a request costs each
        program, by its kind. telemetry: what traces cost a cached page. usage: what counting costs, and how right it
        is. warm: the hit rate after a restart of Redis. transfer: import and export. views: what declared views cost.
    count
        Number of tasks, of subscribers for `live`, or of workspaces for `workspaces`. Default: 1,000,000 tasks, 100,000
        for `indexes` and `sizing`, 20,000 for `pooler`, 2,000 for `fairness`, `identity`, `telemetry` and `usage`,
        1,000 for `failover`, 1,000 subscribers, 10,000 workspaces.
    record
        Append the results to benchmarks/history/SUITE.jsonl.
    against
        Compare with another checkout: measure only the CPU time of a warm page, in both. Only for `page`.
    rows
        The rows to measure, separated by commas. Default: all. For `page`: start, p0 to p7, alone, cold, mixed, update,
        memory. For `views`: memory, pages, facets, updates, bulk, build.
    quick
        Measure fewer and shorter rounds. Only for `page` and `views`.
    data
        A folder for the data of the service that is kept, so that the next run with this folder need not load the
        tasks. Only for `page`.
    postgraphile
        Measure the rows that compare with PostGraphile, which needs Node.js and npm. Only for `page`.
    minutes
        How long the page is used. Default: 60. Only for `use`.
    """
    if suite != "page" and (against or data or not postgraphile):
        sys.stderr.write("error: --against, --data and --no-postgraphile work only with the suite page\n")
        return 2
    if suite not in ("page", "views") and (rows or quick):
        sys.stderr.write("error: --rows and --quick work only with the suites page and views\n")
        return 2
    if suite != "use" and minutes is not None:
        sys.stderr.write("error: --minutes works only with the suite use\n")
        return 2
    known = VIEW_ROWS if suite == "views" else ROWS
    names = [name.strip() for name in rows.split(",")] if rows else known
    if unknown := set(names).difference(known):
        sys.stderr.write(f"error: no row is named {', '.join(sorted(unknown))}. Rows: {', '.join(known)}\n")
        return 2
    plan = replace(QUICK if quick else Plan(), data=data and data.resolve(), postgraphile=postgraphile)
    plan = replace(plan, rows=frozenset(row for row in ROWS if row in names))
    view_plan = replace(QUICK_VIEWS if quick else ViewPlan(), rows=frozenset(row for row in VIEW_ROWS if row in names))
    report = Report("compare" if against else suite, count or DEFAULT_COUNTS.get(suite, 1_000_000))
    run(report, view_plan if suite == "views" else plan, against, minutes or USE_MINUTES)
    if record:
        sys.stderr.write(f"Recorded in {report.record().relative_to(ROOT)}\n")
    return 0


def run(report: Report, plan: Plan | ViewPlan, against: Path | None, minutes: float) -> None:
    """Run the suite of a report. Suites are imported late, because they import the service."""
    if against is not None:
        from benchmarks.compare import run as compare

        compare(report, against.resolve())
    elif isinstance(plan, ViewPlan):
        from benchmarks.views import run as measure_views

        measure_views(report, plan)
    elif report.suite == "page":
        from benchmarks.page import run as measure_page

        measure_page(report, plan)
    elif report.suite == "use":
        from benchmarks.use import run as measure_use

        measure_use(report, minutes)
    else:
        importlib.import_module(f"benchmarks.{report.suite}").run(report)


if __name__ == "__main__":
    app()
