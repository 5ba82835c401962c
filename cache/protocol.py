"""The steps of the protocol that keeps entries and indexes right, a script each; `docs/protocol.md` tells why."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from cache import entry
from cache.errors import CacheUnavailable
from cache.index import IndexLost
from cache.keys import Keys
from cache.redis import Argument, Redis, Verb
from db.rows import Task

LEASE = timedelta(seconds=10)
# A mark must outlive every transaction that could still commit under it, so it lives this much longer.
MARGIN = timedelta(seconds=5)
MILLISECOND = timedelta(milliseconds=1)


class Protocol:
    """The steps, for one index (one epoch of one workspace)."""

    def __init__(self, redis: Redis, keys: Keys, workspace: str) -> None:
        self._redis = redis
        self.keys = keys
        self._workspace = workspace

    async def mark(self, token: int, task: Task, *, visible: bool, transaction: timedelta) -> None:
        """W3: no reader fills from here on; the indexes hold both the old and the new state.

        `transaction` is how long a transaction may take at most. Raises if it must not commit.
        """
        id_, view, created_at, expires_at = entry.place(task, visible=visible)
        lifetime = int((transaction + MARGIN) / MILLISECOND)
        reply = await self._on("mark", task.id, token, lifetime, id_, view, created_at, expires_at)
        if reply != b"OK":
            raise CacheUnavailable("A later writer has overtaken this one. Try again.")

    async def publish(self, token: int, task: Task, *, visible: bool) -> None:
        """W5: the commit is done; show the new value and leave the indexes it is no longer in."""
        value = entry.encode(self._workspace, task) if visible else b""
        place = entry.place(task, visible=visible)
        await self._on("publish", task.id, token, *place, value, entry.ttl())

    async def abort(self, token: int, task: Task, *, visible: bool) -> None:
        """W6: rolled back; clear the mark if it still stands. `task` is the row as it was."""
        await self._on("abort", task.id, token, *entry.place(task, visible=visible))

    async def add(self, token: int, tasks: Sequence[Task]) -> None:
        """W7: in place of W3 for many new tasks: no marks, for nobody can have seen them; ids and no entries."""
        flat = [argument for task in tasks for argument in entry.place(task)]
        await self._run("add", [self.keys.entries], token, *flat)

    async def lease(self, token: str, ids: Sequence[UUID], *, scrub: bool = False) -> list[UUID]:
        """R3, and S2 for the scrub: asks to fill entries that are not there; returns the ids that it may fill."""
        keys = [self.keys.entry(id_) for id_ in ids]
        lifetime = LEASE // MILLISECOND
        leased = await self._run("lease", keys, token, lifetime, "1" if scrub else "0")
        return [id_ for id_, free in zip(ids, leased, strict=True) if free]

    async def fill(self, token: str, rows: dict[UUID, Task | None]) -> None:
        """R5: fills the entries whose lease still stands with the rows read since."""
        arguments: list[Argument] = [token]
        for task in rows.values():
            if task is None:
                arguments += [b"", 0, ""]
            else:
                value = entry.encode(self._workspace, task)
                arguments += [value, entry.ttl(), entry.expires_at(task)]
        await self._run("fill", [self.keys.entry(id_) for id_ in rows], *arguments)

    async def scrub(self, token: str, id_: UUID, task: Task | None) -> None:
        """S5: makes entry and indexes say what the row says, if the lease still stands."""
        if task is None:
            await self._on("scrub", id_, token, id_.bytes, 0, 0, "", b"", 0)
            return
        value = entry.encode(self._workspace, task)
        await self._on("scrub", id_, token, *entry.place(task), value, entry.ttl())

    async def sweep(self, most: int = 1000) -> int:
        """Takes up to `most` expired ids out of each index; returns how many the fullest one gave."""
        taken: int = await self._run("sweep", [], most)
        return taken

    async def _on(self, verb: Verb, id_: UUID, *arguments: Argument) -> Any:
        return await self._run(verb, [self.keys.entry(id_)], *arguments)

    async def _run(self, verb: Verb, keys: Sequence[bytes], *arguments: Argument) -> Any:
        reply = await self._redis.script(verb, [*self.keys.prelude, *keys], *arguments)
        if reply == b"LOST":
            raise IndexLost
        return reply
