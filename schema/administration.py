"""Administrative actions, by the command line and by GraphQL: each has a row of the audit log in its transaction."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from db import api_tokens, workspaces
from db.api_tokens import ApiToken, NewApiToken
from db.audit_log import Actor, Details, record_action, record_bounded_action
from db.caller import DEFAULT_WORKSPACE, SCOPES, Caller, Scope, is_workspace_id
from db.connection import Connection
from db.pool import Database
from db.token_text import new_token, token_hash
from db.workspaces import Workspace, WorkspaceState
from schema.ids import new_id
from schema.types.payloads import UserErrorCode

MAX_NAME_CHARACTERS = 200
MAX_POINTS_PER_MINUTE = 2**31 - 1
END_YEAR = 2200


class Rejected(Exception):
    """An action that is not possible. Nothing was changed. field: the input that is wrong, if one is."""

    def __init__(self, field: str | None, message: str, code: UserErrorCode) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


async def record(
    connection: Connection,
    actor: Actor,
    workspace: str,
    action: str,
    target: str,
    **details: str | Sequence[str] | None,
) -> None:
    """Record an action in the audit log of a workspace, in the transaction of the connection."""
    given: Details = {name: value for name, value in details.items() if value is not None}
    await record_action(connection, new_id(), workspace, actor, action, target, given)


async def record_bounded(
    connection: Connection, actor: Actor, workspace: str, action: str, target: str, *, reason: str | None = None
) -> None:
    """Record what callers can cause as often as they like: up to ten entries a minute of each actor and action."""
    given: Details = {} if reason is None else {"reason": reason}
    await record_bounded_action(connection, new_id(), workspace, actor, action, target, given)


async def create_workspace(database: Database, actor: Actor, id_: str, name: str | None = None) -> Workspace:
    """Create a workspace, with its id as its name if none is given. Raises `Rejected`."""
    if not is_workspace_id(id_):
        message = "id must have 1 to 63 characters from a-z, 0-9, _ and -, and begin with a letter or a digit."
        raise Rejected("id", message, UserErrorCode.INVALID_ID)
    name = _checked_name(id_ if name is None else name)
    async with database.transaction() as connection:
        created = await workspaces.create_workspace(connection, id_, name)
        if created is None:
            message = f"There is or was a workspace {id_}. Ids are not used again: choose another one."
            raise Rejected("id", message, UserErrorCode.ID_TAKEN)
        await record(connection, actor, id_, "workspace.create", id_, name=name)
    return created


async def rename_workspace(database: Database, actor: Actor, id_: str, name: str) -> Workspace:
    """Rename a workspace. Raises `Rejected`."""
    name = _checked_name(name)
    async with database.transaction() as connection:
        renamed = await workspaces.rename_workspace(connection, id_, name)
        if renamed is None:
            raise _no_workspace()
        await record(connection, actor, id_, "workspace.rename", id_, name=name)
    return renamed


async def suspend_workspace(database: Database, actor: Actor, id_: str) -> Workspace:
    """Refuse all requests of a workspace. Raises `Rejected`."""
    return await _set_state(database, actor, id_, "suspended", "workspace.suspend")


async def resume_workspace(database: Database, actor: Actor, id_: str) -> Workspace:
    """Answer the requests of a suspended workspace again. Raises `Rejected`."""
    return await _set_state(database, actor, id_, "active", "workspace.resume")


async def delete_workspace(database: Database, actor: Actor, id_: str, confirm_id: str) -> Workspace:
    """Begin to delete a workspace for good: refuse its requests. `confirm_id` must be its id. Raises `Rejected`.

    The background work of the service, or the command line, removes its tasks.
    """
    if confirm_id != id_:
        message = "confirmId must be the id of the workspace. Nothing was deleted."
        raise Rejected("confirmId", message, UserErrorCode.NOT_CONFIRMED)
    return await _set_state(database, actor, id_, "deleting", "workspace.delete")


async def _set_state(database: Database, actor: Actor, id_: str, state: WorkspaceState, action: str) -> Workspace:
    if id_ == DEFAULT_WORKSPACE:
        message = f"The workspace {DEFAULT_WORKSPACE} is the operator's. It cannot be suspended or deleted."
        raise Rejected("id", message, UserErrorCode.NOT_ALLOWED)
    async with database.transaction() as connection:
        changed = await workspaces.set_state(connection, id_, state)
        found = await workspaces.lock_workspace(connection, id_)
        if found is None:
            raise _no_workspace()
        if found.state != state:
            raise Rejected("id", f"The workspace {id_} is being deleted.", UserErrorCode.NOT_ALLOWED)
        if changed:
            await record(connection, actor, id_, action, id_)
    return found


async def create_api_token(
    database: Database,
    actor: Actor,
    workspace: str,
    name: str,
    scopes: Collection[Scope],
    *,
    expires_at: datetime | None = None,
    points_per_minute: int | None = None,
) -> tuple[str, ApiToken]:
    """Create a token and return it with its row. Nothing can show it again. Raises `Rejected`."""
    name = _checked_name(name)
    if not scopes:
        raise Rejected("scopes", "scopes must name at least one scope.", UserErrorCode.BLANK)
    _check_expiry(expires_at)
    if points_per_minute is not None and not 1 <= points_per_minute <= MAX_POINTS_PER_MINUTE:
        message = f"pointsPerMinute must be from 1 to {MAX_POINTS_PER_MINUTE:,}."
        raise Rejected("pointsPerMinute", message, UserErrorCode.OUT_OF_RANGE)
    token, ordered = new_token(), [scope for scope in SCOPES if scope in scopes]
    new = NewApiToken(new_id(), workspace, name, token_hash(token), ordered, actor.name, expires_at, points_per_minute)
    async with database.transaction() as connection:
        created = await api_tokens.create_token(connection, new)
        if created is None:
            raise _no_workspace("workspaceId")
        expiry = None if expires_at is None else expires_at.astimezone(UTC).isoformat()
        await record(
            connection, actor, workspace, "token.create", str(new.id), name=name, scopes=ordered, expires_at=expiry
        )
    return token, created


async def revoke_api_token(database: Database, actor: Actor, workspace: str | None, id_: UUID) -> ApiToken:
    """Revoke a token of a workspace, or of any workspace if None. Raises `Rejected`."""
    async with database.transaction() as connection:
        revoked = await api_tokens.revoke_token(connection, workspace, id_)
        if revoked is not None:
            await record(connection, actor, revoked.workspace, "token.revoke", str(id_), name=revoked.name)
            return revoked
        if (before := await api_tokens.find_token(connection, workspace, id_)) is None:
            raise Rejected("id", "There is no token with this id.", UserErrorCode.NOT_FOUND)
    return before


def is_operator(caller: Caller) -> bool:
    """Return whether the caller administers all workspaces, and not only its own."""
    return caller.workspace == DEFAULT_WORKSPACE and "admin" in caller.scopes


def _checked_name(name: str) -> str:
    """Return a name without spaces around it. Raises `Rejected`."""
    name = name.strip()
    if not name:
        raise Rejected("name", "name must not be empty.", UserErrorCode.BLANK)
    if len(name) > MAX_NAME_CHARACTERS:
        message = f"name must have at most {MAX_NAME_CHARACTERS} characters, not {len(name):,}."
        raise Rejected("name", message, UserErrorCode.TOO_LONG)
    if not name.isprintable():
        message = "name contains a character that cannot be shown, such as a line break. Remove it."
        raise Rejected("name", message, UserErrorCode.INVALID_CHARACTER)
    return name


def _check_expiry(expires_at: datetime | None) -> None:
    if expires_at is None:
        return
    if expires_at.year >= END_YEAR:
        message = f"expiresAt must be before the year {END_YEAR}."
        raise Rejected("expiresAt", message, UserErrorCode.OUT_OF_RANGE)
    if expires_at <= datetime.now(UTC):
        raise Rejected("expiresAt", "expiresAt must be in the future.", UserErrorCode.IN_PAST)


def _no_workspace(field: str = "id") -> Rejected:
    return Rejected(field, "There is no workspace with this id.", UserErrorCode.NOT_FOUND)
