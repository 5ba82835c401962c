"""The table of the campaign: every fault, how often it is injected, and what must hold."""

from functools import partial

from tests.faults.cluster import Setup
from tests.faults.fault import Fault
from tests.faults.injections import connections, postgres, processes, rebuilds, redis, requests

CUT = "I1–I4; an unclear commit that is retried with its id makes no duplicate"
OWN_POSTGRES = Setup(own_postgres=True)
THROUGH_PROXY = Setup(postgres_proxy=True)


def _cuts() -> list[Fault]:
    faults = []
    for step in ("mark", "commit", "publish"):
        for when in ("before", "after"):
            setup = (lambda _seed: THROUGH_PROXY) if step == "commit" else (lambda _seed: Setup())
            inject = connections.cut(step, when)
            row = f"connection cut {when} {step}"
            faults.append(Fault(f"{step}-cut-{when}", row, CUT, long=300, each=100, inject=inject, setup=setup))
    return faults


ALL = [
    Fault("redis-killed", "Redis killed, started empty", "I1–I5; no failed read", 30, 5, redis.killed),
    Fault("redis-stopped-3", "Redis stopped for 3 s", "no wrong reply, no failed read", 5, 5, redis.stopped(3)),
    Fault("redis-stopped-30", "Redis stopped for 30 s", "no wrong reply, no failed read", 5, 1, redis.stopped(30)),
    Fault(
        "cut-off", "one API process cut off from Redis, the others not",
        "no stale read anywhere; the others get Redis back", 30, 5, redis.cut_off,
    ),
    Fault(
        "api-killed", "API killed under writes", "acknowledged writes kept; I1–I4", 200, 20,
        processes.killed, excused=processes.unanswered,
    ),
    *_cuts(),
    Fault(
        "postgres-killed", "PostgreSQL killed", "no acknowledged write lost; recovers by itself", 30, 5,
        postgres.killed, excused=postgres.away, setup=lambda _seed: OWN_POSTGRES,
    ),
    Fault(
        "emptied", "FLUSHALL; an index key deleted; `rev` deleted", "noticed at the next page; no missing task",
        30, 6, redis.emptied,
    ),
    Fault(
        "cancelled", "100 requests cancelled by the client", "no reply reaches the wrong caller", 100, 100,
        partial(requests.cancelled, count=100), excused=requests.hasty,
    ),
    Fault("clock", "clock of an API process ± 1 h", "I1–I5", 5, 1, processes.clock, setup=processes.shifted),
    Fault(
        "api-stopped", "an API process stopped for 10 s and continued", "I1", 30, 5,
        processes.stopped, excused=processes.unanswered,
    ),
    Fault(
        "rebuilds", "two processes rebuild at once; a rebuild is killed midway", "I2, I3", 30, 10, rebuilds.either,
    ),
]  # fmt: skip
FAULTS = {fault.name: fault for fault in ALL}
