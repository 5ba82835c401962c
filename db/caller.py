"""The caller of a request: who it is, the workspace it belongs to, and what it may do."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from msgspec import Struct

DEFAULT_WORKSPACE = "default"

# What a caller may do: read tasks, write tasks, and administer the workspaces and tokens.
Scope = Literal["tasks:read", "tasks:write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


class Caller(Struct, frozen=True, gc=False):
    """The caller of a request. Every operation reads and writes the workspace of its caller, and no other.

    actor: a stable id for logs and for `createdBy`. name: for people.
    expires_at: when the credential expires; None if it does not.
    token_id: the API token; None if the caller was identified otherwise.
    points_per_minute: the rate limit of the token; None for the limit of the service.
    """

    actor: str
    workspace: str
    scopes: frozenset[Scope]
    name: str = ""
    expires_at: datetime | None = None
    token_id: UUID | None = None
    points_per_minute: int | None = None


# Every caller, while the service does not identify them.
ANONYMOUS = Caller("anonymous", DEFAULT_WORKSPACE, frozenset(SCOPES))
