"""The audit: compares the indexes and entries with the rows, and looks for marks that were left behind."""

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from cache.errors import IndexLost, StoreUnavailable
from cache.gate.lease import clock
from cache.maintenance.compare import compare_tasks
from cache.maintenance.scan import scan, send
from cache.maintenance.scrub import SCRUB_BATCH_IDS, scrub
from cache.maintenance.view_audit import ViewAudit, sample_views
from cache.maintenance.view_compare import compare_views
from cache.redis.client import Argument
from cache.redis.keys import BEACON, VIEW_OF
from cache.redis.protocol import Protocol
from cache.redis.view_reads import Place
from cache.store import Store
from db.errors import name_server
from db.gate import read_gate
from db.index_source import INDEX_START, IndexPosition, index_batch, last_position
from db.task import ID_BYTES

log = structlog.get_logger(__name__)

# The audit stops after this many differences, because a rebuild is quicker then.
MAX_DIFFERENCES = 100_000
# Rows compared with the index at a time, by a whole audit and by a sample.
AUDIT_BATCH_ROWS = 5_000
SAMPLE_ROWS = 100
# An index may hold a million ids without rows, so each reply has at most this many, or as many as rows were asked for.
INDEX_REPLY_IDS = 1_000


class TooManyDifferences(StoreUnavailable):
    """More than 100,000 tasks differ. Rebuild the index: `python -m api reindex`."""


class RedisNotInUse(StoreUnavailable):
    """Redis is not in use at the moment: PostgreSQL answers every request, so there is nothing to compare."""


@dataclass
class AuditReport:
    """Counts of what was compared, of the differences, and of those repaired.

    A task counts once in the base views and its entry, and once in the declared views. `views` are declared views.
    `unused` names declared shapes that were not compared, because they were not in use.
    """

    rows: int = 0
    entries: int = 0
    views: int = 0
    different: int = 0
    repaired: int = 0
    unused: list[str] = field(default_factory=list)


# The time of creation of a task in microseconds, and its id: the order of an index.
Scored = tuple[int, bytes]
# Called with the id of a task, or with a declared view that is broken as a whole.
OnDifference = Callable[[UUID | Place, str], None]


async def audit(store: Store, on_difference: OnDifference, *, repair: bool = False) -> AuditReport:
    """Compare all tasks, in bounded memory, and call `on_difference` for each difference.

    Raises `StoreUnavailable` or `DatabaseError`.
    """
    async with store.database.connection() as connection:
        store.gate_lease.observe_gate(gate := await read_gate(connection, store.workspace), clock())
    if gate.state != "on":
        raise RedisNotInUse
    protocol, report = store.gate_lease.protocol_for(gate), AuditReport()
    known: set[UUID] = set()
    async for ids in _suspects(store, protocol, report):
        differences = await compare_tasks(store, protocol, [id_ for id_ in ids if id_ not in known])
        known.update(differences)
        if len(known) > MAX_DIFFERENCES:
            raise TooManyDifferences
        for id_, difference in differences.items():
            on_difference(id_, difference)
        report.different += len(differences)
        if repair and differences:
            report.repaired += await _repair(store, protocol, list(differences))
    await _audit_views(store, protocol, report, on_difference, repair=repair)
    return report


async def _audit_views(
    store: Store, protocol: Protocol, report: AuditReport, on_difference: OnDifference, *, repair: bool
) -> None:
    """Compare the declared views with the rows."""
    views = ViewAudit(store, protocol)
    await views.begin()
    async for broken in views.broken():
        for place, problem in broken.items():
            on_difference(place, problem)
        report.different += len(broken)
        if repair:
            report.repaired += await views.drop(broken)
    known, failed = set[UUID](), set[UUID]()
    async for suspects in views.suspects():
        # Each further view where a task is found wrongly has to be repaired, too.
        compared = {id_: found for id_, found in suspects.items() if repair or UUID(bytes=id_) not in known}
        differences = await compare_views(store, protocol, views.used, compared)
        for id_ in differences.keys() - known:
            on_difference(id_, differences[id_].description)
        known.update(differences)
        if len(known) > MAX_DIFFERENCES:
            raise TooManyDifferences
        if repair and differences:
            failed |= await views.repair(differences, compared)
    report.different += len(known)
    report.repaired += len(known - failed) if repair else 0
    report.views, report.unused = views.views, views.unused


async def audit_sample(store: Store, protocol: Protocol) -> int:
    """Compare 100 tasks at a random position and members of random declared views.

    Logs the differences and queues them for repair.

    Returns how many tasks were read.
    """
    position = await _random_position(store, protocol)
    ids, rows, _ = await _batch_suspects(store, protocol, position, SAMPLE_ROWS)
    sampled = [UUID(bytes=id_) for _, id_ in rows]
    for id_, difference in (await compare_tasks(store, protocol, list({*ids, *sampled}))).items():
        log.error("Redis differs from PostgreSQL", task=str(id_), difference=difference)
        store.metrics.differences += 1
        store.repair_queue.add(id_)
    store.metrics.verified += len(sampled)
    await sample_views(store, protocol, [id_ for _, id_ in rows])
    return len(sampled)


