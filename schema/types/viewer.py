"""The caller of a request, as GraphQL shows it."""

from datetime import datetime

import strawberry

from schema.types.rate_limit import RateLimit, rate_limit_of
from schema.types.scope import Scope


@strawberry.type(
    description="The workspace of the caller. Every operation reads and writes the tasks of this one only."
)
class ViewerWorkspace:
    id: strawberry.ID = strawberry.field(description="The id. It never changes.")
    name: str = strawberry.field(description="The name, for people.")


@strawberry.type(description="The caller of the request: who it is, and what it may do.")
class Viewer:
    actor: str = strawberry.field(
        description="A stable id, as in `createdBy` of a task: `token:` and the id of an API token, or the issuer and "
        "the subject of a person. `anonymous` if the service does not identify callers."
    )
    name: str = strawberry.field(description="The name of the token or the person. Empty if it is not known.")
    workspace: ViewerWorkspace = strawberry.field(description="The workspace that the request belongs to.")
    scopes: list[Scope] = strawberry.field(description="What the caller may do.")
    expires_at: datetime | None = strawberry.field(
        description="When the token or the session ends. Null if it does not."
    )
    rate_limit: RateLimit | None = strawberry.field(
        resolver=rate_limit_of, description="The rate limit of the caller. Null if there is none."
    )
