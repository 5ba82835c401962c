"""The check of host names, as a protection against DNS rebinding."""

from collections.abc import Collection
from urllib.parse import urlsplit

import structlog
from starlette.responses import Response

from api.config.settings import Settings
from api.config.values import is_ip_address, is_loopback
from api.http.errors import error_response

log = structlog.get_logger(__name__)
_SETTING = "MILLITASK_HOSTS"
_LOCALHOST = "localhost"
# Bounds on the cache of trusted Host headers. A client can send any IP address, so the headers have no end.
MAX_CACHED_HOSTS, _MAX_CACHED_BYTES = 256, 256
_MAX_LOGGED = 100


def trusted_names(settings: Settings) -> list[str] | None:
    """Return the host names that requests may use, or None if every name is allowed.

    `localhost` is always allowed, because an attacker cannot make that name resolve elsewhere.
    """
    names = settings.allowed_hosts
    if "*" in names or not (names or is_loopback(settings.host)):
        return None
    return [_LOCALHOST, *names]


class TrustedHosts:
    """Decides whether a request's Host header is allowed: its name is in `names`, or `names` is None.

    An attacker's site can make its own name resolve to 127.0.0.1 after a browser has loaded a page from it. To the
    browser, that page and the service then belong to the same site. IP addresses are always allowed, because they
    cannot be rebound.
    """

    def __init__(self, names: Collection[str] | None) -> None:
        self._names = None if names is None else frozenset(names)
        self._trusted: set[bytes] = set()
        self._logged: set[bytes] = set()

    def trusts(self, host: bytes) -> bool:
        """Return whether the value of a Host header is allowed."""
        if host in self._trusted or self._names is None:
            return True
        if not self._is_trusted(host.decode("latin-1"), self._names):
            return False
        if len(self._trusted) < MAX_CACHED_HOSTS and len(host) <= _MAX_CACHED_BYTES:
            self._trusted.add(host)
        return True

    def refusal(self, host: bytes) -> Response:
        """Return the response 421 to a request whose Host header is not allowed."""
        name = host.decode("latin-1")
        # Logged once, because a browser does not show why a WebSocket is refused.
        if host[:_MAX_CACHED_BYTES] not in self._logged and len(self._logged) < _MAX_LOGGED:
            self._logged.add(host[:_MAX_CACHED_BYTES])
            log.warning("host name refused", host=name[:_MAX_CACHED_BYTES], setting=_SETTING)
        return error_response(
            421,
            f"This service does not answer to the host name {name!r}. Add the name to {_SETTING} to allow it.",
            "UNKNOWN_HOST",
        )

    def _is_trusted(self, host: str, names: frozenset[str]) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name is None or name in names or is_ip_address(name)
