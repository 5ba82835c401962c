"""A discrete-event simulation of requests on processes, shards of Redis and PostgreSQL, with queues in front of each.

A request holds a process, then the Redis of its shard, PostgreSQL, and the process again, for its measured CPU times.
Requests arrive at random times (`open_load`), or from clients that wait for their answers (`closed_client`).
"""

import math
import random
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import simpy

from tools.sizing.costs import MICROSECONDS, WRITES, Costs, RequestCost

Steps = Generator[simpy.Event, Any, None]
# docs/reference/settings.md and limits.md: requests in flight of a worker, its connections to PostgreSQL, how many of
# them count totals without Redis, and the longest statement.
MAX_IN_FLIGHT, POOL_SIZE, COUNTING, STATEMENT_SECONDS = 64, 10, 1, 5.0
PAGE_SIZE = 50
# How long the operating system lets a process run while others wait.
SLICE_SECONDS = 0.003
# The quantile between the p50 and the p99 of a normal distribution, in standard deviations.
_P99_DEVIATIONS = 2.326


@dataclass
class Shard:
    """A Redis process. usable: the share of its workspaces whose index is in use. coverage: the share of cached tasks.

    workspaces, cumulative: the workspaces on it, and the running totals of their shares. in_flight: its requests, by
    process.
    """

    redis: simpy.Resource
    workspaces: Sequence[int]
    cumulative: Sequence[float]
    working_pages: float
    in_flight: Counter[int] = field(default_factory=Counter)
    usable: float = 1.0
    read_pages: float = math.inf

    @property
    def coverage(self) -> float:
        """The share of pages whose tasks are in the cache, if all pages are read equally often."""
        return 1 - math.exp(-self.read_pages / self.working_pages)


