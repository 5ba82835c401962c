"""The scrub: makes entries and indexes of single ids say what their rows say."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from cache.index import IndexLost
from cache.store import Store
from db.gate import await_writers
from db.tasks import tasks_by_id

BATCH = 100


async def scrub(store: Store, ids: Sequence[UUID]) -> int:
    """Mends up to 100 ids; returns how many it looked at. What a live writer or a reader holds is left.

    The lease comes first (S2); then it waits for those who may have been writing before it (T1, S3), so
    that a row it does not find then is not one that is about to be committed; whoever writes after
    it takes the lease away, and then S5 does nothing.
    """
    protocol, token = store.protocol, secrets.token_hex(8)
    leased = await protocol.lease(token, ids, scrub=True)
    if not leased:
        return 0
    async with store.database.connection() as connection:
        await await_writers(connection, store.workspace, leased)
        rows = await tasks_by_id(connection, store.workspace, leased)
    for id_ in leased:
        await protocol.scrub(token, id_, rows.get(id_))
    store.accounting.scrubbed += len(leased)
    return len(leased)


async def dead_marks(store: Store) -> list[UUID]:
    """Ids whose mark has passed its deadline: their writer died, or its publish was lost."""
    keys = store.protocol.keys
    async with store.redis.pipeline() as pipeline:
        pipeline.time()
        pipeline.zrange(keys.marks, 0, BATCH - 1, withscores=True)
    (seconds, microseconds), marks = pipeline.replies
    now = seconds * 1000 + microseconds / 1000
    return [UUID(bytes=id_) for id_, deadline in marks if deadline < now]


async def tidy(store: Store) -> None:
    """One round of what has to be done now and then: expired ids, dead marks, suspects."""
    try:
        while await store.protocol.sweep() == BATCH * 10:
            pass
        if dead := await dead_marks(store):
            await scrub(store, dead)
        while store.suspects:
            batch = [store.suspects.pop() for _ in range(min(BATCH, len(store.suspects)))]
            await scrub(store, batch)
    except IndexLost:
        store.index_missing.set()
        raise
