"""The address of the database: checks of the URL, and the options that connections to it need."""

from typing import Any, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict

from db.errors import UnfitDatabase

# Options of libpq. The URL may contain others.
DEFAULT_OPTIONS: dict[str, Any] = {
    # For each host of the URL.
    "connect_timeout": 5,
    # TCP gives up a silent connection after 25 s instead of two hours: an idle one, and one that awaits a commit.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    # A replica has old rows, which the cache would keep.
    "target_session_attrs": "primary",
}
UrlVariable = Literal["DATABASE_URL", "DATABASE_REPLICA_URL"]
_WRITABLE = ("primary", "read-write")


class MalformedUrl(UnfitDatabase):
    """The URL of the database cannot be used. The message has no part of the URL, which may contain a password."""


def connect_options(url: str, variable: UrlVariable = "DATABASE_URL") -> dict[str, Any]:
    """Return the default options that a URL leaves out. Raises `MalformedUrl` if the URL cannot be used.

    Without this check, psycopg would take a part of a password with an unescaped `@`, `/` or `:` for a host or a port,
    and repeat it in an error message.
    """
    malformed = MalformedUrl(
        f"{variable} cannot be parsed. It must look like postgresql://user:password@host:5432/database. "
        "In the password, write the characters @ : / ? # % as %40 %3A %2F %3F %23 %25."
    )
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        raise malformed from None
    hosts, ports = str(given.get("host") or "").split(","), str(given.get("port") or "").split(",")
    invalid_host = any("@" in host or (":" in host and "]" in host) for host in hosts)
    if invalid_host or any(port and not port.isdigit() for port in ports):
        raise malformed
    defaults = DEFAULT_OPTIONS | ({} if variable == "DATABASE_URL" else {"target_session_attrs": "any"})
    if variable == "DATABASE_URL" and given.get("target_session_attrs", "primary") not in _WRITABLE:
        raise MalformedUrl(
            f"{variable} must not have another target_session_attrs than read-write or primary: other servers are "
            "replicas, whose old rows would be cached."
        )
    return {name: value for name, value in defaults.items() if name not in given}


def any_server_options(url: str) -> dict[str, Any]:
    """Return `connect_options`, also for a replica unless the URL excludes replicas."""
    options = connect_options(url)
    options.pop("target_session_attrs", None)
    return options
