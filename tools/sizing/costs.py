"""The measured costs of costs.toml, the demand, and the limits of one machine."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "costs.toml"
MIB, GIB, MICROSECONDS = 2**20, 2**30, 1e-6
WRITES = ("update", "create")
PRICES = ("api_core", "api_gib", "redis_gib", "postgresql_core", "postgresql_disk_gib")


@dataclass(frozen=True)
class RequestCost:
    """CPU time of one request in microseconds by program, and the latency of one client alone in milliseconds."""

    workers: float
    redis: float
    postgresql: float
    alone_p50_ms: float
    alone_p99_ms: float

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of all programs together."""
        return (self.workers + self.redis + self.postgresql) * MICROSECONDS


@dataclass(frozen=True)
class Costs:
    """Everything that was measured, and when and where (`measured`).

    Sizes are in bytes, `rebuild` is CPU seconds per million tasks by program.
    """

    measured: Mapping[str, str]
    index_bytes_per_task: float
    cached_task_bytes: float
    database_bytes_per_task: float
    worker_bytes: float
    supervisor_bytes: float
    # Tasks that the service held when the requests were measured.
    tasks: int
    load_generator_us: float
    rebuild: Mapping[str, float]
    requests: Mapping[str, RequestCost]


@dataclass(frozen=True)
class Demand:
    """The load on the service. `mix` has the share of each kind of request; the shares add up to 1.

    skew: the exponent of the Zipf distribution of tasks and requests over the workspaces; 0 is an even one.
    cached_share: the share of the tasks that is read so often that it should be in the cache.
    utilization: how busy processes, shards and databases may be on average.
    """

    tasks: int
    rps: float
    workspaces: int
    mix: Mapping[str, float]
    skew: float = 1.0
    cached_share: float = 0.1
    utilization: float = 0.6


@dataclass(frozen=True)
class MachineLimits:
    """The largest machines to choose, by memory of a shard, and by cores and disk of a PostgreSQL server."""

    shard_gib: float = 32
    database_cores: int = 64
    database_tib: float = 16


def load_costs(path: Path = FILE) -> Costs:
    """Read the costs from a file. Raises `ValueError` if a cost is missing or unknown."""
    values: dict[str, Any] = tomllib.loads(path.read_text())
    measured = values.pop("measured")
    requests = {kind: RequestCost(**cost) for kind, cost in values.pop("requests").items()}
    rebuild = values.pop("rebuild")
    names = {field.name for field in fields(Costs)} - {"measured", "requests", "rebuild"}
    if values.keys() != names:
        raise ValueError(f"{path.name}: these costs are missing or unknown: {sorted(values.keys() ^ names)}")
    return Costs(**values, measured=measured, rebuild=rebuild, requests=requests)


def parse_mix(text: str, kinds: Mapping[str, object]) -> dict[str, float]:
    """Return the shares of `hot=30,warm=50,…`, so that they add up to 1. Raises `ValueError`."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        kind, _, share = part.strip().partition("=")
        if kind not in kinds:
            raise ValueError(f"the mix names {kind!r}. Kinds: {', '.join(kinds)}.")
        try:
            shares[kind] = float(share)
        except ValueError:
            shares[kind] = math.nan
        if not math.isfinite(shares[kind]):
            raise ValueError(f"the share of {kind} in the mix must be a number, such as {kind}=30.")
    if min(shares.values()) < 0 or not sum(shares.values()):
        raise ValueError("the shares of the mix must not be negative, and one must be above 0.")
    return {kind: share / sum(shares.values()) for kind, share in shares.items()}


def load_prices(path: Path) -> dict[str, Any]:
    """Read a price list. Raises `ValueError`, which names the problem."""
    try:
        prices = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a readable TOML file: {error}") from None
    for name in PRICES:
        price = prices.get(name)
        if not isinstance(price, int | float) or not 0 <= price < math.inf:
            raise ValueError(f"{path} needs a price {name}, a number of at least 0. All prices: {', '.join(PRICES)}.")
    return prices


def zipf_shares(number: int, skew: float) -> list[float]:
    """Return the share of each workspace, the largest first."""
    weights = [rank**-skew for rank in range(1, number + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]
