"""The audit log: who did what in the administration, when, and from where."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import scalar_row

from db.api_tokens import actor_name
from db.connection import Connection
from db.row_factories import record_row

Details = Mapping[str, str | int | Sequence[str] | None]


class Actor(Struct, frozen=True):
    """Who does something, and from where. The command line has no address and no request id."""

    name: str
    address: str | None = None
    request_id: str | None = None


class AuditEntry(Struct, frozen=True):
    """One action. `details` is JSON.

    actor_name: the name of the token that is the actor; None if the actor is no token of the same workspace.
    """

    id: UUID
    workspace: str
    at: datetime
    actor: str
    action: str
    target: str
    details: str
    address: str | None
    request_id: str | None
    actor_name: str | None


_entry_row = record_row(AuditEntry)

RECORD: LiteralString = """
    INSERT INTO audit_log (id, workspace_id, actor, action, target, details, address, request_id)
    VALUES (%(id)s, %(workspace)s, %(actor)s, %(action)s, %(target)s, %(details)s::jsonb, %(address)s, %(request_id)s)
    RETURNING true
"""


# What a caller can cause without a right, as often as it likes. The ids are UUIDv7, so they tell the time.
RECORD_BOUNDED: LiteralString = """
    INSERT INTO audit_log (id, workspace_id, actor, action, target, details, address, request_id)
    SELECT %(id)s, %(workspace)s, %(actor)s, %(action)s, %(target)s, %(details)s::jsonb, %(address)s, %(request_id)s
    WHERE %(most)s > (
        SELECT count(*) FROM audit_log
        WHERE workspace_id = %(workspace)s AND id > %(since)s::uuid AND action = %(action)s AND actor = %(actor)s
    )
    RETURNING true
"""
MAX_BOUNDED, BOUNDED_SECONDS = 10, 60
_TIME_SHIFT = 80


async def record_action(
    connection: Connection, id_: UUID, workspace: str, actor: Actor, action: str, target: str, details: Details
) -> None:
    """Record an action, in the transaction of the action. `id_` is a new UUIDv7."""
    await connection.query(RECORD, _params(id_, workspace, actor, action, target, details), scalar_row)


async def record_bounded_action(
    connection: Connection, id_: UUID, workspace: str, actor: Actor, action: str, target: str, details: Details
) -> bool:
    """Record an action unless the actor has `MAX_BOUNDED` entries of it in this minute. Return whether it was recorded.

    Transactions that run at once can exceed the bound by their number.
    """
    since = UUID(int=((id_.int >> _TIME_SHIFT) - BOUNDED_SECONDS * 1000) << _TIME_SHIFT)
    params = _params(id_, workspace, actor, action, target, details) | {"most": MAX_BOUNDED, "since": since}
    return bool(await connection.query(RECORD_BOUNDED, params, scalar_row))


def _params(
    id_: UUID, workspace: str, actor: Actor, action: str, target: str, details: Details
) -> dict[str, str | int | UUID | None]:
    return {
        "id": id_,
        "workspace": workspace,
        "actor": actor.name,
        "action": action,
        "target": target,
        "details": msgspec.json.encode(details).decode(),
        "address": actor.address,
        "request_id": actor.request_id,
    }


AUDIT_PAGE: LiteralString = f"""
    -- every workspace: an administrator of the service reads all entries
    SELECT id, workspace_id, at, actor, action, target, details::text, address, request_id,
           {actor_name("audit_log.actor", "audit_log.workspace_id")}
    FROM audit_log
    WHERE (%(workspace)s::text IS NULL OR workspace_id = %(workspace)s)
      AND (%(before)s::uuid IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(count)s
"""


async def audit_page(
    connection: Connection, workspace: str | None, *, before: UUID | None = None, count: int
) -> list[AuditEntry]:
    """Return up to `count` entries of a workspace, or of all workspaces if None, newest first, older than `before`."""
    return await connection.query(AUDIT_PAGE, {"workspace": workspace, "before": before, "count": count}, _entry_row)


PURGE_AUDIT_LOG: LiteralString = """
    -- every workspace: entries are purged by their age
    WITH gone AS (
        SELECT id FROM audit_log WHERE at <= statement_timestamp() - %(retention)s::interval
        ORDER BY at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ), purged AS (
        DELETE FROM audit_log WHERE id = ANY(ARRAY(SELECT id FROM gone)) RETURNING id
    )
    SELECT count(*) FROM purged
"""


async def purge_audit_log(connection: Connection, retention: timedelta, batch: int = 500) -> int:
    """Delete up to `batch` entries of all workspaces that are older than `retention`. Return the number."""
    return int((await connection.query(PURGE_AUDIT_LOG, {"retention": retention, "batch": batch}, scalar_row))[0])
