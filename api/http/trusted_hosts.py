"""Middleware that refuses unknown host names, as a protection against DNS rebinding."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from api.config.settings import Settings
from api.http.errors import error_response

_LOCALHOST = "localhost"


def trusted_hosts_middleware(settings: Settings) -> list[Middleware]:
    """Return the middleware for the host names of the settings, or an empty list if every name is allowed.

    `localhost` is always allowed, because an attacker cannot make that name resolve elsewhere.
    """
    names = settings.allowed_hosts
    if "*" in names or not (names or _is_loopback(settings.host)):
        return []
    return [Middleware(TrustedHosts, names=[_LOCALHOST, *names])]


class TrustedHosts:
    """Answers 421 to requests whose host name is not in `names`.

    An attacker's site can make its own name resolve to 127.0.0.1 after a browser has loaded a page from it. To the
    browser, that page and the service then belong to the same site. IP addresses are always allowed, because they
    cannot be rebound.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._is_trusted(host := Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        refusal = error_response(
            421,
            f"This service does not answer to the host name {host!r}. Add the name to MILLITASK_HOSTS to allow it.",
            "UNKNOWN_HOST",
        )
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(refusal)
        else:
            await refusal(scope, receive, send)

    def _is_trusted(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name is None or name in self._names or _is_ip_address(name)


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == _LOCALHOST or (_is_ip_address(host) and ip_address(host).is_loopback)
