"""The rows of API tokens. See `db.token_text` for the tokens themselves."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import scalar_row

from db.arrays import time_array, uuid_array
from db.caller import Scope
from db.connection import Connection
from db.row_factories import record_row
from db.workspaces import WorkspaceState


class ApiToken(Struct, frozen=True):
    """An API token, without the token itself.

    created_by_name: the name of the token that created it; None if that was no token of the same workspace.
    last_used_at: to a minute. points_per_minute: the rate limit of the token; None for the limit of the service.
    """

    id: UUID
    workspace: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    created_by: str
    created_by_name: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    points_per_minute: int | None


class NewApiToken(Struct, frozen=True):
    """An API token to create. `hash` is that of `db.token_text`."""

    id: UUID
    workspace: str
    name: str
    hash: bytes
    scopes: Sequence[Scope]
    created_by: str
    expires_at: datetime | None = None
    points_per_minute: int | None = None


def actor_name(actor: LiteralString, workspace: LiteralString) -> LiteralString:
    """Return SQL for the name of the token that is an actor. NULL if the actor is no token of the workspace.

    Both arguments are columns with the name of their table. Readers of a workspace see no names of tokens of another.
    """
    return f"""(
        SELECT acting.name FROM api_token AS acting
        WHERE acting.workspace_id = {workspace} AND acting.id = CASE
            WHEN {actor} ~ '^token:[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' THEN substr({actor}, 7)::uuid
        END
    )"""


def _columns(workspace: LiteralString) -> LiteralString:
    return (
        f"id, workspace_id, name, scopes, created_at, created_by, {actor_name('api_token.created_by', workspace)}, "
        "expires_at, last_used_at, revoked_at, points_per_minute"
    )


_COLUMNS = _columns("api_token.workspace_id")
_token_row = record_row(ApiToken)

# No token for a workspace that is being deleted. The lock delays a deletion until the token exists.
CREATE_TOKEN: LiteralString = f"""
    INSERT INTO api_token (id, workspace_id, name, hash, scopes, created_by, expires_at, points_per_minute)
    SELECT %(id)s, %(workspace)s, %(name)s, %(hash)s, %(scopes)s::text[], %(created_by)s, %(expires_at)s::timestamptz,
           %(points_per_minute)s::integer
    FROM workspace WHERE id = %(workspace)s AND state <> 'deleting' FOR SHARE
    RETURNING {_columns("%(workspace)s")}
