"""By which names the service may be asked: what keeps a page of another site from passing for one of its own."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from api.http.middleware import error_response

LOCAL = "localhost"


class TrustedHosts:
    """Refuses with 421 what is asked by a name that is not among `names`.

    Whoever owns a name may have it lead to 127.0.0.1 once a browser has a page from it, and that page is then of the
    same site as the service (DNS rebinding). An address is no name, so it is always let in.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket") or self._may(host := Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        refusal = error_response(
            421, f"{host!r} is no name of this service. MILLITASK_HOSTS says which are.", "UNKNOWN_HOST"
        )
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(refusal)
        else:
            await refusal(scope, receive, send)

    def _may(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name is None or name in self._names or is_address(name)


def is_address(name: str) -> bool:
    """Whether it is an IP address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether who listens there is heard on this machine alone."""
    return host == LOCAL or (is_address(host) and ip_address(host).is_loopback)
