"""The audit log of sessions: who signs in and out, and which sign-ins are refused."""

import time
from typing import Literal

import structlog

from api.graphql.request_id import current_request_id
from api.identity.errors import IdentityUnavailable
from db.audit_log import Actor
from db.caller import ANONYMOUS, DEFAULT_WORKSPACE, Caller
from db.errors import DatabaseError, explain
from db.pool import Database
from schema.administration import record_bounded

log = structlog.get_logger(__name__)
# Anyone can cause refusals. More than these in a minute reach neither the database nor the log.
MAX_REFUSALS, WINDOW_SECONDS = 10, 60.0

Method = Literal["token", "oidc"]


class SessionAudit:
    """Records the sessions of a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._refusals, self._until = 0, 0.0

    async def started(self, caller: Caller, method: Method, address: str) -> None:
        """Record a sign-in. Raises `IdentityUnavailable`: no session starts unrecorded."""
        try:
            await self._record(caller, "session.start", method, address)
        except DatabaseError as error:
            raise IdentityUnavailable(str(error)) from error

    async def switched(self, caller: Caller, address: str) -> None:
        """Record that a person continues in another workspace. Raises `IdentityUnavailable`."""
        try:
            await self._record(caller, "session.switch", caller.workspace, address)
        except DatabaseError as error:
            raise IdentityUnavailable(str(error)) from error

    async def ended(self, caller: Caller, address: str) -> None:
        """Record a sign-out, which succeeds without a record too."""
        try:
            await self._record(caller, "session.end", "", address)
        except DatabaseError as error:
            log.warning("audit log not written", action="session.end", reason=explain(error))

    async def refused(self, method: Method, address: str, reason: str) -> None:
        """Record a refused sign-in in the workspace of the operator, up to a number in each minute."""
        now = time.monotonic()
        if now >= self._until:
            self._refusals, self._until = 0, now + WINDOW_SECONDS
        self._refusals += 1
        if self._refusals > MAX_REFUSALS:
            return
        try:
            await self._record(ANONYMOUS, "session.refused", method, address, reason)
        except DatabaseError as error:
            log.warning("audit log not written", action="session.refused", reason=explain(error))

    async def _record(self, caller: Caller, action: str, target: str, address: str, reason: str | None = None) -> None:
        actor = Actor(caller.actor, address or None, current_request_id.get() or None)
        workspace = DEFAULT_WORKSPACE if caller is ANONYMOUS else caller.workspace
        async with self._database.transaction() as connection:
            await record_bounded(connection, actor, workspace, action, target, reason=reason)
