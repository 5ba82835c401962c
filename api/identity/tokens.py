"""API tokens as a way to identify callers."""

from api.graphql.request import RequestError
from api.identity.authenticator import Unauthenticated
from api.identity.directory import Directory
from db.caller import Caller
from db.errors import DatabaseError
from db.token_text import PREFIX, has_token_form, token_hash

RETRY_AFTER_SECONDS = "1"


class InvalidToken(Unauthenticated):
    """One message for every token that is not valid, so that it tells nothing about other tokens."""

    def __init__(self) -> None:
        super().__init__("The token is not valid: it is unknown, has expired or was revoked. Use another token.")
        self.headers = {"WWW-Authenticate": 'Bearer realm="millitask", error="invalid_token"'}


class WorkspaceSuspended(RequestError):
    """The workspace of the caller is suspended, or is being deleted."""

    def __init__(self) -> None:
        message = "The workspace is suspended, so it answers no requests. Ask the operator of the service."
        super().__init__(403, message, "WORKSPACE_SUSPENDED")


class DirectoryUnavailable(RequestError):
    """The database cannot tell whether a token is valid."""

    def __init__(self, error: DatabaseError) -> None:
        super().__init__(503, str(error), "UNAVAILABLE")
        self.headers = {"Retry-After": RETRY_AFTER_SECONDS}


class ApiTokens:
    """The API tokens of a directory as a method of the `Authenticator`."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def accepts(self, credential: str) -> bool:
        """Return whether the credential looks like a token."""
        return credential.startswith(PREFIX)

    async def caller(self, credential: str) -> Caller:
        """Return the caller who has this token. Raises `RequestError`."""
        hash_ = token_hash(credential)
        if (caller := self._directory.active_caller(hash_)) is not None:
            return caller
        # Only a text of the right form can be a token. The sender knows its form, so the time tells nothing.
        if not has_token_form(credential):
            raise InvalidToken
        return await self.caller_of(hash_)

    async def caller_of(self, hash_: bytes) -> Caller:
        """Return the caller who has the token with this hash, as a session keeps it. Raises `RequestError`.

        A token that was used before is checked without waiting for the database.
        """
        if (caller := self._directory.active_caller(hash_)) is not None:
            return caller
        try:
            known = await self._directory.token(hash_)
            if known is None:
                raise InvalidToken
            state = await self._directory.state(known.caller.workspace)
        except DatabaseError as error:
            raise DirectoryUnavailable(error) from error
        if state != "active":
            raise WorkspaceSuspended
        return known.caller


async def check_workspace(directory: Directory, workspace: str) -> None:
    """Raise `RequestError` unless the workspace exists and is active. For callers without a token."""
    try:
        state = await directory.state(workspace)
    except DatabaseError as error:
        raise DirectoryUnavailable(error) from error
    if state is None:
        raise Unauthenticated("There is no workspace for this identity.")
    if state != "active":
        raise WorkspaceSuspended
