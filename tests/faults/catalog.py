"""The catalog of the campaign: every fault, with its numbers of injections."""

from functools import partial

from tests.faults.fault import Fault
from tests.faults.injections import (
    bulk_creates,
    connections,
    failovers,
    isolation,
    load,
    memory,
    partitions,
    postgres,
    processes,
    promotions,
    rebuilds,
    redis,
    requests,
    restores,
    soak,
    warm_starts,
    workspaces,
)
from tests.faults.node import Setup
from tests.faults.redis_groups import ShardedRedis, WatchedRedis
from tests.support import network

OWN_POSTGRES = Setup(own_postgres=True)
THROUGH_PROXY = Setup(postgres_proxy=True)
DISK_MB = 200


def _connection_cuts() -> list[Fault]:
    faults = []
    for step in connections.STEPS:
        for when in ("before", "after"):
            setup = (lambda _seed: THROUGH_PROXY) if step == "commit" else (lambda _seed: Setup())
            inject = connections.cut(step, when)
            description = f"connection cut {when} {step}"
            faults.append(Fault(f"{step}-cut-{when}", description, 300, 100, inject, setup=setup))
    return faults


ALL = [
    Fault(
        *("redis-killed", "Redis killed, restarted empty", 30, 5, redis.kill),
        check_measurements=redis.check_recovery_time,
    ),
    Fault(
        *("redis-stopped-3", "Redis suspended for 3 s", 5, 5, redis.suspend(3)),
        check_measurements=redis.check_read_latency,
    ),
    Fault(
        *("redis-stopped-30", "Redis suspended for 30 s", 5, 1, redis.suspend(30)),
        check_measurements=redis.check_read_latency,
    ),
    Fault("cut-off", "one API process cut off from Redis, the other not", 30, 5, redis.cut_off_one_process),
    Fault(
        *("api-killed", "API worker killed during writes", 200, 20, processes.kill),
        excuses=processes.is_unanswered,
    ),
    *_connection_cuts(),
    Fault(
        *("postgres-killed", "PostgreSQL killed", 30, 5, postgres.kill),
        excuses=postgres.is_unavailable,
        setup=lambda _seed: OWN_POSTGRES,
    ),
    Fault(
        *("postgres-failover", "primary of PostgreSQL killed, its synchronous standby promoted", 20, 4),
        promotions.fail_over,
        excuses=postgres.is_unavailable,
        setup=lambda _seed: Setup(standby="synchronous"),
        check_measurements=promotions.check_writes_again,
    ),
    Fault(
        *("postgres-failover-lossy", "the same with an asynchronous standby that lacks writes", 20, 2, postgres.kill),
        run=promotions.run,
        check_measurements=promotions.check_writes_again,
    ),
    Fault(
        *("postgres-frozen", "PostgreSQL silent for one process, another one cut off from Redis", 20, 5),
        isolation.freeze_for_one,
        excuses=isolation.is_isolated,
        setup=lambda _seed: THROUGH_PROXY,
    ),
    Fault(
        *("pgbouncer-restarted", "PgBouncer killed and started again", 30, 10, isolation.restart_pgbouncer),
        excuses=isolation.is_isolated,
        setup=lambda _seed: isolation.POOLED,
        obstacle=isolation.pgbouncer_is_missing,
    ),
    Fault(
        *("host-lost", "two of three processes killed at once, their connections silent", 20, 2, isolation.lose_host),
        excuses=isolation.is_isolated,
        setup=lambda _seed: isolation.HOSTS,
    ),
    Fault(
        *("cluster-divided", "a Redis cluster partitioned, with a primary of the shard on both sides", 20, 2),
        partitions.divide_cluster,
        setup=lambda _seed: partitions.DIVIDED_CLUSTER,
        obstacle=network.obstacle,
    ),
    Fault(
        *("store-unreachable", "an API process partitioned from PostgreSQL or from Redis", 20, 4),
        partitions.cut_off_from_store,
        excuses=isolation.is_isolated,
        setup=lambda _seed: partitions.TWO_HOSTS,
        obstacle=network.obstacle,
    ),
    *(
        Fault(
            *(f"{name}-{kind}", f"primary of {description} {what}, a replica promoted", 20, 5, inject),
            setup=lambda _seed, group=group: Setup(redis=group),  # type: ignore[misc]
            check_measurements=failovers.check_recovery_time,
        )
        for name, description, group in (
            ("cluster", "a shard of a Redis cluster", ShardedRedis),
            ("sentinel", "Sentinel", WatchedRedis),
        )
        for kind, what, inject in (("killed", "killed", failovers.kill), ("hangs", "suspended", failovers.hang))
    ),
    Fault(
        *("cluster-moved", "slot of a Redis cluster moved key by key", 20, 5, failovers.move_slot),
        setup=lambda _seed: Setup(redis=ShardedRedis),
        check_measurements=redis.check_recovery_time,
    ),
    Fault("emptied", "FLUSHALL; an index key deleted; `rev` deleted", 30, 6, redis.lose_keys),
    Fault(
        *("evictions", "memory limit reached, 1,000 evictions", 1000, 100, partial(memory.evictions, count=1000)),
        eviction_interval_seconds=0.0,
        clean_up=memory.delete_fillers,
        check_measurements=memory.check_index_stays,
    ),
    Fault("index-too-large", "index larger than the memory limit", 1, 1, memory.index_too_large),
    Fault(
        *("cancelled", "100 requests cancelled by the client", 100, 100, partial(requests.cancel, count=100)),
        excuses=requests.is_cancelled,
    ),
    Fault(
        *("clock", "clock of an API process ± 1 h", 5, 1, processes.work_with_shifted_clock),
        setup=processes.shifted_clock,
    ),
    Fault(
        *("api-stopped", "an API worker suspended for 10 s", 30, 5, processes.suspend),
        excuses=processes.is_unanswered,
    ),
    Fault("rebuilds", "two concurrent rebuilds; a rebuild killed", 30, 10, rebuilds.alternate),
    Fault(
        *("warm-start", "a warm start killed midway; two at once", 20, 4, warm_starts.alternate),
        excuses=processes.is_unanswered,
        setup=lambda _seed: warm_starts.SETUP,
        clean_up=warm_starts.clean_up,
    ),
    Fault(
        *("disk-full", "disk of PostgreSQL full, then freed", 3, 1, postgres.fill_disk),
        excuses=postgres.is_unavailable,
        setup=lambda _seed: Setup(own_postgres=True, disk_mb=DISK_MB),
    ),
    Fault(
        *("soak", "a minute of mixed load with a random fault", 30, 30, soak.run_round),
        excuses=soak.is_excused,
        check_measurements=soak.check_growth,
    ),
    Fault(
        *("bulk-load", "a task of a load while Redis and an API worker are killed", 1_000_000, 1_000_000, redis.kill),
        check_measurements=redis.check_recovery_time,
        run=load.run,
    ),
    Fault(
        *("bulk-killed", "API worker killed during 20 parallel bulk creates", 50, 10, processes.kill),
        run=bulk_creates.run,
    ),
    Fault(
        *("workspaces", "index of one of three workspaces lost, rebuilt or too large", 90, 9, redis.lose_keys),
        run=workspaces.run,
        check_measurements=workspaces.check_fallbacks,
    ),
    Fault(
        *("restored", "backup of PostgreSQL started in its place", 30, 3, postgres.kill),
        run=restores.run,
        check_measurements=restores.check_detection,
    ),
]
FAULTS = {fault.name: fault for fault in ALL}
