"""The steps of the protocol that keeps entries and indexes consistent with the rows, one script each.

`docs/explanation/protocol.md` explains the steps under the same names (W3, R2, …).
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, Literal, NamedTuple
from uuid import UUID

from cache.errors import CacheUnavailable, OrderMoving
from cache.redis import entry, index
from cache.redis.client import Argument, Redis
from cache.redis.create_records import MAX_SINGLE_EVENTS
from cache.redis.declared_views import DeclaredViews
from cache.redis.due_steps import DueSteps
from cache.redis.encoded_task import VALUE_PREFIX, EncodedTask, encode
from cache.redis.entry import Lease, LeaseGrant, Leases
from cache.redis.index import IndexPage, PageRange, ViewCounts
from cache.redis.index_scripts import UNSETTLED
from cache.redis.script_texts import ScriptName
from cache.redis.times import MILLISECOND, UNIX_EPOCH
from cache.redis.view_values import pack_before
from db.gate import Gate
from db.task import Task
from db.views import View

ENTRY_LEASE_MS = 10_000
# The deadline of a mark lies this much after the latest end of its transaction, but at most 10 s after the mark. From
# then on the scrub asks PostgreSQL (T1) whether the writer has ended. Until it has, the mark stays.
MARK_MARGIN, MAX_MARK_LIFETIME = timedelta(seconds=5), timedelta(seconds=10)

# Created, updated, deleted, restored.
EventCode = Literal["c", "u", "d", "r"]


@dataclass(frozen=True)
class MarkedWrite:
    """One task of a write: the row, the fencing token of its mark, whether readers may see it, and the event.

    `before` is the row that the write replaces, None if readers could not see it.
    """

    token: int
    task: Task
    visible: bool = True
    event: EventCode = "u"
    before: Task | None = None

    @property
    def placement(self) -> entry.Placement:
        """Where the task belongs after the write."""
        return entry.placement(self.task, visible=self.visible)

    @property
    def seen(self) -> Task | None:
        """The row, if readers may see it."""
        return self.task if self.visible else None


class PageCheck(NamedTuple):
    """What decides whether a cached page is valid: Redis's time in milliseconds since 1970, and `rev`."""

    now_ms: int
    rev: int


