"""The resolvers of administrative mutations."""

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

import strawberry

from db.audit_log import Actor
from db.caller import Scope
from db.pool import Database
from db.workspaces import Workspace
from schema import administration as actions
from schema.context import Info
from schema.ids import parse_id
from schema.resolvers.administrator import (
    Fields,
    actor,
    administered_workspace,
    check_grant,
    check_operator,
    database,
    payload_fields,
)
from schema.types import administration_inputs as inputs
from schema.types.administration import api_token_of, workspace_of
from schema.types.payloads import UserErrorCode

_OPERATOR_DOC = "For operators: callers with the scope ADMIN in the workspace `default`. Cost: 20 points."
_WORKSPACE = strawberry.argument(description="The workspace.")


@strawberry.type
class AdministrationMutation:
    """The administrative mutations, which `Mutation` inherits."""

    @strawberry.mutation(description=f"Creates a workspace. {_OPERATOR_DOC}")
    async def create_workspace(
        self,
        info: Info,
        input: Annotated[inputs.CreateWorkspaceInput, strawberry.argument(description="The workspace to create.")],  # noqa: A002
    ) -> inputs.CreateWorkspacePayload:
        return inputs.CreateWorkspacePayload(
            **await _change_workspace(
                info, input, lambda to, by: actions.create_workspace(to, by, input.id, input.name)
            )
        )

    @strawberry.mutation(description=f"Renames a workspace. {_OPERATOR_DOC}")
    async def rename_workspace(
        self,
        info: Info,
        input: Annotated[inputs.RenameWorkspaceInput, _WORKSPACE],  # noqa: A002
    ) -> inputs.RenameWorkspacePayload:
        return inputs.RenameWorkspacePayload(
            **await _change_workspace(
                info, input, lambda to, by: actions.rename_workspace(to, by, input.id, input.name)
            )
        )

    @strawberry.mutation(
        description="Suspends a workspace: within 5 seconds, all its requests get the error WORKSPACE_SUSPENDED. "
        f"{_OPERATOR_DOC}"
    )
    async def suspend_workspace(
        self,
        info: Info,
        input: Annotated[inputs.SuspendWorkspaceInput, _WORKSPACE],  # noqa: A002
    ) -> inputs.SuspendWorkspacePayload:
        return inputs.SuspendWorkspacePayload(
            **await _change_workspace(info, input, lambda to, by: actions.suspend_workspace(to, by, input.id))
        )

    @strawberry.mutation(description=f"Ends the suspension of a workspace. {_OPERATOR_DOC}")
    async def resume_workspace(
        self,
        info: Info,
        input: Annotated[inputs.ResumeWorkspaceInput, _WORKSPACE],  # noqa: A002
    ) -> inputs.ResumeWorkspacePayload:
        return inputs.ResumeWorkspacePayload(
            **await _change_workspace(info, input, lambda to, by: actions.resume_workspace(to, by, input.id))
        )

    @strawberry.mutation(
        description="Deletes a workspace with all its tasks for good. Its requests are refused within 5 seconds; the "
        f"service removes the tasks in the background. {_OPERATOR_DOC}"
    )
    async def delete_workspace(
        self,
        info: Info,
        input: Annotated[inputs.DeleteWorkspaceInput, _WORKSPACE],  # noqa: A002
    ) -> inputs.DeleteWorkspacePayload:
        return inputs.DeleteWorkspacePayload(
            **await _change_workspace(
                info, input, lambda to, by: actions.delete_workspace(to, by, input.id, input.confirm_id)
            )
        )

    @strawberry.mutation(
        description="Creates an API token and returns it, once. The caller cannot grant scopes that it does not have. "
        "Cost: 20 points."
    )
    async def create_api_token(
        self,
        info: Info,
        input: Annotated[inputs.CreateApiTokenInput, strawberry.argument(description="The token to create.")],  # noqa: A002
    ) -> inputs.CreateApiTokenPayload:
        workspace = await administered_workspace(info, input.workspace_id)
        scopes = {cast("Scope", scope.value) for scope in input.scopes}

        async def create() -> Fields:
            check_grant(info, scopes, input.points_per_minute)
            token, row = await actions.create_api_token(
                database(info),
                actor(info),
                workspace,
                input.name,
                scopes,
                expires_at=input.expires_at,
                points_per_minute=input.points_per_minute,
            )
            return {"token": token, "api_token": api_token_of(row)}

        return inputs.CreateApiTokenPayload(**await payload_fields(info, input, create))

    @strawberry.mutation(
        description="Revokes an API token: within 5 seconds, every process refuses it. A token that is revoked already "
        "stays unchanged. Cost: 20 points."
    )
    async def revoke_api_token(
        self,
        info: Info,
        input: Annotated[inputs.RevokeApiTokenInput, strawberry.argument(description="The token to revoke.")],  # noqa: A002
    ) -> inputs.RevokeApiTokenPayload:
        caller = info.context.caller
        workspace = None if actions.is_operator(caller) else caller.workspace

        async def revoke() -> Fields:
            try:
                id_ = parse_id(input.id)
            except ValueError as error:
                raise actions.Rejected("id", f"id {error}", UserErrorCode.INVALID_ID) from error
            row = await actions.revoke_api_token(database(info), actor(info), workspace, id_)
            return {"api_token": api_token_of(row)}

        return inputs.RevokeApiTokenPayload(**await payload_fields(info, input, revoke))


async def _change_workspace(
    info: Info, given: inputs.AdministrationInput, change: Callable[[Database, Actor], Awaitable[Workspace]]
) -> Fields:
    """Run an action of an operator, and return the fields of its payload."""
    await check_operator(info)

    async def run() -> Fields:
        return {"workspace": workspace_of(await change(database(info), actor(info)))}

    return await payload_fields(info, given, run)
