"""The resolvers of queries of workspaces, API tokens and the audit log."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from db.api_tokens import tokens_page
from db.audit_log import audit_page
from db.workspaces import workspaces_page
from schema import administration as actions
from schema.context import Info
from schema.errors import BadInput
from schema.resolvers.administrator import administered_workspace, database
from schema.resolvers.arguments import list_size
from schema.types import administration as types

FirstArgument = Annotated[int | None, strawberry.argument(description="The number of items: 0 to 100. 50 if null.")]
AfterArgument = Annotated[
    str | None, strawberry.argument(description="Return only items after this cursor of the same field.")
]
WorkspaceIdArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="The workspace. Null for the caller's. Only an operator may name another workspace."
    ),
]
AuditWorkspaceArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="The workspace. Null for the caller's, and for an operator for all workspaces. Only an operator "
        "may name another workspace."
    ),
]
_LIST_COST = "Always read from PostgreSQL. Cost: 20 points, plus 1 per item of the page for `nodes` and 1 for `edges`."


@strawberry.type
class AdministrationQuery:
    """The administrative queries, which `Query` inherits."""

    @strawberry.field(description=f"Returns the workspaces; to a caller who is no operator, only its own. {_LIST_COST}")
    async def workspaces(
        self, info: Info, first: FirstArgument = None, after: AfterArgument = None
    ) -> types.WorkspaceConnection:
        count, key = list_size(first), types.decode_key(types.WorkspaceConnection, after)
        only = None if actions.is_operator(info.context.caller) else info.context.caller.workspace
        async with database(info).connection() as connection:
            rows = await workspaces_page(connection, after=key or "", count=count + 1, only=only)
        page = types.connection_of(
            types.WorkspaceConnection, types.WorkspaceEdge, rows, types.workspace_of, count, after=after
        )
        return cast("types.WorkspaceConnection", page)

    @strawberry.field(description=f"Returns the API tokens of a workspace, revoked ones included. {_LIST_COST}")
    async def api_tokens(
        self,
        info: Info,
        first: FirstArgument = None,
        after: AfterArgument = None,
        workspace_id: WorkspaceIdArgument = None,
    ) -> types.ApiTokenConnection:
        count, before = list_size(first), _key_id(types.ApiTokenConnection, after)
        workspace = await administered_workspace(info, workspace_id)
        async with database(info).connection() as connection:
            rows = await tokens_page(connection, workspace, before=before, count=count + 1)
        page = types.connection_of(
            types.ApiTokenConnection, types.ApiTokenEdge, rows, types.api_token_of, count, after=after
        )
        return cast("types.ApiTokenConnection", page)

    @strawberry.field(description=f"Returns the administrative actions in a workspace. {_LIST_COST}")
    async def audit_log(
        self,
        info: Info,
        first: FirstArgument = None,
        after: AfterArgument = None,
        workspace_id: AuditWorkspaceArgument = None,
    ) -> types.AuditLogConnection:
        count, before = list_size(first), _key_id(types.AuditLogConnection, after)
        of_all = workspace_id is None and actions.is_operator(info.context.caller)
        workspace = None if of_all else await administered_workspace(info, workspace_id)
        async with database(info).connection() as connection:
            rows = await audit_page(connection, workspace, before=before, count=count + 1)
        page = types.connection_of(
            types.AuditLogConnection, types.AuditLogEdge, rows, types.audit_log_entry_of, count, after=after
        )
        return cast("types.AuditLogConnection", page)


def _key_id(connection: type[object], cursor: str | None) -> UUID | None:
    key = types.decode_key(connection, cursor)
    try:
        return None if key is None else UUID(key)
    except ValueError as error:
        raise BadInput("after", "is not a cursor of this field.") from error
