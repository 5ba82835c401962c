"""Workspaces, API tokens and the audit log, and their connections."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry

from db import api_tokens, audit_log, workspaces
from schema.errors import BadInput
from schema.types.connection import PageInfo
from schema.types.scope import Scope

_FORWARD_DOC = "`hasPreviousPage` is true if `after` was given."


@strawberry.enum(description="The state of a workspace.")
class WorkspaceState(Enum):
    ACTIVE = strawberry.enum_value("active", description="The workspace answers requests.")
    SUSPENDED = strawberry.enum_value("suspended", description="All requests get the error WORKSPACE_SUSPENDED.")
    DELETING = strawberry.enum_value(
        "deleting", description="Its tasks are being removed. All requests get the error WORKSPACE_SUSPENDED."
    )


@strawberry.type(description="A workspace: tasks and tokens that are separate from those of all other workspaces.")
class Workspace:
    id: strawberry.ID = strawberry.field(description="The id. It never changes and is not used again.")
    name: str = strawberry.field(description="The name, for people.")
    state: WorkspaceState = strawberry.field(description="The state.")
    created_at: datetime = strawberry.field(description="When the workspace was created.")


@strawberry.type(description="An API token, without the token itself, which was shown once.")
class ApiToken:
    id: strawberry.ID = strawberry.field(description="The id of the token, a UUIDv7. It is no secret.")
    workspace_id: strawberry.ID = strawberry.field(description="The id of the workspace that the token belongs to.")
    name: str = strawberry.field(description="The name, for people.")
    scopes: list[Scope] = strawberry.field(description="What the token may do.")
    created_at: datetime = strawberry.field(description="When the token was created.")
    created_by: str = strawberry.field(description="The actor who created the token.")
    created_by_name: str | None = strawberry.field(
        description="The name of the token in `createdBy`. Null if that is no token of the same workspace."
    )
    expires_at: datetime | None = strawberry.field(description="When the token expires. Null if it does not.")
    last_used_at: datetime | None = strawberry.field(
        description="When the token was last used, to a minute. Null if it was never used."
    )
    revoked_at: datetime | None = strawberry.field(description="When the token was revoked. Null if it was not.")
    points_per_minute: int | None = strawberry.field(
        description="The rate limit of the token in points per minute. Null for the limit of the service."
    )


@strawberry.type(description="An administrative action.")
class AuditLogEntry:
    id: strawberry.ID = strawberry.field(description="The id of the entry, a UUIDv7.")
    workspace_id: strawberry.ID = strawberry.field(description="The id of the workspace that the action belongs to.")
    at: datetime = strawberry.field(description="When the action was done.")
    actor: str = strawberry.field(
        description="Who did it, as in `Viewer.actor`, or `cli:` and the user of the command line."
    )
    actor_name: str | None = strawberry.field(
        description="The name of the token in `actor`. Null if that is no token of the same workspace."
    )
    action: str = strawberry.field(description="The action, such as `token.revoke`.")
    target: str = strawberry.field(description="The id of what it was done to.")
    details: str = strawberry.field(description="Further details: a JSON object, as text.")
    address: str | None = strawberry.field(description="The network address of the client. Null for the command line.")
    request_id: str | None = strawberry.field(description="The id of the request. Null for the command line.")


@strawberry.type(description="A workspace and its cursor.")
class WorkspaceEdge:
    node: Workspace = strawberry.field(description="The workspace.")
    cursor: str = strawberry.field(description="An opaque cursor for `after` of `workspaces`.")


@strawberry.type(description=f"A page of workspaces, in the order of their ids. {_FORWARD_DOC}")
class WorkspaceConnection:
    edges: list[WorkspaceEdge] = strawberry.field(description="The workspaces of the page, each with its cursor.")
    nodes: list[Workspace] = strawberry.field(description="The workspaces of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Information about the page.")


@strawberry.type(description="An API token and its cursor.")
class ApiTokenEdge:
    node: ApiToken = strawberry.field(description="The token.")
    cursor: str = strawberry.field(description="An opaque cursor for `after` of `apiTokens`.")


@strawberry.type(description=f"A page of API tokens, newest first. {_FORWARD_DOC}")
class ApiTokenConnection:
    edges: list[ApiTokenEdge] = strawberry.field(description="The tokens of the page, each with its cursor.")
    nodes: list[ApiToken] = strawberry.field(description="The tokens of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Information about the page.")


@strawberry.type(description="An entry of the audit log and its cursor.")
class AuditLogEdge:
    node: AuditLogEntry = strawberry.field(description="The entry.")
    cursor: str = strawberry.field(description="An opaque cursor for `after` of `auditLog`.")


@strawberry.type(description=f"A page of the audit log, newest first. {_FORWARD_DOC}")
class AuditLogConnection:
    edges: list[AuditLogEdge] = strawberry.field(description="The entries of the page, each with its cursor.")
    nodes: list[AuditLogEntry] = strawberry.field(description="The entries of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Information about the page.")


def workspace_of(row: workspaces.Workspace) -> Workspace:
    """Return the workspace of a row."""
    return Workspace(
        id=strawberry.ID(row.id), name=row.name, state=WorkspaceState(row.state), created_at=row.created_at
    )


def api_token_of(row: api_tokens.ApiToken) -> ApiToken:
    """Return the token of a row."""
    return ApiToken(
        id=strawberry.ID(str(row.id)),
        workspace_id=strawberry.ID(row.workspace),
        name=row.name,
        scopes=[Scope(scope) for scope in row.scopes],
        created_at=row.created_at,
        created_by=row.created_by,
        created_by_name=row.created_by_name,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        points_per_minute=row.points_per_minute,
    )


def audit_log_entry_of(row: audit_log.AuditEntry) -> AuditLogEntry:
    """Return the entry of a row."""
    return AuditLogEntry(
        id=strawberry.ID(str(row.id)),
        workspace_id=strawberry.ID(row.workspace),
        at=row.at,
        actor=row.actor,
        actor_name=row.actor_name,
        action=row.action,
        target=row.target,
        details=row.details,
        address=row.address,
        request_id=row.request_id,
    )


def connection_of(
    connection: type[Any],
    edge: type[Any],
    rows: Sequence[Any],
    node_of: Callable[[Any], Any],
    count: int,
    *,
    after: str | None,
) -> Any:
    """Return a connection for up to `count` rows; a further row means that there is a next page."""
    nodes = [node_of(row) for row in rows[:count]]
    cursors = [_cursor(connection, node.id) for node in nodes]
    page_info = PageInfo(
        has_next_page=len(rows) > count,
        has_previous_page=after is not None,
        tasks=[],
        order="NEWEST",
        fetched=None,
        ends=(cursors[0], cursors[-1]) if cursors else None,
    )
    edges = [edge(node=node, cursor=cursor) for node, cursor in zip(nodes, cursors, strict=True)]
    return connection(edges=edges, nodes=nodes, page_info=page_info)


def decode_key(connection: type[Any], cursor: str | None) -> str | None:
    """Return the id that a cursor of this kind of connection names. Raises `BadInput`."""
    if cursor is None:
        return None
    try:
        kind, _, key = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode().partition(":")
    except ValueError:
        kind = key = ""
    if kind != connection.__name__ or not key:
        raise BadInput("after", "is not a cursor of this field. Pass an endCursor or the cursor of an edge, unchanged.")
    return key


def _cursor(connection: type[Any], key: str) -> str:
    return urlsafe_b64encode(f"{connection.__name__}:{key}".encode()).rstrip(b"=").decode()
