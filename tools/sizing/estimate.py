"""The estimate: how many processes, shards and databases a demand needs, and what breaks first."""

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass

from tools.sizing.costs import GIB, MIB, MICROSECONDS, WRITES, Costs, Demand, MachineLimits, zipf_shares

# docs/how-to/size.md: `maxmemory` is three times the index, plus this.
INDEX_FACTOR, SPARE_BYTES = 3, 100 * MIB
# docs/reference/settings.md: connections of a worker with callers that are identified, and the reserve.
CONNECTIONS_OF_A_WORKER, SPARE_CONNECTIONS = 12, 30
# Of PostgreSQL's disk, for its write-ahead log and for the space that autovacuum has not freed yet.
DISK_FACTOR = 1.5
# Workspaces that are placed one by one; the small ones behind them are spread evenly.
_PLACED = 10_000
_MAX_SHARDS = 16_384


@dataclass(frozen=True)
class Estimate:
    """What a demand needs. Cores are those in use on average, before any reserve."""

    mix: Mapping[str, float]
    processes: int
    api_cores: float
    api_bytes: float
    shards: int
    shards_for_memory: int
    shards_for_cpu: int
    redis_cores: float
    redis_bytes: float
    hottest_shard: float
    largest_workspace: float
    largest_workspace_bytes: float
    databases: int
    database_cores: float
    database_bytes: float
    connections: int


def estimate(demand: Demand, costs: Costs, limits: MachineLimits) -> Estimate:
    """Return what a demand needs."""
    mix, processes = _processes(demand, costs)
    cores = {
        name: demand.rps * _mean_us(mix, costs, name) * MICROSECONDS for name in ("workers", "redis", "postgresql")
    }
    index = demand.tasks * costs.index_bytes_per_task
    cache = demand.tasks * demand.cached_share * costs.cached_task_bytes
    memory = max(INDEX_FACTOR * index, index + cache)
    shares = zipf_shares(demand.workspaces, demand.skew)
    for_memory = math.ceil((memory + SPARE_BYTES) / (limits.shard_gib * GIB))
    for_cpu = math.ceil(cores["redis"] / demand.utilization)
    shards = balanced_shards(shares, max(for_memory, for_cpu), cores["redis"], demand.utilization)
    disk = demand.tasks * costs.database_bytes_per_task * DISK_FACTOR
    database_cores = cores["postgresql"] / demand.utilization
    databases = max(
        math.ceil(database_cores / limits.database_cores), math.ceil(disk / (limits.database_tib * 2**40)), 1
    )
    return Estimate(
        mix=mix,
        processes=processes,
        api_cores=cores["workers"],
        api_bytes=processes * (costs.worker_bytes + costs.supervisor_bytes),
        shards=shards,
        shards_for_memory=for_memory,
        shards_for_cpu=for_cpu,
        redis_cores=cores["redis"],
        redis_bytes=memory + shards * SPARE_BYTES,
        hottest_shard=max(placed_loads(shares, shards)) * cores["redis"],
        largest_workspace=shares[0] * cores["redis"],
        largest_workspace_bytes=shares[0] * memory,
        databases=databases,
        database_cores=cores["postgresql"],
        database_bytes=disk,
        connections=processes * CONNECTIONS_OF_A_WORKER + SPARE_CONNECTIONS,
    )


def effective_mix(mix: Mapping[str, float], processes: int) -> dict[str, float]:
    """Return the mix in which hot pages that the page cache cannot answer are warm pages.

    Every write of a workspace makes its cached pages invalid, in each process. So a hot page is a hit if the process
    has read it since the last write: requests of a workspace go to all processes, and its writes count in each.
    """
    hot, writes = mix.get("hot", 0.0), sum(mix.get(kind, 0.0) for kind in WRITES)
    if not hot:
        return dict(mix)
    hits = hot / (hot + processes * writes)
    return dict(mix) | {"hot": hot * hits, "warm": mix.get("warm", 0.0) + hot * (1 - hits)}


def placed_loads(shares: list[float], shards: int) -> list[float]:
    """Return the share of each shard if the largest workspaces are placed one by one where the least load is."""
    placed, rest = shares[:_PLACED], sum(shares[_PLACED:])
    loads = [0.0] * shards
    for share in placed:
        heapq.heappush(loads, heapq.heappop(loads) + share)
    return [load + rest / shards for load in loads]


def balanced_shards(shares: list[float], least: int, redis_cores: float, utilization: float) -> int:
    """Return the smallest number of shards that keeps every shard below its limit.

    No number helps a workspace that is too busy for a shard. Then the others still get enough shards.
    """
    shards = max(1, least)
    while shards < min(_MAX_SHARDS, len(shares)):
        loads = sorted(placed_loads(shares, shards), reverse=True)
        too_large = sum(share * redis_cores > utilization for share in shares[:_PLACED])
        if too_large >= shards or loads[min(too_large, shards - 1)] * redis_cores <= utilization:
            break
        shards = max(shards + 1, math.ceil(shards * 1.02))
    return shards


def monthly_cost(estimate: Estimate, demand: Demand, prices: Mapping[str, float]) -> dict[str, float]:
    """Return the monthly price of each part. Raises `KeyError` for a missing price."""
    reserve = 1 / demand.utilization
    return {
        "API": estimate.api_cores * reserve * prices["api_core"] + estimate.api_bytes / GIB * prices["api_gib"],
        # A replica for each shard.
        "Redis": 2 * estimate.redis_bytes / GIB * prices["redis_gib"],
        # A standby for each database.
        "PostgreSQL": 2
        * (
            estimate.database_cores * reserve * prices["postgresql_core"]
            + estimate.database_bytes / GIB * prices["postgresql_disk_gib"]
        ),
    }


def _processes(demand: Demand, costs: Costs) -> tuple[dict[str, float], int]:
    """Return the effective mix and the number of processes, which depend on each other."""
    processes = 1
    while True:
        mix = effective_mix(demand.mix, processes)
        needed = math.ceil(demand.rps * _mean_us(mix, costs, "workers") * MICROSECONDS / demand.utilization)
        if needed <= processes:
            return mix, processes
        processes = needed


def _mean_us(mix: Mapping[str, float], costs: Costs, program: str) -> float:
    return sum(share * float(getattr(costs.requests[kind], program)) for kind, share in mix.items())
