"""Errors that refuse a caller with a credential."""

from api.graphql.request import RequestError
from api.identity.authenticator import Unauthenticated


class InvalidCredential(Unauthenticated):
    """A credential was sent, and is not valid."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        # RFC 6750, section 3.1.
        self.headers = {"WWW-Authenticate": 'Bearer realm="millitask", error="invalid_token"'}


class IdentityUnavailable(RequestError):
    """The service cannot check the credential at the moment."""

    def __init__(self, message: str) -> None:
        super().__init__(503, message, "IDENTITY_UNAVAILABLE")
        self.headers = {"Retry-After": "1"}
