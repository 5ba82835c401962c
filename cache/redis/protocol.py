"""The steps of the protocol that keeps entries and indexes right, a script each; `docs/protocol.md` tells why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from cache.errors import CacheUnavailable, IndexLost, OrderMoving
from cache.redis import entry, index
from cache.redis.client import Argument, Redis, ScriptName, within
from cache.redis.index import Ids, Range
from cache.redis.keys import Keys
from db.gate import Gate
from db.task import Task

LEASE = timedelta(seconds=10)
# A mark must outlive every transaction that could still commit under it, so it lives this much longer.
MARGIN = timedelta(seconds=5)
MILLISECOND = timedelta(milliseconds=1)
# Of so many tasks in one write, or expired at once, each is told of; of more in one message.
TOLD = 20
# How many expired ids are swept from each index at once.
SWEEP = 1000
# Seconds that a reader waits for Redis before it asks PostgreSQL.
READ_TIMEOUT = 0.5


# Created, updated, deleted, restored.
EventCode = Literal["c", "u", "d", "r"]


@dataclass(frozen=True)
class Leased:
    """What a lease may fill, what another reader is filling, and the time by Redis's clock."""

    now: datetime
    mine: list[UUID]
    others: list[UUID]


@dataclass(frozen=True)
class MarkedWrite:
    """A task as a writer leaves it: its row, whether a reader may see it, and the token of the writer's mark;
    and what kind of change that is."""

    token: int
    task: Task
    visible: bool = True
    kind: EventCode = "u"

    @property
    def place(self) -> tuple[bytes, int, int, int | str]:
        """Where it belongs, as the scripts take it."""
        return entry.place(self.task, visible=self.visible)


