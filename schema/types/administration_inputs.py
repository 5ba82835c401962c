"""The inputs and payloads of the administrative mutations."""

from datetime import datetime

import strawberry

from schema.types.administration import ApiToken, Workspace
from schema.types.inputs import CLIENT_MUTATION_ID_DOC
from schema.types.payloads import MutationResult
from schema.types.scope import Scope

_NAME_DOC = "1 to 200 characters."
_WORKSPACE_ID_DOC = "The id of the workspace."


@strawberry.input
class AdministrationInput:
    """The base of the inputs."""

    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID_DOC)


@strawberry.input(description="The input of `createWorkspace`.")
class CreateWorkspaceInput(AdministrationInput):
    id: strawberry.ID = strawberry.field(
        description="The id: 1 to 63 characters from a-z, 0-9, _ and -, with a letter or digit first. It cannot be "
        "changed."
    )
    name: str | None = strawberry.field(default=None, description=f"The name: {_NAME_DOC} The id if null.")


@strawberry.input(description="The input of `renameWorkspace`.")
class RenameWorkspaceInput(AdministrationInput):
    id: strawberry.ID = strawberry.field(description=_WORKSPACE_ID_DOC)
    name: str = strawberry.field(description=f"The new name: {_NAME_DOC}")


@strawberry.input(description="The input of `suspendWorkspace`.")
class SuspendWorkspaceInput(AdministrationInput):
    id: strawberry.ID = strawberry.field(description=_WORKSPACE_ID_DOC)


@strawberry.input(description="The input of `resumeWorkspace`.")
class ResumeWorkspaceInput(AdministrationInput):
    id: strawberry.ID = strawberry.field(description=_WORKSPACE_ID_DOC)


@strawberry.input(description="The input of `deleteWorkspace`.")
class DeleteWorkspaceInput(AdministrationInput):
    id: strawberry.ID = strawberry.field(description=_WORKSPACE_ID_DOC)
    confirm_id: strawberry.ID = strawberry.field(description="The same id again, to confirm the deletion.")


@strawberry.input(description="The input of `createApiToken`.")
class CreateApiTokenInput(AdministrationInput):
    name: str = strawberry.field(description=f"The name: {_NAME_DOC}")
    scopes: list[Scope] = strawberry.field(
        description="What the token may do: at least one scope, and none that the caller does not have."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When the token expires: a time in the future. Null for a token that does not expire."
    )
    workspace_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The workspace of the token. Null for the caller's. Only an operator may name another.",
    )
    points_per_minute: int | None = strawberry.field(
        default=None,
        description="The rate limit of the token in points per minute. Null for the limit of the service. Only an "
        "operator may set it.",
    )


@strawberry.input(description="The input of `revokeApiToken`.")
class RevokeApiTokenInput(AdministrationInput):
    id: strawberry.ID = strawberry.field(description="The id of the token.")


@strawberry.type
class WorkspaceResult(MutationResult):
    """The base of the payloads of mutations of workspaces."""

    workspace: Workspace | None = strawberry.field(
        default=None, description="The workspace after the mutation. Null if the mutation was rejected."
    )


@strawberry.type(description="The result of `createWorkspace`.")
class CreateWorkspacePayload(WorkspaceResult):
    pass


@strawberry.type(description="The result of `renameWorkspace`.")
class RenameWorkspacePayload(WorkspaceResult):
    pass


@strawberry.type(description="The result of `suspendWorkspace`.")
class SuspendWorkspacePayload(WorkspaceResult):
    pass


@strawberry.type(description="The result of `resumeWorkspace`.")
class ResumeWorkspacePayload(WorkspaceResult):
    pass


@strawberry.type(description="The result of `deleteWorkspace`.")
class DeleteWorkspacePayload(WorkspaceResult):
    pass


@strawberry.type(description="The result of `createApiToken`.")
class CreateApiTokenPayload(MutationResult):
    token: str | None = strawberry.field(
        default=None,
        description="The token: `mt_` and 43 characters. The service does not store it and cannot show it again. Null "
        "if the mutation was rejected.",
    )
    api_token: ApiToken | None = strawberry.field(
        default=None, description="What the service knows of the token. Null if the mutation was rejected."
    )


@strawberry.type(description="The result of `revokeApiToken`.")
class RevokeApiTokenPayload(MutationResult):
    api_token: ApiToken | None = strawberry.field(
        default=None, description="The token after the mutation. Null if the mutation was rejected."
    )
