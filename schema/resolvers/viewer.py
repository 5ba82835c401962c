"""The query for the caller itself."""

import strawberry

from db.caller import SCOPES
from db.workspace_name import read_workspace_name
from schema.context import Info
from schema.types.scope import Scope
from schema.types.viewer import Viewer, ViewerWorkspace


@strawberry.type
class ViewerQuery:
    """The part of the root of all queries that concerns the caller."""

    @strawberry.field(description="Returns the caller of this request. Every caller may select it. Cost: 1 point.")
    async def viewer(self, info: Info) -> Viewer:
        """Resolve the caller. The answer has no place in the page cache, which all callers of a workspace share."""
        context = info.context
        context.session.cache.forbid_caching()
        caller = context.caller
        async with context.session.store.database.connection() as connection:
            name = await read_workspace_name(connection, caller.workspace)
        return Viewer(
            actor=caller.actor,
            name=caller.name,
            workspace=ViewerWorkspace(id=strawberry.ID(caller.workspace), name=name or caller.workspace),
            scopes=[Scope(scope) for scope in SCOPES if scope in caller.scopes],
            expires_at=caller.expires_at,
        )