class Protocol:
    """The steps, for one index (one epoch of one workspace), in the run of Redis that holds it.

    Each raises `IndexLost` if that index is not whole, and `CacheUnavailable` if Redis does not answer.
    """

    def __init__(self, redis: Redis, gate: Gate, workspace: str) -> None:
        self._redis = redis
        self.gate = gate
        self.keys = Keys(workspace, gate.epoch)
        self._workspace = workspace

    async def mark(self, states: Sequence[MarkedWrite], *, transaction: timedelta) -> None:
        """W3: no reader fills from here on; the indexes hold both the old and the new state. For all or for none.

        `transaction` is how long a transaction may take at most. Raises if it must not commit.
        """
        flat = [argument for state in states for argument in (state.token, *state.place)]
        if await self._on("mark", states, _lifetime(transaction), self._unsettled, *flat) != b"OK":
            raise CacheUnavailable("A later writer has overtaken this one. Try again.")

    async def publish(self, states: Sequence[MarkedWrite]) -> None:
        """W5: the commit is done; show the new values and leave the indexes they are no longer in."""
        flat: list[Argument] = []
        for state in states:
            value = entry.encode(self._workspace, state.task) if state.visible else b""
            flat += (state.token, *state.place, value, entry.ttl(), state.kind)
        await self._on("publish", states, self._unsettled, TOLD, *flat)

    async def abort(self, states: Sequence[MarkedWrite]) -> None:
        """W6: rolled back; clear the marks that still stand. The states are the rows as they were."""
        flat = [argument for state in states for argument in (state.token, *state.place)]
        await self._on("abort", states, self._unsettled, *flat)

    async def add(self, token: int, tasks: Sequence[Task], *, transaction: timedelta) -> None:
        """W7: in place of W3 for many new tasks: no marks, for nobody can have seen them; ids and no entries."""
        flat = [argument for task in tasks for argument in entry.place(task)]
        await self._run("add", [self.keys.entries], token, _lifetime(transaction), *flat)

    async def announce(self, token: int, ids: Sequence[UUID]) -> None:
        """W8: in place of W5 for many new tasks: they are committed, so tell of them."""
        await self._run("announce", [], token, *(id_.bytes for id_ in ids if len(ids) <= TOLD))

    async def told(self) -> int:
        """The number of the last change that was told."""
        async with within(READ_TIMEOUT):
            ((rev, number),) = await self._redis.send(
                [["MGET", self.keys.rev, self.keys.changes]], run_id=self.gate.redis_run_id
            )
        if rev is None:
            raise IndexLost
        return int(number or 0)

    @property
    def _unsettled(self) -> int:
        """Whether the index is being built: then a batch of it may still put the id where it no longer belongs."""
        return int(self.gate.state == "building")

    async def check(self) -> None:
        """Whether Redis answers, and the beacon stands."""
        await self.read([])

    async def read(self, ids: Sequence[UUID]) -> list[bytes | None]:
        """R2: the entries of the ids in their order, with the beacon in one MGET."""
        keys = [self.keys.rev, *map(self.keys.entry, ids)]
        async with within(READ_TIMEOUT):
            ((rev, *entries),) = await self._redis.send([["MGET", *keys]], run_id=self.gate.redis_run_id)
        if rev is None:
            raise IndexLost
        return list(entries)

    async def page(self, part: Range) -> Ids:
        """P1: the ids of a part of a view, in its order, and what the index says of it. Raises `OrderMoving`."""
        async with within(READ_TIMEOUT):
            reply = await self._send("page", self.keys.view(part.status), *index.arguments(part), TOLD)
        if reply == b"MOVING":
            raise OrderMoving
        return index.ids(reply)

    async def counts(self) -> list[int]:
        """How many tasks each view has, in the order of VIEWS, in one round trip."""
        async with within(READ_TIMEOUT):
            return list(await self._run("counts", []))

    async def lease(self, token: str, ids: Sequence[UUID], *, scrub: bool = False) -> Leased:
        """R3, and S2 for the scrub: asks to fill entries that are not there."""
        keys = [self.keys.entry(id_) for id_ in ids]
        lifetime = LEASE // MILLISECOND
        async with within(None if scrub else READ_TIMEOUT):
            now, replies = await self._run("lease", keys, token, lifetime, "1" if scrub else "0")
        answers = dict(zip(ids, replies, strict=True))
        return Leased(
            entry.EPOCH + now * MILLISECOND,
            mine=[id_ for id_, reply in answers.items() if reply == b"mine"],
            others=[id_ for id_, reply in answers.items() if reply == b"another's"],
        )

    async def fill(self, token: str, rows: dict[UUID, Task | None]) -> None:
        """R5: fills the entries whose lease still stands with the rows read since."""
        arguments: list[Argument] = [token]
        for task in rows.values():
            if task is None:
                arguments += [b"", 0, ""]
            else:
                value = entry.encode(self._workspace, task)
                arguments += [value, entry.ttl(), entry.expires_at(task)]
        async with within(READ_TIMEOUT):
            await self._run("fill", [self.keys.entry(id_) for id_ in rows], *arguments)

    async def scrub(self, token: str, id_: UUID, task: Task | None) -> None:
        """S5: makes entry and indexes say what the row says, if the lease still stands."""
        keys = [self.keys.entry(id_)]
        if task is None:
            await self._run("scrub", keys, token, id_.bytes, 0, 0, "", b"", 0)
            return
        value = entry.encode(self._workspace, task)
        await self._run("scrub", keys, token, *entry.place(task), value, entry.ttl())

    async def dead_marks(self, most: int) -> list[UUID]:
        """Ids for the scrub: their mark is past its deadline (the writer died, or its publish was lost), or they were
        written while the index was being built."""
        run_id = self.gate.redis_run_id
        commands = [("TIME",), ("ZRANGE", self.keys.marks, 0, most - 1, "WITHSCORES")]
        (seconds, microseconds), marks = await self._redis.send(commands, run_id=run_id)
        now = int(seconds) * 1000 + int(microseconds) / 1000
        return [UUID(bytes=id_) for id_, deadline in marks if deadline < now]

    async def sweep(self, most: int = SWEEP) -> int:
        """E1: takes up to `most` expired ids out of each index; returns how many the fullest one gave."""
        taken: int = await self._run("sweep", [], most, TOLD)
        return taken

    async def _on(self, verb: ScriptName, states: Sequence[MarkedWrite], *arguments: Argument) -> Any:
        return await self._run(verb, [self.keys.entry(state.task.id) for state in states], *arguments)

    async def _run(self, verb: ScriptName, keys: Sequence[bytes], *arguments: Argument) -> Any:
        return await self._send(verb, [*self.keys.prelude, *keys], *arguments)

    async def _send(self, verb: ScriptName, keys: Sequence[bytes], *arguments: Argument) -> Any:
        reply = await self._redis.script(verb, keys, *arguments, run_id=self.gate.redis_run_id)
        if reply == b"LOST":
            raise IndexLost
        return reply


def _lifetime(transaction: timedelta) -> int:
    """In milliseconds, how long what a write leaves in Redis must last at least."""
    return int((transaction + MARGIN) / MILLISECOND)
