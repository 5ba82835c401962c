"""Finds the caller of a request."""

import hmac
from collections.abc import Mapping
from typing import Literal, Protocol

from msgspec import Struct

from api.graphql.request import RequestError
from db.caller import ANONYMOUS, Caller

BEARER = "bearer"
SESSION_COOKIE = "millitask_session"
# Browsers accept a cookie with this prefix only over https, from this host, and for all paths.
SECURE_SESSION_COOKIE = f"__Host-{SESSION_COOKIE}"
_COOKIE_NAME = SESSION_COOKIE.encode()


class Unauthenticated(RequestError):
    """The caller is not known: no credential, or not a valid one (any more)."""

    def __init__(self, message: str) -> None:
        super().__init__(401, message, "UNAUTHENTICATED")
        self.headers = {"WWW-Authenticate": 'Bearer realm="millitask"'}


class CrossSiteRefused(RequestError):
    """The request is authenticated by the cookie, but does not prove that the page of this service sent it."""

    def __init__(self) -> None:
        super().__init__(
            403,
            "The header X-CSRF-Token is missing or wrong. Send the value of `csrf` from GET /session.",
            "CSRF_TOKEN_INVALID",
        )


class Credential(Struct, frozen=True, gc=False):
    """The credential of a caller: a token, or the value of the session cookie. Its text never appears in a log."""

    kind: Literal["bearer", "session"]
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.kind})"


class Method(Protocol):
    """One kind of credential, such as API tokens."""

    def accepts(self, credential: str) -> bool:
        """Return whether the credential looks like one of this kind."""

    async def caller(self, credential: str) -> Caller:
        """Return the caller who has this credential. Raises `Unauthenticated`."""


class SessionReader(Protocol):
    """What the cookie of a session says."""

    def csrf_of(self, cookie: str) -> str:
        """Return the value that the header X-CSRF-Token must have. Raises `Unauthenticated`."""

    async def caller(self, cookie: str) -> Caller:
        """Return the caller who is signed in. Raises `Unauthenticated`."""


class Authenticator:
    """Finds the caller by the methods that the settings turn on. `required` is false if callers are not identified."""

    def __init__(
        self, *methods: Method, sessions: SessionReader | None = None, required: bool = False, public_url: str = ""
    ) -> None:
        """`public_url` is the setting. With https, only the cookie with the prefix `__Host-` is accepted."""
        self._methods = methods
        self._sessions = sessions
        self.required = required or bool(methods)
        # Whether browsers reach the service by https, as far as the settings tell.
        self.is_https = public_url.startswith("https://")
        self._cookie_names = (SECURE_SESSION_COOKIE,) if self.is_https else (SECURE_SESSION_COOKIE, SESSION_COOKIE)

    async def caller(self, headers: Mapping[bytes, bytes], *, reads: bool = True) -> Caller:
        """Return the caller of a request with these headers, named in lower case. Raises `RequestError`.

        reads: whether the request can change nothing, so that a page of another site may have caused it.
        """
        if not self.required:
            return ANONYMOUS
        credential = self.credential(headers)
        if credential is None:
            raise Unauthenticated("The request has no token. Send it in the header Authorization: Bearer mt_….")
        if credential.kind == "session" and not reads:
            self.check_csrf(credential, headers)
        return await self.caller_of(credential)

    def credential(self, headers: Mapping[bytes, bytes]) -> Credential | None:
        """Return the token in the headers, or else the cookie of a session. Raises `Unauthenticated`."""
        if (given := headers.get(b"authorization")) is not None:
            scheme, _, secret = given.decode("latin-1").partition(" ")
            if scheme.lower() != BEARER:
                raise Unauthenticated("The header Authorization must be: Bearer, a space, and a token.")
            return Credential("bearer", secret.strip())
        return self.session(headers)

    def session(self, headers: Mapping[bytes, bytes]) -> Credential | None:
        """Return the cookie of a session, or None."""
        if self._sessions is None or not self.required or _COOKIE_NAME not in (cookies := headers.get(b"cookie", b"")):
            return None
        value = next((value for name in self._cookie_names if (value := read_cookie(cookies, name))), "")
        return Credential("session", value) if value else None

    def check_csrf(self, credential: Credential, headers: Mapping[bytes, bytes]) -> None:
        """Raise `CrossSiteRefused` unless the headers prove that the page of this service sent the request."""
        assert self._sessions is not None
        expected = self._sessions.csrf_of(credential.secret).encode()
        if not hmac.compare_digest(expected, headers.get(b"x-csrf-token", b"")):
            raise CrossSiteRefused

    async def caller_of(self, credential: Credential) -> Caller:
        """Return the caller who has this credential. Raises `RequestError`."""
        if credential.kind == "session":
            assert self._sessions is not None
            return await self._sessions.caller(credential.secret)
        return await self.bearer(credential.secret)

    async def bearer(self, credential: str) -> Caller:
        """Return the caller who has this token. Raises `RequestError`."""
        if not self.required:
            return ANONYMOUS
        for method in self._methods:
            if method.accepts(credential):
                return await method.caller(credential)
        raise Unauthenticated("The token is not of a kind that this service accepts.")


def read_cookie(cookies: bytes, name: str) -> str:
    """Return the value of a cookie in the header Cookie, or an empty text."""
    for part in cookies.decode("latin-1").split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return ""