async def _suspects(store: Store, protocol: Protocol, report: AuditReport) -> AsyncIterator[list[UUID]]:
    """Yield ids that may differ, found by cheap comparisons of whole batches, and every id with an entry."""
    position: IndexPosition | None = INDEX_START
    while position is not None:
        ids, rows, position = await _batch_suspects(store, protocol, position, AUDIT_BATCH_ROWS)
        report.rows += len(rows)
        yield ids
    for index, expiring in zip(protocol.keys.indexes, protocol.keys.expiring, strict=True):
        async for members in scan(store, protocol, "ZSCAN", expiring):
            ids_ = [id_ for id_ in members[::2] if id_ != BEACON]
            scores = await send(store, protocol, ["ZMSCORE", index, *ids_]) if ids_ else []
            yield [UUID(bytes=id_) for id_, score in zip(ids_, scores, strict=True) if score is None]
    async for members in scan(store, protocol, "SSCAN", protocol.keys.moving):
        yield [UUID(bytes=id_[-ID_BYTES:]) for id_ in members if id_ != BEACON]
    prefix = protocol.keys.entries
    async for keys in scan(store, protocol, "SCAN", b"MATCH", prefix + b"*"):
        report.entries += len(keys)
        yield [UUID(bytes=key[len(prefix) :]) for key in keys]


async def _batch_suspects(
    store: Store, protocol: Protocol, after: IndexPosition, limit: int
) -> tuple[list[UUID], set[Scored], IndexPosition | None]:
    """Compare up to `limit` rows after a position with the indexes.

    Returns the ids that differ, the compared rows, and the position up to which was compared, or None if nothing
    follows.
    """
    async with store.database.connection() as connection:
        batch = await index_batch(connection, store.workspace, after, limit)
    last = last_position(batch) if sum(map(len, batch)) == limit else None
    expected: list[set[Scored]] = [set() for _ in protocol.keys.indexes]
    for members in batch:
        scored = {(at, id_) for id_, at in members.created_at.items()}
        expected[0] |= scored
        expected[VIEW_OF[members.status] - 1] |= scored
    first, end = (after[0], after[1].bytes), None if last is None else (last[0], last[1].bytes)
    indexed, end = await _index_window(store, protocol, first, end, max(limit, INDEX_REPLY_IDS) + 1)
    different: set[bytes] = set()
    for rows, ids in zip(expected, indexed, strict=True):
        different |= {id_ for at, id_ in rows ^ ids if end is None or (at, id_) <= end}
    compared = {row for row in expected[0] if end is None or row <= end}
    return [UUID(bytes=id_) for id_ in different], compared, None if end is None else (end[0], UUID(bytes=end[1]))


async def _index_window(
    store: Store, protocol: Protocol, first: Scored, end: Scored | None, reply_ids: int
) -> tuple[list[set[Scored]], Scored | None]:
    """Return what each index holds after `first`, and up to where: `end`, or earlier if an index holds too much."""
    found: list[set[Scored]] = [set() for _ in protocol.keys.indexes]
    unread, offset = set(range(len(found))), 0
    while unread:
        numbers, highest = sorted(unread), "+inf" if end is None else end[0]
        window: list[Argument] = [first[0], highest, "BYSCORE", "LIMIT", offset, reply_ids, "WITHSCORES"]
        commands = [["ZRANGE", protocol.keys.indexes[number], *window] for number in numbers]
        replies = await store.redis.send(commands, run_id=protocol.gate.redis_run_id)
        for number, reply in zip(numbers, replies, strict=True):
            scored = [(int(score), id_) for id_, score in reply if id_ != BEACON]
            found[number].update([member for member in scored if member > first])
            if len(reply) == reply_ids and (end is None or scored[-1] < end):
                if not found[number]:  # so many ids have the time of `first` and precede it
                    continue
                end = scored[-1]
            unread.discard(number)
        offset += reply_ids
    return found, end


async def _random_position(store: Store, protocol: Protocol) -> IndexPosition:
    """Return the position of a random task in the index."""
    key = protocol.keys.indexes[0]
    size = int(await send(store, protocol, ["ZCARD", key]))
    if not size:  # not even the beacon
        raise name_server(IndexLost(), store.redis.primary_name)
    rank = random.randrange(size)  # noqa: S311
    found = await send(store, protocol, ["ZRANGE", key, rank, rank, "WITHSCORES"])
    return next(((int(score), UUID(bytes=id_)) for id_, score in found if id_ != BEACON), INDEX_START)


async def _repair(store: Store, protocol: Protocol, ids: list[UUID]) -> int:
    """Scrub the ids. Return how many agree with their rows afterwards."""
    for start in range(0, len(ids), SCRUB_BATCH_IDS):
        await scrub(store, protocol, ids[start : start + SCRUB_BATCH_IDS])
    return len(ids) - len(await compare_tasks(store, protocol, ids))
