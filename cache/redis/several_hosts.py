"""The URLs of Redis that name several hosts: those of Sentinel and of a cluster."""

from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

SENTINEL_SCHEMES = ("redis+sentinel", "rediss+sentinel")
CLUSTER_SCHEMES = ("redis+cluster", "rediss+cluster")
SENTINEL_PORT, REDIS_PORT = 26379, 6379
# The options of a URL for connections to the sentinels, which have users of their own.
_SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")


class SeveralHosts(NamedTuple):
    """A parsed URL. hosts: the sentinels, or some nodes of the cluster. name: that of the primary, for Sentinel.

    parts: the URL of one server, without its host. sentinel_options: the user and the password of the sentinels.
    """

    hosts: list[tuple[str, int]]
    name: str
    parts: SplitResult
    sentinel_options: dict[str, str]

    @property
    def names(self) -> str:
        """The hosts and ports of the URL, for the log."""
        return ", ".join(f"{host}:{port}" for host, port in self.hosts)

    def server_url(self, host: str, port: int) -> str:
        """Return the URL of one server, with the user, the password and the options of this URL."""
        credentials, at, _ = self.parts.netloc.rpartition("@")
        host = f"[{host}]" if ":" in host else host
        return urlunsplit(self.parts._replace(netloc=f"{credentials}{at}{host}:{port}"))


def parse_several_hosts(url: str) -> SeveralHosts:
    """Parse a URL such as redis+sentinel://host:port,host:port/name/0 or redis+cluster://host:port,host:port.

    `check_url` must have accepted the URL.
    """
    parts = urlsplit(url)
    is_sentinel = parts.scheme in SENTINEL_SCHEMES
    hosts = parts.netloc.rpartition("@")[2].split(",")
    options = dict(parse_qsl(parts.query))
    sentinel_options = {
        name.removeprefix("sentinel_"): options.pop(name) for name in _SENTINEL_OPTIONS if name in options
    }
    name, _, database = parts.path.strip("/").partition("/") if is_sentinel else ("", "", parts.path.strip("/"))
    scheme = parts.scheme.partition("+")[0]
    server = parts._replace(scheme=scheme, path=f"/{int(database or 0)}", query=urlencode(options))
    port = SENTINEL_PORT if is_sentinel else REDIS_PORT
    return SeveralHosts([_parse_host(host, port) for host in hosts], name, server, sentinel_options)


def _parse_host(text: str, default_port: int) -> tuple[str, int]:
    parsed = urlsplit(f"//{text}")  # understands addresses of IPv6 in brackets
    return parsed.hostname or "", parsed.port or default_port