"""


async def create_token(connection: Connection, new: NewApiToken) -> ApiToken | None:
    """Create a token. Return None for an unknown workspace."""
    params = {
        "id": new.id,
        "workspace": new.workspace,
        "name": new.name,
        "hash": new.hash,
        "scopes": list(new.scopes),
        "created_by": new.created_by,
        "expires_at": new.expires_at,
        "points_per_minute": new.points_per_minute,
    }
    return next(iter(await connection.query(CREATE_TOKEN, params, _token_row)), None)


TOKENS_PAGE: LiteralString = f"""
    -- every workspace: an administrator of the service lists all tokens
    SELECT {_COLUMNS} FROM api_token
    WHERE (%(workspace)s::text IS NULL OR workspace_id = %(workspace)s)
      AND (%(before)s::uuid IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(count)s
"""


async def tokens_page(
    connection: Connection, workspace: str | None, *, before: UUID | None = None, count: int
) -> list[ApiToken]:
    """Return up to `count` tokens of a workspace, or of all workspaces if None, newest first, older than `before`."""
    params = {"workspace": workspace, "before": before, "count": count}
    return await connection.query(TOKENS_PAGE, params, _token_row)


REVOKE_TOKEN: LiteralString = f"""
    -- every workspace: an administrator of the service revokes any token
    UPDATE api_token SET revoked_at = statement_timestamp(), changed_at = statement_timestamp()
    WHERE id = %(id)s AND revoked_at IS NULL AND (%(workspace)s::text IS NULL OR workspace_id = %(workspace)s)
    RETURNING {_COLUMNS}
"""


async def revoke_token(connection: Connection, workspace: str | None, id_: UUID) -> ApiToken | None:
    """Revoke a token of a workspace, or of any workspace if None. Return None if it has no such token to revoke."""
    return next(iter(await connection.query(REVOKE_TOKEN, {"workspace": workspace, "id": id_}, _token_row)), None)


FIND_TOKEN: LiteralString = f"""
    -- every workspace: an administrator of the service revokes any token
    SELECT {_COLUMNS} FROM api_token
    WHERE id = %(id)s AND (%(workspace)s::text IS NULL OR workspace_id = %(workspace)s)
"""


async def find_token(connection: Connection, workspace: str | None, id_: UUID) -> ApiToken | None:
    """Return a token of a workspace, or of any workspace if None. Return None if it has no token with this id."""
    return next(iter(await connection.query(FIND_TOKEN, {"workspace": workspace, "id": id_}, _token_row)), None)


HAS_ADMINISTRATOR: LiteralString = """
    SELECT EXISTS (
        SELECT FROM api_token WHERE workspace_id = %(workspace)s AND 'admin' = ANY(scopes) AND revoked_at IS NULL
          AND (expires_at IS NULL OR expires_at > statement_timestamp())
    )
"""


async def has_administrator(connection: Connection, workspace: str) -> bool:
    """Return whether a workspace has a valid token with the scope `admin`."""
    [found] = await connection.query(HAS_ADMINISTRATOR, {"workspace": workspace}, scalar_row)
    return bool(found)


class FoundToken(Struct, frozen=True):
    """What a process must know of a valid token to accept it."""

    hash: bytes
    id: UUID
    workspace: str
    workspace_state: WorkspaceState
    name: str
    scopes: list[Scope]
    expires_at: datetime | None
    points_per_minute: int | None
    changed_at: datetime


_found_row = record_row(FoundToken)

# The caller is not known yet, so no workspace is: the token's row tells it.
FIND_TOKENS: LiteralString = """
    -- every workspace: the workspace of a caller follows from the token
    SELECT hash, api_token.id, workspace_id, state::text, api_token.name, scopes, expires_at, points_per_minute,
           api_token.changed_at
    FROM api_token JOIN workspace ON workspace.id = api_token.workspace_id
    WHERE hash = ANY(%(hashes)s::bytea[]) AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > statement_timestamp())
"""


async def find_tokens(connection: Connection, hashes: Sequence[bytes]) -> list[FoundToken]:
    """Return the valid tokens among those with these hashes, of any workspace."""
    return await connection.query(FIND_TOKENS, {"hashes": list(hashes)}, _found_row)


CHANGED_TOKENS: LiteralString = """
    -- every workspace: a process looks for changes of all tokens
    SELECT hash, changed_at FROM api_token WHERE changed_at > %(since)s
"""


class ChangedToken(Struct, frozen=True):
    """A token that was created or revoked, and when."""

    hash: bytes
    changed_at: datetime


_changed_row = record_row(ChangedToken)


async def changed_tokens(connection: Connection, since: datetime) -> list[ChangedToken]:
    """Return all tokens that have changed since."""
    return await connection.query(CHANGED_TOKENS, {"since": since}, _changed_row)


# A token is written once a minute at most, by whatever process. Two processes never wait for each other's rows.
RECORD_USES: LiteralString = """
    -- every workspace: a process records the use of all tokens
    WITH due AS (
        SELECT api_token.id, used.at FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) AS used (id, at)
        JOIN api_token ON api_token.id = used.id
        WHERE last_used_at IS NULL OR last_used_at <= used.at - interval '1 minute'
        ORDER BY api_token.id FOR UPDATE OF api_token SKIP LOCKED
    )
    UPDATE api_token SET last_used_at = due.at FROM due WHERE api_token.id = due.id
    RETURNING true
"""


async def record_uses(connection: Connection, used: Mapping[UUID, float]) -> int:
    """Record when tokens were last used, in seconds since 1970. Return the number of rows written."""
    times = [datetime.fromtimestamp(seconds, UTC) for seconds in used.values()]
    params = {"ids": uuid_array(list(used)), "times": time_array(times)}
    return len(await connection.query(RECORD_USES, params, scalar_row))