@dataclass
class Answers:
    """The time and latency of each answer, in seconds, and the times of requests without an answer."""

    latencies: list[tuple[float, float]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def between(self, start: float, end: float) -> list[float]:
        """Return the latencies of the answers in a time, in ascending order."""
        return sorted(latency for at, latency in self.latencies if start <= at < end)

    def refused_between(self, start: float, end: float) -> int:
        """Return the number of requests in a time that were refused, or whose statement took too long."""
        return sum(start <= at < end for at in self.refused)


class Fleet:
    """Processes, shards and PostgreSQL, and the requests that wait for them.

    cores: the cores that all of them share, as on one machine. None: each has its own.
    """

    def __init__(
        self,
        costs: Costs,
        *,
        processes: int,
        database_cores: int,
        workspace_tasks: Mapping[int, float],
        cores: int | None = None,
        seed: int = 1,
    ) -> None:
        self.env = simpy.Environment()
        self.costs = costs
        self.random = random.Random(seed)  # noqa: S311 - nothing is secret
        self.processes = [simpy.Resource(self.env) for _ in range(processes)]
        # Shards take turns for the connections of a process, so each always has its part.
        self.pools: dict[tuple[int, int], simpy.Resource] = {}
        self.counting = [simpy.Resource(self.env, COUNTING) for _ in range(processes)]
        # The count of the rows of a workspace that each process will begin next, for all requests that wait for it.
        self._next_count: dict[tuple[int, int], simpy.Process] = {}
        self.database = simpy.Resource(self.env, database_cores)
        self.cores = None if cores is None else simpy.Resource(self.env, cores)
        self._workspace_tasks = workspace_tasks
        self._in_flight: Counter[int] = Counter()
        # How often each workspace was written, and what each process knew when it cached a page of a workspace.
        self._writes: dict[int, int] = {}
        self._cached: dict[tuple[int, int], int] = {}

    def use(self, resource: simpy.Resource, seconds: float) -> Steps:
        """Wait for a resource, and for a core, and hold both."""
        if seconds <= 0:
            return
        with resource.request() as turn:
            yield turn
            if self.cores is None:
                yield self.env.timeout(seconds)
                return
            with self.cores.request() as core:
                yield core
                yield self.env.timeout(seconds)

    def query(self, seconds: float) -> Steps:
        """Use PostgreSQL, whose sessions share its cores in time slices, so that a long one does not stop the rest."""
        while seconds > 0:
            yield from self.use(self.database, min(seconds, SLICE_SECONDS))
            seconds -= SLICE_SECONDS

    def request(self, kind: str, shard: Shard, answers: Answers) -> Steps:
        """Run one request from its arrival to its answer."""
        number, began = self.random.randrange(len(self.processes)), self.env.now
        if not self._has_slot(number, shard):
            answers.refused.append(self.env.now)
            return
        self._in_flight[number] += 1
        shard.in_flight[number] += 1
        workspace = self.random.choices(shard.workspaces, cum_weights=shard.cumulative)[0]
        cost, counts = self._cost(kind, workspace, number, shard)
        noise, process = self._noise(cost), self.processes[number]
        counted = True
        yield from self.use(process, noise * cost.workers * MICROSECONDS / 2)
        yield from self.use(shard.redis, noise * cost.redis * MICROSECONDS)
        if counts:
            counted = yield from self._count(workspace, number)
        if counted:
            yield from self._query(shard, number, noise * cost.postgresql * MICROSECONDS)
            # Round trips, and the disk for a commit, hold nothing.
            yield self.env.timeout(noise * wait_seconds(cost))
            yield from self.use(process, noise * cost.workers * MICROSECONDS / 2)
        self._in_flight[number] -= 1
        shard.in_flight[number] -= 1
        if counted:
            answers.latencies.append((self.env.now, self.env.now - began))
        else:
            answers.refused.append(self.env.now)

    def _has_slot(self, number: int, shard: Shard) -> bool:
        """Return whether a process takes one more request. Each of the simulated shards has a half that stays free."""
        return self._in_flight[number] < MAX_IN_FLIGHT or shard.in_flight[number] < MAX_IN_FLIGHT // 2

    def _query(self, shard: Shard, number: int, seconds: float) -> Steps:
        if seconds > 0:
            key = (id(shard), number)
            pool = self.pools.setdefault(key, simpy.Resource(self.env, POOL_SIZE // 2))
            with pool.request() as connection:
                yield connection
                yield from self.query(seconds)

    def _count(self, workspace: int, number: int) -> Generator[simpy.Event, Any, bool]:
        """Wait for a count that begins after now, together with others, and return whether it ended in time."""
        key = (workspace, number)
        if key not in self._next_count:
            self._next_count[key] = self.env.process(self._run_count(workspace, number))
        in_time: bool = yield self._next_count[key]
        return in_time

    def _run_count(self, workspace: int, number: int) -> Generator[simpy.Event, Any, bool]:
        page, total = self.costs.requests["degraded"], self.costs.requests["degraded_with_total"]
        seconds = (total.alone_p50_ms - page.alone_p50_ms) / 1000 * self._workspace_tasks[workspace] / self.costs.tasks
        with self.counting[number].request() as connection:
            yield connection
            del self._next_count[workspace, number]
            yield from self.query(min(seconds, STATEMENT_SECONDS))
        return seconds <= STATEMENT_SECONDS

    def rebuild(self, shard: Shard, tasks: float, chunk: int = 2_000) -> Steps:
        """Build the index of a shard in chunks, and make its workspaces usable as they are done."""
        cost, chunks = self.costs.rebuild, max(1, math.ceil(tasks / chunk))
        seconds = {program: each * chunk / 1e6 for program, each in cost.items()}
        for done in range(1, chunks + 1):
            steps = [
                self.use(shard.redis, seconds["redis"]),
                self.query(seconds["postgresql"]),
                self.use(self.random.choice(self.processes), seconds["workers"]),
            ]
            yield self.env.all_of([self.env.process(step) for step in steps])
            shard.usable = done / chunks

    def _cost(self, kind: str, workspace: int, process: int, shard: Shard) -> tuple[RequestCost, bool]:
        """Return what a request costs in the present state of its shard and cache, and whether PostgreSQL counts."""
        costs = self.costs.requests
        if kind in WRITES:
            self._writes[workspace] = self._writes.get(workspace, 0) + 1
        if self.random.random() >= shard.usable:
            if kind in (*WRITES, "search"):
                return replace(costs[kind], redis=0.0), False
            return costs["degraded"], True
        if kind not in ("hot", "warm"):
            return costs[kind], False
        shard.read_pages += 1
        if kind == "hot":
            known = self._writes.get(workspace, 0)
            if self._cached.get((workspace, process)) == known:
                return costs["hot"], False
            self._cached[workspace, process] = known
        return costs["warm" if self.random.random() < shard.coverage else "cold"], False

    def _noise(self, cost: RequestCost) -> float:
        """Return a factor of lognormal distribution with the mean 1, from the latencies of one client alone."""
        sigma = math.log(max(1.0, cost.alone_p99_ms / cost.alone_p50_ms)) / _P99_DEVIATIONS
        return self.random.lognormvariate(-(sigma**2) / 2, sigma)


def wait_seconds(cost: RequestCost) -> float:
    """Return the time of a request alone that no CPU explains: round trips, and the disk for a commit."""
    return max(0.0, cost.alone_p50_ms / 1000 - cost.cpu_seconds)


def open_load(fleet: Fleet, shard: Shard, mix: Mapping[str, float], rps: float, answers: Answers) -> Steps:
    """Start requests of a mix at random times, as many per second as asked, whether or not others have ended."""
    kinds, weights = list(mix), list(mix.values())
    while True:
        yield fleet.env.timeout(fleet.random.expovariate(rps))
        kind = fleet.random.choices(kinds, weights)[0]
        fleet.env.process(fleet.request(kind, shard, answers))


def closed_client(
    fleet: Fleet, shard: Shard, mix: Mapping[str, float], generator: simpy.Resource, answers: Answers
) -> Steps:
    """Send one request after the other. The load generator takes CPU time for each on a thread of its own."""
    kinds, weights = list(mix), list(mix.values())
    while True:
        yield from fleet.use(generator, fleet.costs.load_generator_us * MICROSECONDS)
        kind = fleet.random.choices(kinds, weights)[0]
        yield from fleet.request(kind, shard, answers)
