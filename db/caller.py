"""The caller of a request: its identity, its workspace and its scopes."""

import re
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from msgspec import Struct

DEFAULT_WORKSPACE = "default"
_NO_ACTOR = "anonymous"

is_workspace_id = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII).fullmatch

# What a caller may do: read tasks, write tasks, and administer the workspaces and tokens.
Scope = Literal["tasks:read", "tasks:write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


# Tasks store who created and changed them in at most this many characters.
MAX_AUTHOR_CHARACTERS = 300


class Caller(Struct, frozen=True, gc=False):
    """The caller of a request. Every operation reads and writes the workspace of its caller, and no other.

    actor: a stable id for logs and for `createdBy`, of at most 300 characters. name: for people.
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

    @property
    def author(self) -> str | None:
        """The actor as tasks store it. None for an anonymous caller, so that these tasks take no more space."""
        return None if self.actor == _NO_ACTOR else self.actor[:MAX_AUTHOR_CHARACTERS]


# Every caller, while the service does not identify them.
ANONYMOUS = Caller(_NO_ACTOR, DEFAULT_WORKSPACE, frozenset(SCOPES))
