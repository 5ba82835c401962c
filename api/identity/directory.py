"""What a process knows of API tokens and workspaces. A revocation or suspension reaches every process in 4 seconds."""

import asyncio
import time
from collections import OrderedDict
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import structlog
from msgspec import Struct

from api.identity.lookups import Lookups
from db.api_tokens import FoundToken, changed_tokens, find_tokens, record_uses
from db.caller import Caller
from db.connection import Connection
from db.errors import DatabaseError, DatabaseUnavailable, explain
from db.pool import Database
from db.workspaces import WorkspaceState, changed_states, database_time, find_states

log = structlog.get_logger(__name__)

LOOK_INTERVAL_SECONDS = 1.0
# Known tokens are used for so long after the last successful look at the changes. Then each request asks the database.
TRUST_SECONDS = 4.0
# A change becomes visible when its transaction ends, which takes 10 s at most unless MILLITASK_TRANSACTION_TIMEOUT_MS
# is raised. Each look reads the changes of the time before as well.
OVERLAP = timedelta(seconds=60)
# A known token is read again after this time. This finds changes made by hand.
REREAD_SECONDS = 60.0
# A token that was unknown is not looked up again for so long.
UNKNOWN_SECONDS = 5.0
USES_INTERVAL_SECONDS = 10.0
RECONNECT_SECONDS = 0.5
STOP_SECONDS = 1.0
# Tokens, unknown tokens and workspaces that a process remembers. The oldest ones are forgotten first.
MAX_KNOWN = 20_000

Key = TypeVar("Key")
Value = TypeVar("Value")

clock = time.monotonic


class KnownToken(Struct, gc=False):
    """A valid token. expires_at: in seconds since 1970. read_again_at: by `clock`."""

    id: UUID
    caller: Caller
    expires_at: float
    changed_at: datetime
    read_again_at: float


