"""Compares the mixed load of the suite `sizing` with what `tools.sizing` calculates and simulates from its costs."""

import os
from collections.abc import Mapping
from dataclasses import replace

from tools.sizing.costs import Costs, RequestCost, load_costs
from tools.sizing.estimate import effective_mix
from tools.sizing.scenarios import closed_load

CONNECTIONS = 16
# The mix of the check, in percent. Nothing is evicted in it, so it has no cold pages of its own.
MIX = {"hot": 30, "warm": 50, "search": 5, "update": 10, "create": 5}
_KINDS = (*MIX, "cold", "degraded", "degraded with total")


def compare(found: Mapping[str, float], tasks: int) -> dict[str, float]:
    """Return calculated ÷ measured for the CPU of each program, and simulated ÷ measured for rate and latencies.

    found: the results of the suite by name. The simulation has all cores of this machine, so the rate and the latencies
    are comparable only if no other program uses them.
    """
    costs = measured_costs(found, tasks)
    total = sum(MIX.values())
    mix = {kind: share / total for kind, share in MIX.items()}
    effective = effective_mix(mix, processes=1)
    name = f"mix, {CONNECTIONS} connections"
    ratios = {}
    for program, attribute in (("workers", "workers"), ("Redis", "redis"), ("PostgreSQL", "postgresql")):
        calculated = sum(share * getattr(costs.requests[kind], attribute) for kind, share in effective.items())
        measured = found[f"{name}: cores of {program}"] / found[f"{name}: responses"] * 1e6
        ratios[f"{name}: CPU of {program}, calculated ÷ measured"] = calculated / measured
    phase = closed_load(costs, mix, connections=CONNECTIONS, cores=os.cpu_count() or 1)
    ratios[f"{name}: responses, simulated ÷ measured"] = phase.rate / found[f"{name}: responses"]
    ratios[f"{name}: p50, simulated ÷ measured"] = phase.p50_ms / found[f"{name}, p50"]
    ratios[f"{name}: p99, simulated ÷ measured"] = phase.p99_ms / found[f"{name}, p99"]
    return ratios


def measured_costs(found: Mapping[str, float], tasks: int) -> Costs:
    """Return the costs of the file with the requests of this run in place of those of the file."""
    requests = {
        kind.replace(" ", "_"): RequestCost(
            workers=found[f"{kind}: CPU of workers"],
            redis=found[f"{kind}: CPU of Redis"],
            postgresql=found[f"{kind}: CPU of PostgreSQL"],
            alone_p50_ms=found[f"{kind}: alone, p50"],
            alone_p99_ms=found[f"{kind}: alone, p99"],
        )
        for kind in _KINDS
    }
    return replace(load_costs(), tasks=tasks, requests=requests)
