"""Two runs of the simulation: a lost shard with its rebuild, and the closed load of `make bench SUITE=sizing`."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import simpy

from tools.sizing.costs import Costs, Demand, zipf_shares
from tools.sizing.estimate import Estimate
from tools.sizing.simulation import PAGE_SIZE, Answers, Fleet, Shard, closed_client, open_load

ASSUMPTIONS = (
    "Requests arrive as a Poisson process. Their kinds, workspaces and processes are independent of each other.",
    "Workspaces have tasks and requests by a Zipf distribution. The largest ones are placed one by one on the least "
    "loaded shard.",
    "The lost shard is the busiest one. It and one other are simulated request by request. The rest takes its share of "
    "the processes and of PostgreSQL, and never changes.",
    "A process and a Redis use one core each, PostgreSQL as many as it was given. Each has its own cores. Redis "
    "answers in the order of arrival, and the sessions of PostgreSQL share its cores in slices of 3 ms.",
    "CPU times are those that were measured with 16 connections. Their spread, and the time that no CPU explains, are "
    "those of one client alone.",
    "Without Redis, PostgreSQL counts the rows of a workspace for each page. The requests of a process share a count, "
    "and one connection of each process counts. A count of more than 5 s fails.",
    "Shards take turns: each has half of the request slots and connections of a process.",
    "A rebuild takes chunks of 2,000 tasks, one after the other. Workspaces are usable in proportion to the progress.",
    "After the rebuild the cache is empty. All of its pages are read equally often.",
    "Not simulated: the network, subscriptions, rate limits, time limits of requests, garbage collection, retries.",
)
NORMAL_SECONDS, AFTER_SECONDS, MAX_REBUILD_SECONDS = 10.0, 20.0, 120.0
_STEP_SECONDS = 0.5


@dataclass(frozen=True)
class Phase:
    """What the requests of one shard saw during one phase. Latencies are in milliseconds."""

    name: str
    shard: str
    seconds: float
    rate: float
    p50_ms: float
    p99_ms: float
    refused: int


def lose_a_shard(demand: Demand, costs: Costs, needed: Estimate, failover_seconds: float = 10.0) -> list[Phase]:
    """Lose the busiest shard under load, fail over, rebuild its index, and return what its requests and others saw."""
    shares = zipf_shares(demand.workspaces, demand.skew)
    placed = dict(zip(("lost", "other"), _two_shards(shares, needed.shards), strict=False))
    focus = sum(shares[at] for spaces in placed.values() for at in spaces)
    reserve = demand.utilization
    fleet = Fleet(
        costs,
        # The use of the simulated requests, and all of the reserve, because it exists for such a time.
        processes=max(1, round(needed.processes * (focus * reserve + 1 - reserve))),
        database_cores=max(1, round(needed.database_cores / reserve * (focus * reserve + 1 - reserve))),
        workspace_tasks={at: shares[at] * demand.tasks for spaces in placed.values() for at in spaces},
    )
    answers = {name: Answers() for name in placed}
    shards = {}
    for name, spaces in placed.items():
        cumulative = list(accumulate(shares[at] for at in spaces))
        pages = max(1.0, cumulative[-1] * demand.tasks * demand.cached_share / PAGE_SIZE)
        shards[name] = Shard(simpy.Resource(fleet.env), spaces, cumulative, pages)
        fleet.env.process(open_load(fleet, shards[name], demand.mix, demand.rps * cumulative[-1], answers[name]))
    lost = shards["lost"]
    times = [0.0, NORMAL_SECONDS, NORMAL_SECONDS + failover_seconds]
    fleet.env.run(until=times[1])
    lost.usable, lost.read_pages = 0.0, 0.0
    fleet.env.run(until=times[2])
    rebuilding = fleet.env.process(fleet.rebuild(lost, lost.cumulative[-1] * demand.tasks))
    while rebuilding.is_alive and fleet.env.now < times[2] + MAX_REBUILD_SECONDS:
        fleet.env.run(until=fleet.env.now + _STEP_SECONDS)
    times += [fleet.env.now, fleet.env.now + AFTER_SECONDS]
    fleet.env.run(until=times[-1])
    return [
        _phase(phase, name, answers[name], start, end)
        for phase, start, end in zip(("before", "lost", "rebuild", "after"), times, times[1:], strict=False)
        for name in answers
    ]


def closed_load(
    costs: Costs, mix: Mapping[str, float], *, connections: int, cores: int, seconds: float = 10.0
) -> Phase:
    """Return what `connections` clients see of one process whose programs and clients share the cores of a machine."""
    fleet = Fleet(costs, processes=1, database_cores=cores, workspace_tasks={0: costs.tasks}, cores=cores)
    shard = Shard(simpy.Resource(fleet.env), [0], [1.0], 1.0)
    generator, answers = simpy.Resource(fleet.env), Answers()
    for _ in range(connections):
        fleet.env.process(closed_client(fleet, shard, mix, generator, answers))
    fleet.env.run(until=seconds)
    return _phase("mix", f"{connections} connections", answers, seconds * 0.1, seconds)


def _two_shards(shares: list[float], shards: int) -> list[list[int]]:
    """Return the workspaces of the shard with the largest one, and of another shard, if there is one."""
    if shards == 1:
        return [list(range(len(shares)))]
    average = 1 / shards
    lost, load, rest = [0], shares[0], list(range(1, len(shares)))
    # Small workspaces fill the shard up, if the largest one leaves room.
    while rest and load < average:
        lost.append(rest.pop())
        load += shares[lost[-1]]
    other: list[int] = []
    load = 0.0
    for at in rest:
        if load + shares[at] <= average:
            other.append(at)
            load += shares[at]
    other = other or rest[:1]
    return [lost, other] if other else [lost]


def _phase(name: str, shard: str, answers: Answers, start: float, end: float) -> Phase:
    latencies = answers.between(start, end)
    p50, p99 = (1000 * latencies[int(len(latencies) * share)] if latencies else 0.0 for share in (0.5, 0.99))
    rate = len(latencies) / (end - start)
    return Phase(name, shard, end - start, rate, p50, p99, answers.refused_between(start, end))
