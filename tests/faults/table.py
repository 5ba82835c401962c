"""The table of the campaign: every fault, and how often it is injected."""

from functools import partial

from tests.faults.fault import Fault
from tests.faults.injections import connections, load, memory, postgres, processes, rebuilds, redis, requests, soak
from tests.faults.node import Setup

OWN_POSTGRES = Setup(own_postgres=True)
THROUGH_PROXY = Setup(postgres_proxy=True)


def _cuts() -> list[Fault]:
    faults = []
    for step in ("mark", "commit", "publish"):
        for when in ("before", "after"):
            setup = (lambda _seed: THROUGH_PROXY) if step == "commit" else (lambda _seed: Setup())
            inject = connections.cut(step, when)
            row = f"connection cut {when} {step}"
            faults.append(Fault(f"{step}-cut-{when}", row, long=300, each=100, inject=inject, setup=setup))
    return faults


ALL = [
    Fault("redis-killed", "Redis killed, started empty", 30, 5, redis.killed, judge=redis.late),
    Fault("redis-stopped-3", "Redis stopped for 3 s", 5, 5, redis.stopped(3), judge=redis.slow),
    Fault("redis-stopped-30", "Redis stopped for 30 s", 5, 1, redis.stopped(30), judge=redis.slow),
    Fault("cut-off", "one API process cut off from Redis, the others not", 30, 5, redis.cut_off),
    Fault("api-killed", "API killed under writes", 200, 20, processes.killed, excused=processes.unanswered),
    *_cuts(),
    Fault(
        *("postgres-killed", "PostgreSQL killed", 30, 5, postgres.killed),
        excused=postgres.away,
        setup=lambda _seed: OWN_POSTGRES,
    ),
    Fault("emptied", "FLUSHALL; an index key deleted; `rev` deleted", 30, 6, redis.emptied),
    Fault(
        *("evictions", "memory limit reached, 1,000 evictions", 1000, 100, partial(memory.evictions, count=1000)),
        evicting=0.0,
        after=memory.clear,
        judge=memory.kept,
    ),
    Fault("index-too-large", "index alone larger than the memory limit", 1, 1, memory.index_too_large),
    Fault(
        *("cancelled", "100 requests cancelled by the client", 100, 100, partial(requests.cancelled, count=100)),
        excused=requests.hasty,
    ),
    Fault("clock", "clock of an API process ± 1 h", 5, 1, processes.clock, setup=processes.shifted),
    Fault(
        *("api-stopped", "an API process stopped for 10 s and continued", 30, 5, processes.stopped),
        excused=processes.unanswered,
    ),
    Fault("rebuilds", "two processes rebuild at once; a rebuild is killed midway", 30, 10, rebuilds.either),
    Fault(
        *("disk-full", "disk full for PostgreSQL, then freed", 3, 1, postgres.disk_full),
        excused=postgres.away,
        setup=lambda _seed: Setup(own_postgres=True, disk=200),
    ),
    Fault(
        *("soak", "a minute of mixed load with a fault", 30, 30, soak.minute),
        excused=soak.excused,
        judge=soak.grown,
    ),
    Fault(
        *("bulk-load", "a task of a load, while Redis and a process are killed", 1_000_000, 1_000_000, redis.killed),
        judge=redis.late,
        play=load.play,
    ),
]
FAULTS = {fault.name: fault for fault in ALL}
