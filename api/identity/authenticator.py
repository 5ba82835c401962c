"""Finds the caller of a request."""

from collections.abc import Mapping
from typing import Protocol

from api.graphql.request import RequestError
from db.caller import ANONYMOUS, Caller

BEARER = "bearer"


class Unauthenticated(RequestError):
    """The caller is not known: there is no credential, or one that is not valid (any more)."""

    def __init__(self, message: str) -> None:
        super().__init__(401, message, "UNAUTHENTICATED")
        self.headers = {"WWW-Authenticate": 'Bearer realm="millitask"'}


class Method(Protocol):
    """One kind of credential, such as API tokens."""

    def accepts(self, credential: str) -> bool:
        """Return whether the credential looks like one of this kind."""

    async def caller(self, credential: str) -> Caller:
        """Return the caller who has this credential. Raises `Unauthenticated`."""


class Authenticator:
    """Finds the caller by the methods that the settings turn on. Without methods, every caller is anonymous."""

    def __init__(self, *methods: Method) -> None:
        self._methods = methods

    async def caller(self, headers: Mapping[bytes, bytes]) -> Caller:
        """Return the caller of a request with these headers, named in lower case. Raises `Unauthenticated`."""
        if not self._methods:
            return ANONYMOUS
        scheme, _, credential = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() != BEARER:
            raise Unauthenticated("The request has no token. Send it in the header Authorization: Bearer mt_….")
        return await self.bearer(credential.strip())

    async def bearer(self, credential: str) -> Caller:
        """Return the caller who has this credential. Raises `Unauthenticated`."""
        if not self._methods:
            return ANONYMOUS
        for method in self._methods:
            if method.accepts(credential):
                return await method.caller(credential)
        raise Unauthenticated("The token is not of a kind that this service accepts.")
