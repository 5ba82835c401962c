"""Whether a store answers at a URL, and if not, why, in words that hold no password."""

import psycopg
import redis
from psycopg.conninfo import conninfo_to_dict

from api.embedded.errors import StoreError

_SECONDS = 5
_OLDEST_POSTGRES = 17
_OLDEST_REDIS = 7


def check_database(url: str) -> None:
    """Raise unless a PostgreSQL that is new enough lets us in."""
    try:
        with psycopg.connect(_checked(url), connect_timeout=_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise StoreError(f"cannot use the database at DATABASE_URL: {_reason(error)}") from None
    if version < _OLDEST_POSTGRES:
        raise StoreError(
            f"the server at DATABASE_URL is PostgreSQL {version}; "
            f"{_OLDEST_POSTGRES} or newer is needed, for its transaction_timeout"
        )


def check_redis(url: str) -> None:
    """Raise unless a Redis or Valkey that is new enough lets us in."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS) as client:
            info = client.info("server")
    except ValueError:
        raise StoreError("REDIS_URL cannot be read; are its port and number right?") from None
    except (redis.RedisError, OSError) as error:
        raise StoreError(f"cannot use the Redis at REDIS_URL: {error}") from None
    version = str(info.get("redis_version", "0"))
    if int(version.split(".")[0]) < _OLDEST_REDIS:
        raise StoreError(f"the server at REDIS_URL is Redis {version}; {_OLDEST_REDIS} or newer is needed")


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
