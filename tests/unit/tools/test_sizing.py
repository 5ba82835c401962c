"""The estimate and the simulation of `python -m tools.sizing`."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import simpy

from tests.support.service_process import ROOT
from tools.sizing.__main__ import DEFAULT_MIX, KINDS, app
from tools.sizing.costs import GIB, Costs, Demand, MachineLimits, RequestCost, load_costs, parse_mix, zipf_shares
from tools.sizing.estimate import SPARE_BYTES, Estimate, effective_mix, estimate, monthly_cost, placed_loads
from tools.sizing.scenarios import ASSUMPTIONS, NORMAL_SECONDS, Phase, closed_load, lose_a_shard
from tools.sizing.simulation import Answers, Fleet, Shard, open_load

COSTS = load_costs()
# The simulation is tested with costs that do not change when they are measured again.
FIXED = replace(
    COSTS,
    requests={
        "hot": RequestCost(workers=70, redis=5, postgresql=0, alone_p50_ms=0.2, alone_p99_ms=0.4),
        "warm": RequestCost(workers=480, redis=200, postgresql=0, alone_p50_ms=0.9, alone_p99_ms=1.5),
        "cold": RequestCost(workers=900, redis=400, postgresql=300, alone_p50_ms=2, alone_p99_ms=3),
        "search": RequestCost(workers=500, redis=50, postgresql=1500, alone_p50_ms=3, alone_p99_ms=8),
        "update": RequestCost(workers=700, redis=150, postgresql=400, alone_p50_ms=3, alone_p99_ms=5),
        "create": RequestCost(workers=700, redis=150, postgresql=400, alone_p50_ms=3, alone_p99_ms=5),
        "degraded": RequestCost(workers=800, redis=0, postgresql=600, alone_p50_ms=2, alone_p99_ms=3),
        "degraded_with_total": RequestCost(workers=800, redis=0, postgresql=2000, alone_p50_ms=12, alone_p99_ms=15),
    },
)
MIX = parse_mix(DEFAULT_MIX, dict.fromkeys(KINDS))
SMALL = Demand(tasks=1_000_000, rps=400, workspaces=100, mix=MIX)


def needed(demand: Demand, limits: MachineLimits | None = None) -> Estimate:
    return estimate(demand, COSTS, limits or MachineLimits())


def only(**microseconds: float) -> Costs:
    """Return costs by which a warm page takes exactly so long, and nothing else."""
    cost = RequestCost(workers=0, redis=0, postgresql=0, alone_p50_ms=0.001, alone_p99_ms=0.001)
    return replace(COSTS, load_generator_us=0, requests={"warm": replace(cost, **microseconds)})


def test_costs_are_those_of_the_guide() -> None:
    guide = (ROOT / "docs/how-to/size.md").read_text()
    assert COSTS.requests.keys() == {*KINDS, "degraded", "degraded_with_total"}
    for cost in (COSTS.database_bytes_per_task, COSTS.cached_task_bytes):
        assert re.search(rf"\b{cost}\b", guide)
    for kind, each in COSTS.requests.items():
        name = kind.replace("_", " ")
        assert f"| {name} | {each.workers:,} | {each.redis:,} | {each.postgresql:,} |" in guide, name


def test_shares_of_workspaces_add_up_and_fall() -> None:
    shares = zipf_shares(1000, 1.0)
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == pytest.approx(2 * shares[1])
    assert zipf_shares(4, 0) == [0.25] * 4


@pytest.mark.parametrize("text", ["lukewarm=1", "hot", "hot=x", "hot=nan", "hot=inf", "hot=-1,warm=2", "hot=0"])
def test_wrong_mix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"mix|Kinds"):
        parse_mix(text, dict.fromkeys(KINDS))


def test_writes_and_processes_empty_the_page_cache() -> None:
    assert effective_mix({"hot": 1.0}, 100) == {"hot": 1.0, "warm": 0.0}
    mixed = effective_mix({"hot": 0.5, "update": 0.5}, 1)
    assert mixed["hot"] == mixed["warm"] == pytest.approx(0.25)
    assert effective_mix({"hot": 0.5, "update": 0.5}, 9)["hot"] == pytest.approx(0.05)


def test_processes_and_cores_follow_from_the_cpu_of_the_requests() -> None:
    demand = Demand(tasks=1, rps=1_000, workspaces=1, mix={"warm": 1.0}, utilization=0.5)
    found = needed(demand)
    warm = COSTS.requests["warm"]
    assert found.api_cores == pytest.approx(warm.workers / 1000)
    assert found.redis_cores == pytest.approx(warm.redis / 1000)
    assert found.processes == math.ceil(2 * warm.workers / 1000)


def test_memory_of_redis_is_three_times_the_index() -> None:
    found = needed(replace(SMALL, rps=1, cached_share=0.01))
    assert found.redis_bytes == pytest.approx(3 * 1_000_000 * COSTS.index_bytes_per_task + SPARE_BYTES)
    assert needed(replace(SMALL, tasks=10**9, rps=1)).shards_for_memory == math.ceil(
        (3 * 10**9 * COSTS.index_bytes_per_task + SPARE_BYTES) / (32 * GIB)
    )


@pytest.mark.parametrize("skew", [0.0, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("workspaces", [1, 9, 10_000])
def test_no_shard_is_too_busy_unless_a_workspace_is(skew: float, workspaces: int) -> None:
    found = needed(replace(SMALL, rps=20_000, workspaces=workspaces, skew=skew))
    assert found.hottest_shard <= SMALL.utilization or found.hottest_shard == pytest.approx(found.largest_workspace)
    assert sum(placed_loads(zipf_shares(workspaces, skew), found.shards)) == pytest.approx(1)


def test_largest_workspace_that_outgrows_a_shard_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--tasks", "1000000000", "--rps", "100000", "--workspaces", "10000"]
    assert run(arguments, capsys).count("outgrows one, and more shards do not help") == 1
    assert "and fits" in run([*arguments, "--skew", "0"], capsys)


def test_prices_are_multiplied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices = dict.fromkeys(("api_core", "api_gib", "redis_gib", "postgresql_core", "postgresql_disk_gib"), 0.0)
    found = needed(SMALL)
    cost = monthly_cost(found, SMALL, prices | {"redis_gib": 10.0})
    assert cost == {"API": 0, "Redis": pytest.approx(20 * found.redis_bytes / GIB), "PostgreSQL": 0}
    file = tmp_path / "prices.toml"
    file.write_text("".join(f"{name} = 10.0\n" for name in prices) + 'currency = "EUR"\n')
    shown = run(["--tasks", "1000", "--rps", "10", "--workspaces", "1", "--prices", str(file)], capsys)
    assert re.search(r"\| total \| [\d,]+ EUR \|", shown)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("api_core 20", "not a readable TOML file"),
        ("api_core = 20.0", "needs a price api_gib"),
        ("api_core = '20'", "needs a price api_core"),
        ("api_core = -1", "needs a price api_core"),
    ],
)
def test_wrong_prices_are_refused(text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(SystemExit) as ended:
        app(["--tasks", "1000", "--rps", "10", "--workspaces", "1", "--prices", str(file)])
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"error: {file} ")
    assert message in shown.err
    assert not shown.out


@pytest.mark.parametrize("rate", ["0", "-1", "inf", "nan", "1e12"])
def test_impossible_demands_are_refused(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["--tasks", "1000", "--rps", rate, "--workspaces", "1"])
    assert ended.value.code != 0
    assert "--rps" in capsys.readouterr().err


def test_result_names_the_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(["--tasks", "1000", "--rps", "10", "--workspaces", "1"], capsys)
    assert f"measured on {COSTS.measured['date']}" in shown


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        app(arguments)
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("program", ["workers", "redis", "postgresql"])
def test_simulated_rate_is_that_of_the_bottleneck(program: str) -> None:
    phase = closed_load(only(**{program: 2_000}), {"warm": 1.0}, connections=8, cores=4, seconds=5)
    # PostgreSQL has as many cores as the machine. A process has half of its connections for a shard.
    assert phase.rate == pytest.approx(2_000 if program == "postgresql" else 500, rel=0.02)
    # Little's law: as many requests are under way as there are clients.
    assert phase.rate * phase.p50_ms / 1000 == pytest.approx(8, rel=0.05)


def test_simulated_queue_is_that_of_the_theory() -> None:
    # One server with fixed times and arrivals at random: the mean wait is load × time ÷ (2 × (1 - load)).
    fleet = Fleet(only(redis=1_000), processes=50, database_cores=1, workspace_tasks={0: 1})
    shard, answers = Shard(simpy.Resource(fleet.env), [0], [1.0], 1.0), Answers()
    fleet.env.process(open_load(fleet, shard, {"warm": 1.0}, 700, answers))
    fleet.env.run(until=20)
    latencies = answers.between(0, 20)
    assert sum(latencies) / len(latencies) == pytest.approx(0.001 * (1 + 0.7 / (2 * 0.3)), rel=0.05)


def test_lost_shard_recovers_and_the_other_one_is_hardly_affected() -> None:
    demand = replace(SMALL, tasks=2_000_000, rps=800, workspaces=20, skew=0.0)
    phases = lose_a_shard(
        demand, FIXED, replace(estimate(demand, FIXED, MachineLimits()), shards=4), failover_seconds=5
    )
    seen: dict[tuple[str, str], Phase] = {(phase.name, phase.shard): phase for phase in phases}
    assert len(seen) == 8
    assert seen["before", "lost"].seconds == NORMAL_SECONDS
    assert seen["lost", "lost"].p50_ms > 2 * seen["before", "lost"].p50_ms
    assert seen["after", "lost"].p50_ms < 1.5 * seen["before", "lost"].p50_ms
    assert seen["after", "lost"].refused == seen["before", "lost"].refused == 0
    # Its requests go on while PostgreSQL answers for the lost shard.
    assert seen["lost", "other"].rate == pytest.approx(seen["before", "other"].rate, rel=0.1)


def test_simulation_prints_its_assumptions(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(["--tasks", "10000", "--rps", "20", "--workspaces", "2", "--simulate"], capsys)
    assert all(assumption in shown for assumption in ASSUMPTIONS)
    assert shown.count("| lost |") >= 4
