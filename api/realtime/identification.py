"""Who connects over a WebSocket: by the first message, the headers of the handshake, or the cookie of the page."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from api.config.origins import USUAL_PORTS
from api.identity.authenticator import BEARER, Authenticator, Credential, Unauthenticated
from api.identity.stream_watch import StreamWatch
from db.caller import ANONYMOUS, Caller


class Identification:
    """The caller of one connection, which `identify` finds."""

    def __init__(self, authenticator: Authenticator, watch: StreamWatch, connection: HTTPConnection) -> None:
        self._authenticator = authenticator
        self._watch = watch
        self._connection = connection
        self.caller: Caller = ANONYMOUS

    async def identify(self, payload: Any, end: Callable[[str], None]) -> AbstractContextManager[None]:
        """Find the caller by the payload of `connection_init`. Raises `RequestError`.

        During the returned block, `end` is called with a reason as soon as the caller may no longer be connected.
        """
        if not self._authenticator.required:
            return nullcontext()
        credential = _from_payload(payload) or self._from_handshake()
        if credential is None:
            raise Unauthenticated('There is no token. Send {"token": "mt_…"} as the payload of connection_init.')
        self.caller = await self._authenticator.caller_of(credential)
        return self._watch.watching(credential, self.caller, end)

    def _from_handshake(self) -> Credential | None:
        credential = self._authenticator.credential(dict(reversed(self._connection.scope["headers"])))
        # A browser sends the cookie whichever page connects. Only the page of this service may use it.
        if credential is not None and credential.kind == "session" and not self._is_own_page():
            return None
        return credential

    def _is_own_page(self) -> bool:
        secure = self._authenticator.is_https or self._connection.url.scheme == "wss"
        return is_own_origin(self._connection, secure=secure)


def _from_payload(payload: Any) -> Credential | None:
    """Return the token in the payload of `connection_init`: `token`, or `authorization` as in a header."""
    if not isinstance(payload, dict):
        return None
    if isinstance(token := payload.get("token"), str):
        return Credential("bearer", token)
    given = payload.get("authorization", payload.get("Authorization"))
    if not isinstance(given, str):
        return None
    scheme, _, token = given.partition(" ")
    if scheme.lower() != BEARER:
        raise Unauthenticated("The authorization in connection_init must be: Bearer, a space, and a token.")
    return Credential("bearer", token.strip())


def is_own_origin(connection: HTTPConnection, *, secure: bool = False) -> bool:
    """Return whether a page of this service connects. False if there is no origin.

    secure: whether browsers reach the service by https. Anyone in the network can then send the page of http.
    """
    origin = connection.headers.get("origin")
    if origin is None or "@" in origin:
        return False
    with suppress(ValueError):  # both headers can hold any text
        page, host = urlsplit(origin), urlsplit(f"//{connection.headers.get('host', '')}")
        if secure and page.scheme != "https":
            return False
        # A proxy may add the usual port to the header Host.
        usual = USUAL_PORTS.get(page.scheme)
        same_host = page.hostname is not None and page.hostname == host.hostname
        return usual is not None and same_host and (page.port or usual) == (host.port or usual)
    return False
