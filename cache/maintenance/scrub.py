"""The scrub: makes the entries and indexes of single ids agree with their rows."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from cache.maintenance.shapes import unlist_swept
from cache.redis.due_steps import SWEEP_LIMIT
from cache.redis.protocol import Protocol
from cache.store import Store
from db.gate import await_writers, without_writers
from db.task_table import tasks_by_id
from db.views import View

SCRUB_BATCH_IDS = 100
# Declared views where ids were found.
Found = Mapping[UUID, Collection[View]]
# A writer settles its bulk create at once after the commit. The scrub does it for writers that died.
MIN_RECORD_AGE_SECONDS = 2.0


async def scrub(store: Store, protocol: Protocol, ids: Sequence[UUID], found: Found | None = None) -> int:
    """Repair up to 100 ids and return how many were checked. Ids that a writer or a reader holds are skipped.

    `found` holds declared views where ids were found.

    T1: a mark past its deadline is taken over only when its writer has ended; while a commit hangs, the outcome is
    unknown. S2: take the leases. S3: wait for the writers that were active before, so that a row that is missing then
    is not about to be committed. S4: read the rows. S5: repair. A writer that comes later takes the lease away, and S5
    does nothing. Raises `DatabaseTimeout` while a bulk write hangs.
    """
    token = secrets.token_hex(8)
    async with store.database.transaction() as connection:
        ids = await without_writers(connection, store.workspace, ids)
    if not ids:
        return 0
    grant = await protocol.lease(token, [id_.bytes for id_ in ids], scrub=True)
    if not grant.leases:
        return 0
    leased = [UUID(bytes=id_) for id_ in grant.leases]
    async with store.database.connection() as connection:
        await await_writers(connection, store.workspace, leased)
        rows = await tasks_by_id(connection, store.workspace, leased, grant.now)
    for id_ in leased:
        await protocol.scrub(token, id_, rows.get(id_), (found or {}).get(id_, ()))
    store.metrics.scrubbed += len(leased)
    return len(leased)


async def settle_creates(store: Store, protocol: Protocol, min_age_seconds: float = MIN_RECORD_AGE_SECONDS) -> None:
    """S6: settle the recorded bulk creates that were committed, and discard those that were rolled back.

    A record that is younger than `min_age_seconds` is left to its writer.
    """
    recorded = await protocol.recorded_creates(min_age_seconds)
    outcomes = await store.unsettled_creates.outcomes(recorded) if recorded else {}
    for transaction, outcome in outcomes.items():
        if outcome == "committed":
            await protocol.settle(transaction)
        elif outcome != "in progress":
            if outcome is None:  # PostgreSQL has forgotten it, so each row decides
                ids = await protocol.recorded_ids(transaction)
                for start in range(0, len(ids), SCRUB_BATCH_IDS):
                    await scrub(store, protocol, ids[start : start + SCRUB_BATCH_IDS])
            await protocol.discard(transaction)


async def scrub_if_due(store: Store, protocol: Protocol) -> None:
    """Do what `scrub_all` does, if one short read of Redis or the repair queue says that work is due."""
    if await protocol.due(MIN_RECORD_AGE_SECONDS) or store.repair_queue.ids:
        await scrub_all(store, protocol)


async def scrub_all(store: Store, protocol: Protocol) -> None:
    """Sweep expired ids, settle bulk creates, then scrub overdue marks and the repair queue until none are left."""
    while await protocol.sweep() == SWEEP_LIMIT:
        pass
    await unlist_swept(store, protocol)
    await settle_creates(store, protocol)
    while overdue := await protocol.overdue_marks(SCRUB_BATCH_IDS):
        if not await scrub(store, protocol, overdue):
            break
    while batch := store.repair_queue.take(SCRUB_BATCH_IDS):
        try:
            await scrub(store, protocol, list(batch), batch)
        except BaseException:
            store.repair_queue.put_back(batch)
            raise
