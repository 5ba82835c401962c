"""Check that the database can be reached, with error messages that contain no password."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from api.devstores.errors import StoreSetupError
from db.errors import store_message

_CONNECT_TIMEOUT_SECONDS = 5


def check_database(url: str) -> None:
    """Connect to the database once. Raises `StoreSetupError` if that fails."""
    _check_url(url)
    try:
        psycopg.connect(url, connect_timeout=_CONNECT_TIMEOUT_SECONDS).close()
    except psycopg.Error as error:
        raise StoreSetupError(f"cannot use the database at DATABASE_URL: {store_message(error)}") from None


def _check_url(url: str) -> None:
    """Raise `StoreSetupError` if the URL contains an unescaped `@`, `/` or `:`.

    psycopg would take a part of the password for a host or a port, and repeat it in an error message.
    """
    malformed = StoreSetupError(
        "DATABASE_URL cannot be parsed. It must look like postgresql://user:password@host:5432/database. "
        "In the password, write the characters @ : / ? # % as %40 %3A %2F %3F %23 %25."
    )
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        raise malformed from None
    hosts = str(parts.get("host") or "").split(",")
    ports = str(parts.get("port") or "").split(",")
    invalid_host = any("@" in host or (":" in host and "]" in host) for host in hosts)
    if invalid_host or any(port and not port.isdigit() for port in ports):
        raise malformed