class Directory:
    """Knows the valid tokens and the states of workspaces. For others it asks the database, on its own connection.

    `async with` runs the background work. Look-ups of many callers share a statement, so that wrong tokens cost at most
    one connection.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[bytes, KnownToken] = OrderedDict()
        self._unknown: OrderedDict[bytes, float] = OrderedDict()
        self._states: OrderedDict[str, WorkspaceState] = OrderedDict()
        self._used: dict[UUID, float] = {}
        self._trusted_until = self._look_at = self._write_uses_at = 0.0
        self._wake = asyncio.Event()
        self._tokens: Lookups[bytes, KnownToken] = Lookups(self._wake)
        self._workspaces: Lookups[str, WorkspaceState] = Lookups(self._wake)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait([self._running], timeout=STOP_SECONDS)
        stopped = DatabaseUnavailable("The service is stopping. Try again.")
        self._tokens.fail(stopped)
        self._workspaces.fail(stopped)
        with suppress(DatabaseError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS), self._database.dedicated_connection() as connection:
                await self._write_uses(connection)

    def active_caller(self, hash_: bytes) -> Caller | None:
        """Return the caller with a known token of an active workspace. None if `token` and `state` must tell."""
        known, now = self._known.get(hash_), clock()
        if known is None or now >= self._trusted_until or now >= known.read_again_at:
            return None
        caller, now = known.caller, time.time()
        if now >= known.expires_at or self._states.get(caller.workspace) != "active":
            return None
        self._used[known.id] = now
        return caller

    async def token(self, hash_: bytes) -> KnownToken | None:
        """Return the valid token with this hash, or None. Raises `DatabaseError`."""
        now = clock()
        known = self._known.get(hash_)
        if now < self._trusted_until:
            if known is not None and now < known.read_again_at:
                return self._used_now(known)
            if known is None and now < self._unknown.get(hash_, 0):
                return None
        known = await self._tokens.find(hash_, new=known is None)
        return None if known is None else self._used_now(known)

    async def state(self, workspace: str) -> WorkspaceState | None:
        """Return the state of a workspace. None if it does not exist. Raises `DatabaseError`."""
        state = self._states.get(workspace)
        if state is None or clock() >= self._trusted_until:
            return await self._workspaces.find(workspace)
        return state

    def _used_now(self, known: KnownToken) -> KnownToken | None:
        now = time.time()
        if now >= known.expires_at:
            return None
        self._used[known.id] = now
        return known

    async def _run(self) -> None:
        """Answer look-ups and watch the changes, for the lifetime of the process."""
        while True:
            try:
                async with self._database.dedicated_connection() as connection:
                    await self._serve(connection)
            except DatabaseError as error:
                log.warning("cannot read the tokens", reason=explain(error))
                failure = error
            except Exception:
                log.exception("cannot read the tokens")
                failure = DatabaseUnavailable()
            self._tokens.fail(failure)
            self._workspaces.fail(failure)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _serve(self, connection: Connection) -> None:
        # Another server may have other tokens, and another clock.
        self._known.clear()
        self._unknown.clear()
        self._states.clear()
        since, self._look_at = await database_time(connection), 0.0
        while True:
            self._wake.clear()
            if clock() >= self._look_at:
                since = await self._look(connection, since)
            await self._answer_tokens(connection)
            await self._answer_workspaces(connection)
            if clock() >= self._write_uses_at:
                await self._write_uses(connection)
            await self._wait()

    async def _look(self, connection: Connection, since: datetime) -> datetime:
        """Forget what has changed since the last look. Return the time of this look."""
        started = clock()
        now = await database_time(connection)
        # Of two looks, the later one sees all that ended before the earlier one began.
        for changed in await changed_tokens(connection, since - OVERLAP):
            known = self._known.get(changed.hash)
            if known is not None and known.changed_at != changed.changed_at:
                del self._known[changed.hash]
            self._unknown.pop(changed.hash, None)
        for found in await changed_states(connection, since - OVERLAP):
            if found.state is None:
                self._states.pop(found.id, None)
            elif found.id in self._states:
                self._states[found.id] = found.state
        self._trusted_until = started + TRUST_SECONDS
        self._look_at = started + LOOK_INTERVAL_SECONDS
        return now

    async def _answer_tokens(self, connection: Connection) -> None:
        if not (hashes := self._tokens.take()):
            return
        found = {row.hash: self._remember(row) for row in await find_tokens(connection, hashes)}
        until = clock() + UNKNOWN_SECONDS
        for hash_ in hashes:
            if hash_ not in found:
                self._known.pop(hash_, None)
                _put(self._unknown, hash_, until)
        self._tokens.answer(found)

    async def _answer_workspaces(self, connection: Connection) -> None:
        if not (workspaces := self._workspaces.take()):
            return
        rows = await find_states(connection, workspaces)
        states = {row.id: row.state for row in rows if row.state is not None}
        for workspace, state in states.items():
            _put(self._states, workspace, state)
        self._workspaces.answer(states)

    def _remember(self, row: FoundToken) -> KnownToken:
        expires_at = float("inf") if row.expires_at is None else row.expires_at.timestamp()
        caller = Caller(
            f"token:{row.id}",
            row.workspace,
            frozenset(row.scopes),
            row.name,
            row.expires_at,
            row.id,
            row.points_per_minute,
        )
        known = KnownToken(row.id, caller, expires_at, row.changed_at, clock() + REREAD_SECONDS)
        _put(self._known, row.hash, known)
        _put(self._states, row.workspace, row.workspace_state)
        return known

    async def _write_uses(self, connection: Connection) -> None:
        self._write_uses_at = clock() + USES_INTERVAL_SECONDS
        if used := self._used:
            self._used = {}
            try:
                await record_uses(connection, used)
            except BaseException:
                self._used = used | self._used
                raise

    async def _wait(self) -> None:
        """Wait for a look-up, or until the next look."""
        try:
            async with asyncio.timeout(max(0, self._look_at - clock())):
                await self._wake.wait()
        except TimeoutError:
            return


def _put(memory: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > MAX_KNOWN:
        memory.popitem(last=False)
