"""The command line: `python -m tools.sizing --tasks N --rps N --workspaces N`."""

import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number
from cyclopts.validators import Path as PathValidator

from tools.sizing.costs import GIB, Costs, Demand, MachineLimits, load_costs, load_prices, parse_mix
from tools.sizing.estimate import Estimate, estimate, monthly_cost

KINDS = ("hot", "warm", "cold", "search", "update", "create")
DEFAULT_MIX = "hot=30,warm=45,cold=5,search=5,update=10,create=5"

app = App(name="python -m tools.sizing", help="Estimate what a number of tasks and requests needs.")
# Far above what one service can hold. Larger numbers are mistakes, and take hours to calculate.
Tasks = Annotated[int, Parameter(validator=Number(gte=1, lte=10**12))]
Workspaces = Annotated[int, Parameter(validator=Number(gte=1, lte=10**7))]
Rate = Annotated[float, Parameter(validator=Number(gt=0, lte=10**7))]
Size = Annotated[float, Parameter(validator=Number(gte=0.5, lte=10**6))]
Cores = Annotated[int, Parameter(validator=Number(gte=1))]
Share = Annotated[float, Parameter(validator=Number(gt=0, lte=1))]
Utilization = Annotated[float, Parameter(validator=Number(gte=0.05, lte=1))]
Skew = Annotated[float, Parameter(validator=Number(gte=0, lte=10))]


@app.default
def size(
    *,
    tasks: Tasks,
    rps: Rate,
    workspaces: Workspaces,
    mix: str = DEFAULT_MIX,
    skew: Skew = 1.0,
    cached_share: Share = 0.1,
    utilization: Utilization = 0.6,
    shard_gib: Size = 32,
    database_cores: Cores = 64,
    database_tib: Size = 16,
    prices: Annotated[Path | None, Parameter(validator=PathValidator(exists=True, dir_okay=False))] = None,
    simulate: bool = False,
) -> int:
    """Print the shards, processes, cores, memory and disk that a demand needs, and what breaks first.

    Parameters
    ----------
    tasks
        Number of tasks in all workspaces.
    rps
        Requests per second.
    workspaces
        Number of workspaces.
    mix
        Shares of the kinds of requests: hot (a page that was just read), warm (its tasks are in the cache), cold,
        search, update, create.
    skew
        Exponent of the Zipf distribution of tasks and requests over the workspaces; 0 for an even one.
    cached_share
        Share of the tasks that the cache shall hold.
    utilization
        How busy processes, shards and databases may be on average.
    shard_gib
        Memory of the largest Redis, in GiB.
    database_cores
        Cores of the largest PostgreSQL server.
    database_tib
        Disk of the largest PostgreSQL server, in TiB.
    prices
        A TOML file with prices for a month: api_core, api_gib, redis_gib, postgresql_core, postgresql_disk_gib.
    simulate
        Also simulate the loss of the busiest shard under this load.
    """
    costs = load_costs()
    try:
        demand = Demand(tasks, rps, workspaces, parse_mix(mix, dict.fromkeys(KINDS)), skew, cached_share, utilization)
        listed = load_prices(prices) if prices is not None else None
        limits = MachineLimits(shard_gib, database_cores, database_tib)
        needed = estimate(demand, costs, limits)
        lines = [*_estimate_lines(demand, needed), "", *_warnings(demand, needed, limits)]
        lines.append("CPU times measured on {date}: {machine}.".format_map(costs.measured))
        if listed is not None:
            lines += ["", *_cost_lines(demand, needed, listed)]
        if simulate:
            lines += ["", *_simulation_lines(demand, costs, needed)]
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _estimate_lines(demand: Demand, needed: Estimate) -> Iterator[str]:
    hits = needed.mix["hot"] / demand.mix["hot"] if demand.mix.get("hot") else 0
    busy = f"{needed.api_cores:,.1f} cores of CPU time, and each process at most {demand.utilization:.0%} busy"
    cores = math.ceil(needed.database_cores / demand.utilization)
    database = f"{needed.database_cores:,.1f} cores of CPU time, so {cores:,} cores"
    disk = f"{needed.database_bytes / 2**40:,.2f} TiB"
    shards = f"memory {needed.shards_for_memory:,}, CPU {needed.shards_for_cpu:,}, then the skew of the workspaces"
    rows = [
        ("API processes", f"{needed.processes:,}", busy),
        ("memory of the API", f"{needed.api_bytes / GIB:,.1f} GiB", "a pod for each process"),
        ("hot pages from the page cache", f"{hits:.1%}", "a write empties it for its workspace, in every process"),
        ("Redis shards", f"{needed.shards:,}", shards),
        ("memory of Redis", f"{needed.redis_bytes / GIB:,.1f} GiB", "without replicas"),
        ("busiest shard", f"{needed.hottest_shard:.0%} of its core", "workspaces placed one by one"),
        ("PostgreSQL servers", f"{needed.databases:,}", f"{database}; {disk}"),
        ("connections to PostgreSQL", f"{needed.connections:,}", "12 for each process, and 30"),
    ]
    yield "| what | needed | because |"
    yield "|---|---|---|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _warnings(demand: Demand, needed: Estimate, limits: MachineLimits) -> Iterator[str]:
    share = f"{needed.largest_workspace:.0%} of a core and {needed.largest_workspace_bytes / GIB:,.1f} GiB"
    if needed.largest_workspace > demand.utilization or needed.largest_workspace_bytes > limits.shard_gib * GIB:
        yield f"The largest workspace needs {share} of a shard: it outgrows one, and more shards do not help."
    else:
        yield f"The largest workspace needs {share} of a shard, and fits."
    if needed.databases > 1:
        yield "One PostgreSQL is too small: distribute the tables by workspace_id."
    if needed.connections > 5_000:
        yield "So many connections to PostgreSQL need a pooler."
    yield "What breaks first, and what to do: docs/explanation/scaling.md"


def _cost_lines(demand: Demand, needed: Estimate, listed: Mapping[str, Any]) -> Iterator[str]:
    cost = monthly_cost(needed, demand, listed)
    currency = listed.get("currency", "")
    yield "| part | a month |"
    yield "|---|---|"
    for part, price in cost.items():
        yield f"| {part} | {price:,.0f} {currency} |"
    yield f"| total | {sum(cost.values()):,.0f} {currency} |"


def _simulation_lines(demand: Demand, costs: Costs, needed: Estimate) -> Iterator[str]:
    # Imported late: only the simulation needs the packages of developers.
    try:
        from tools.sizing.scenarios import ASSUMPTIONS, lose_a_shard
    except ModuleNotFoundError:
        raise ValueError("--simulate needs the development packages. Install them: make .venv/dev.stamp") from None

    yield "| simulated | shard | seconds | responses/s | p50 ms | p99 ms | no answer |"
    yield "|---|---|---|---|---|---|---|"
    for phase in lose_a_shard(demand, costs, needed):
        yield (
            f"| {phase.name} | {phase.shard} | {phase.seconds:.0f} | {phase.rate:,.0f} | {phase.p50_ms:.2f} | "
            f"{phase.p99_ms:.2f} | {phase.refused:,} |"
        )
    yield ""
    yield "Assumptions of the simulation:"
    yield from (f"- {each}" for each in ASSUMPTIONS)


if __name__ == "__main__":
    app()