class Protocol(DueSteps):
    """The steps on one index: one epoch of one workspace, in the run of Redis that holds it.

    Each step raises `IndexLost` if the index is incomplete, and `CacheUnavailable` if Redis does not answer.
    """

    def __init__(self, redis: Redis, gate: Gate, workspace: str, views: DeclaredViews) -> None:
        super().__init__(redis, gate, workspace, views)
        self._workspace = workspace
        # A random prefix and a number, because a random token for each page would cost a system call.
        self._tokens = map(f"{secrets.token_hex(8)}-{{}}".format, count())

    def new_token(self) -> str:
        """Return a token for leases that nobody else uses, also no other read of the same request."""
        return next(self._tokens)

    async def mark(self, writes: Sequence[MarkedWrite], *, transaction: timedelta) -> None:
        """W3: mark the entries, so that no reader fills them, and let the indexes hold the old and the new state.

        Marks all tasks or none. `transaction` is the longest time until the commit. If this raises, the write must not
        commit.
        """
        views, flat = self.views, list[Argument]()
        for write in writes:
            moves = int(views.moves(write.before, write.seen))
            left = views.pack_left(write.before, write.seen)
            flat += (write.token, *write.placement, moves, views.pack(write.seen), left)
        lifetime_ms = _lifetime_ms(transaction)
        if await self._on_entries("mark", writes, lifetime_ms, self._building, views.maintained, *flat) != b"OK":
            raise CacheUnavailable("A newer write of the same task overtook this one. Nothing was changed. Try again.")

    async def publish(self, writes: Sequence[MarkedWrite]) -> None:
        """W5: after the commit, replace the marks by the new values and leave the indexes of the old state."""
        flat: list[Argument] = []
        has_events = len(writes) <= MAX_SINGLE_EVENTS
        for write in writes:
            value = encode(self._workspace, write.task).value if write.visible else b""
            flat += (write.token, *write.placement, value, entry.ttl_ms(), write.event)
            flat += (int(self.views.moves(write.before, write.seen)), self.views.pack(write.seen))
            flat.append(pack_before(write.before) if has_events else b"")
        await self._on_entries("publish", writes, self._building, self.views.maintained, MAX_SINGLE_EVENTS, *flat)

    async def abort(self, writes: Sequence[MarkedWrite]) -> None:
        """W6: after a rollback, clear the marks that still stand. The writes hold the rows as they were before."""
        flat: list[Argument] = []
        for write in writes:
            flat += (write.token, *write.placement, self.views.pack(write.seen))
        await self._on_entries("abort", writes, self._building, self.views.maintained, *flat)

    async def last_event(self) -> int:
        """Return the number of the last feed event, 0 if there was none."""
        ((rev, number),) = await self._redis.read(
            [("MGET", self.keys.rev, self.keys.changes)], run_id=self.gate.redis_run_id
        )
        if rev is None:
            raise self._lost()
        return int(number or 0)

    async def check(self) -> None:
        """Raise unless Redis answers and `rev` exists."""
        await self.read([])

    async def read(self, ids: Sequence[bytes]) -> list[bytes | None]:
        """R2: return the entries of the ids, in order, from one MGET that also reads `rev`."""
        command = self.keys.read_command(ids)
        ((rev, *entries),) = await self._redis.read_packed(command, run_id=self.gate.redis_run_id)
        if rev is None:
            raise self._lost()
        return list(entries)

    async def page(
        self, part: PageRange, release: Callable[[Leases], None] = lambda _: None, *, outcomes_known: bool = False
    ) -> IndexPage:
        """P1, R2, R3: return the ids of a range of a view with entries, the total and the rank.

        Ids without an entry are leased to the caller. `release` is called with the leases if the caller is cancelled
        before it receives them. Raises `OrderMoving`. Raises `CreatesUnsettled` unless the outcomes of earlier bulk
        creates are known, and `ShapeUnbuilt` if Redis does not hold the view.
        """
        token = self.new_token()

        def dropped(replies: list[Any]) -> None:
            if type(replies[0]) is list and replies[0][0] != UNSETTLED:
                release(index.parse_page(replies[0], token).leases)

        reply = await self._read_script(
            "page",
            self.keys.page(part.view.status if part.view.is_base else None),
            *index.page_arguments(part),
            *(
                MAX_SINGLE_EVENTS,
                token,
                ENTRY_LEASE_MS,
                int(outcomes_known),
                *self.views.arguments(part.view, part.order),
            ),
            dropped=dropped,
        )
        if reply == b"MOVING":
            raise OrderMoving
        return index.parse_page(reply, token)

    async def check_page(self) -> PageCheck:
        """P2: read Redis's time and then `rev`. A later change of `rev` would only make pages invalid too early."""
        (seconds, microseconds), rev = await self._redis.read_packed(
            self.keys.check_command, 2, run_id=self.gate.redis_run_id
        )
        if rev is None:
            raise self._lost()
        return PageCheck(int(seconds) * 1000 + int(microseconds) // 1000, int(rev))

    async def counts(self, *, outcomes_known: bool = False) -> ViewCounts:
        """P3: return the number of tasks in each view. Raises `CreatesUnsettled` as `page` does."""
        return ViewCounts(*await self._read_script("counts", self.keys.prelude, int(outcomes_known)))

    async def lease(self, token: str, ids: Sequence[bytes], *, scrub: bool = False) -> LeaseGrant:
        """R3, and S2 for the scrub: request leases on entries that hold no readable value."""
        keys = [self.keys.entries + id_ for id_ in ids]
        arguments = (token, ENTRY_LEASE_MS, "1" if scrub else "0", VALUE_PREFIX)
        async with self._timeout(None if scrub else self._redis.read_timeout):
            now_ms, replies = await self._run("lease", keys, *arguments)
        answers = dict(zip(ids, replies, strict=True))
        lease = Lease(token, UNIX_EPOCH + now_ms * MILLISECOND)
        return LeaseGrant(
            lease.now,
            leases={id_: lease for id_, reply in answers.items() if reply == b"mine"},
            others=[id_ for id_, reply in answers.items() if reply == b"another's"],
        )

    async def fill(self, token: str, rows: Mapping[bytes, EncodedTask | None]) -> None:
        """R5: fill the entries whose lease still stands with the rows that were read under it. None ends the lease."""
        arguments: list[Argument] = [token]
        for task in rows.values():
            if task is None:
                arguments += [b"", 0, ""]
            else:
                expiry = task.expires_at_ms
                arguments += [task.value, entry.ttl_ms(), "" if expiry is None else expiry]
        async with self._timeout(self._redis.read_timeout):
            await self._run("fill", [self.keys.entries + id_ for id_ in rows], *arguments)

    async def scrub(self, token: str, id_: UUID, task: Task | None, found: Iterable[View] = ()) -> None:
        """S5: make entry and indexes agree with the row, if the lease still stands.

        `found` are declared views where the id was found.
        """
        keys, views = [self.keys.entry(id_)], self.views
        more = (views.maintained, views.pack(task), views.pack_views(found))
        if task is None:
            await self._run("scrub", keys, token, id_.bytes, 0, 0, "", b"", 0, *more)
            return
        value = encode(self._workspace, task).value
        await self._run("scrub", keys, token, *entry.placement(task), value, entry.ttl_ms(), *more)

    async def is_warm(self) -> bool:
        """Return whether a warm start of this index has ended in the last hour."""
        ((rev, warm),) = await self._redis.read(
            [("MGET", self.keys.rev, self.keys.warm)], run_id=self.gate.redis_run_id
        )
        if rev is None:
            raise self._lost()
        return warm is not None

    async def set_warm(self) -> None:
        """Record that a warm start of this index has ended. The record lives as long as an entry."""
        lifetime_ms = entry.LIFETIME // MILLISECOND
        await self._redis.send([("SET", self.keys.warm, 1, "PX", lifetime_ms)], run_id=self.gate.redis_run_id)

    async def _on_entries(self, name: ScriptName, writes: Sequence[MarkedWrite], *arguments: Argument) -> Any:
        return await self._run(name, [self.keys.entry(write.task.id) for write in writes], *arguments)


def _lifetime_ms(transaction: timedelta) -> int:
    """Return the time from a mark to its deadline, in milliseconds."""
    return int(min(transaction + MARK_MARGIN, MAX_MARK_LIFETIME) / MILLISECOND)
