"""Callers of several workspaces, for tests: the credential names the workspace and the actor."""

from api.identity.authenticator import Authenticator, Unauthenticated
from db.caller import SCOPES, Caller
from tests.support.graphql_client import Client

_KIND = "test"


class NamedCallers:
    """A `Method` whose credentials are `test:WORKSPACE:ACTOR`. Every caller has all scopes."""

    def accepts(self, credential: str) -> bool:
        return credential.startswith(f"{_KIND}:")

    async def caller(self, credential: str) -> Caller:
        _, workspace, actor = credential.split(":", 2)
        if not workspace:
            raise Unauthenticated("The credential names no workspace.")
        return Caller(actor, workspace, frozenset(SCOPES))


def named_callers() -> Authenticator:
    """Return an authenticator for the credentials of `client_as`."""
    return Authenticator(NamedCallers())


def authorization(workspace: str, actor: str = "an actor") -> str:
    """Return the value of the header Authorization for an actor in a workspace."""
    return f"Bearer {_KIND}:{workspace}:{actor}"


def client_as(client: Client, workspace: str, actor: str) -> Client:
    """Return a client of the same service that is an actor in a workspace."""
    return Client(client.http, {"Authorization": authorization(workspace, actor)})
