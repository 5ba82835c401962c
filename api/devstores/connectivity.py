"""Whether the database answers at its URL, and if not, why, in words that hold no password."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from api.devstores.errors import StoreError

_SECONDS = 5


def check_database(url: str) -> None:
    """Raise unless a PostgreSQL lets us in."""
    try:
        psycopg.connect(_checked(url), connect_timeout=_SECONDS).close()
    except psycopg.Error as error:
        raise StoreError(f"cannot use the database at DATABASE_URL: {_reason(error)}") from None


def _checked(url: str) -> str:
    """Return the URL if its parts are what they seem.

    With an unescaped `@`, `/` or `:` in it, a part of the password would be taken for a host or a
    port, and be printed with the error that follows.
    """
    trouble = StoreError(
        "DATABASE_URL cannot be read; it looks like postgresql://user:password@host:5432/database, "
        "and in the password the characters @ : / ? # % are written as %40 %3A %2F %3F %23 %25"
    )
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        raise trouble from None
    hosts = str(parts.get("host") or "").split(",")
    ports = str(parts.get("port") or "").split(",")
    odd_host = any("@" in host or (":" in host and "]" in host) for host in hosts)
    if odd_host or any(port and not port.isdigit() for port in ports):
        raise trouble
    return url


def _reason(error: psycopg.Error) -> str:
    # One address a line, and hints below them.
    lines = [line.strip("- \t") for line in str(error).splitlines()]
    telling = [line for line in lines if "failed: " in line]
    return (telling or lines or ["no reason given"])[-1]
