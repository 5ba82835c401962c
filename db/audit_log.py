"""The audit log: who did what in the administration, when, and from where."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import scalar_row

from db.connection import Connection
from db.row_factories import record_row

Details = Mapping[str, str | int | Sequence[str] | None]


class Actor(Struct, frozen=True):
    """Who does something, and from where. The command line has no address and no request id."""

    name: str
    address: str | None = None
    request_id: str | None = None


class AuditEntry(Struct, frozen=True):
    """One action. `details` is JSON."""

    id: UUID
    workspace: str
    at: datetime
    actor: str
    action: str
    target: str
    details: str
    address: str | None
    request_id: str | None


_entry_row = record_row(AuditEntry)

RECORD: LiteralString = """
    INSERT INTO audit_log (id, workspace_id, actor, action, target, details, address, request_id)
    VALUES (%(id)s, %(workspace)s, %(actor)s, %(action)s, %(target)s, %(details)s::jsonb, %(address)s, %(request_id)s)
    RETURNING true
"""


async def record_action(
    connection: Connection, id_: UUID, workspace: str, actor: Actor, action: str, target: str, details: Details
) -> None:
    """Record an action, in the transaction of the action. `id_` is a new UUIDv7."""
    params = {
        "id": id_,
        "workspace": workspace,
        "actor": actor.name,
        "action": action,
        "target": target,
        "details": msgspec.json.encode(details).decode(),
        "address": actor.address,
        "request_id": actor.request_id,
    }
    await connection.query(RECORD, params, scalar_row)


AUDIT_PAGE: LiteralString = """
    -- every workspace: an administrator of the service reads all entries
    SELECT id, workspace_id, at, actor, action, target, details::text, address, request_id FROM audit_log
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
