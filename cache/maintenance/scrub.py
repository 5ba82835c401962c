"""The scrub: makes entries and indexes of single ids say what their rows say."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from cache.redis.protocol import SWEEP, Protocol
from cache.store import Store
from db.gate import await_writers, without_writers
from db.task_table import tasks_by_id

BATCH = 100


async def scrub(store: Store, protocol: Protocol, ids: Sequence[UUID]) -> int:
    """Mends up to 100 ids; returns how many it looked at. What a live writer or a reader holds is left.

    A mark past its deadline is taken over only when its writer has ended (T1): while a commit hangs, nobody knows
    which version there will be. Then comes the lease (S2); then it waits for those who may have been writing before
    it (S3), so that a row it does not find then is not one that is about to be committed; whoever writes after it
    takes the lease away, and then S5 does nothing. Raises `DatabaseTimeout` while one who writes many hangs.
    """
    token = secrets.token_hex(8)
    async with store.database.transaction() as connection:
        ids = await without_writers(connection, store.workspace, ids)
    if not ids:
        return 0
    leased = await protocol.lease(token, ids, scrub=True)
    if not leased.mine:
        return 0
    async with store.database.connection() as connection:
        await await_writers(connection, store.workspace, leased.mine)
        rows = await tasks_by_id(connection, store.workspace, leased.mine, leased.now)
    for id_ in leased.mine:
        await protocol.scrub(token, id_, rows.get(id_))
    store.metrics.scrubbed += len(leased.mine)
    return len(leased.mine)


async def tidy(store: Store, protocol: Protocol) -> None:
    """One round of what has to be done now and then: expired ids, dead marks, suspects."""
    while await protocol.sweep() == SWEEP:
        pass
    while dead := await protocol.dead_marks(BATCH):
        if not await scrub(store, protocol, dead):
            break
    while store.suspects:
        batch = [store.suspects.pop() for _ in range(min(BATCH, len(store.suspects)))]
        try:
            await scrub(store, protocol, batch)
        except BaseException:
            store.suspects.update(batch)
            raise
