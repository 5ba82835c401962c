"""Asks each host that REDIS_URL names what it is, once no primary could be found through them."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from cache.redis.sentinel import sentinel_options
from cache.redis.several_hosts import CLUSTER_SCHEMES, SENTINEL_SCHEMES, SeveralHosts, parse_several_hosts

# How long a host may take. Only the start of the service waits for it.
_TIMEOUT_SECONDS = 2.0
_NO_CLUSTER = (
    "{} is no node of a Redis cluster: cluster-enabled is no. For a single server write redis:// in place of "
    "redis+cluster:// in REDIS_URL."
)
_NO_SENTINEL = (
    "{} is no sentinel. Name the ports of the sentinels in REDIS_URL, usually 26379. For a single server write "
    "redis:// instead."
)


async def inspect_hosts(url: str) -> tuple[list[str], list[str]]:
    """Return why hosts of a URL are not what its scheme says, and why other hosts cannot be asked, each with its name.

    Both are empty for a URL of one server.
    """
    scheme = urlsplit(url).scheme
    if scheme not in CLUSTER_SCHEMES + SENTINEL_SCHEMES:
        return [], []
    hosts, is_cluster = parse_several_hosts(url), scheme in CLUSTER_SCHEMES
    found = await asyncio.gather(*(_inspect(hosts, host, port, is_cluster=is_cluster) for host, port in hosts.hosts))
    return [problem for problem, _ in found if problem], [failure for _, failure in found if failure]


async def _inspect(hosts: SeveralHosts, host: str, port: int, *, is_cluster: bool) -> tuple[str, str]:
    """Return the problem of a host, and why it cannot be asked."""
    name = f"{host}:{port}"
    command, wrong = (("CLUSTER", "SLOTS"), _NO_CLUSTER) if is_cluster else (("SENTINEL", "MASTERS"), _NO_SENTINEL)
    async with _client(hosts, host, port, is_cluster=is_cluster) as client:
        try:
            await client.execute_command(*command)  # type: ignore[no-untyped-call]
        except AuthenticationError as error:
            return "", f"{name}: {error}"
        except ResponseError as error:
            said = str(error)
            is_wrong = "cluster support disabled" in said or "unknown command" in said
            return (wrong.format(name), "") if is_wrong else ("", f"{name}: {said}")
        except (RedisError, OSError, TimeoutError) as error:
            return "", f"{name}: {error or type(error).__name__}"
    return "", ""


def _client(hosts: SeveralHosts, host: str, port: int, *, is_cluster: bool) -> redis.Redis:
    limits: dict[str, Any] = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), _TIMEOUT_SECONDS)
    if not is_cluster:
        return redis.Redis(host=host, port=port, **(sentinel_options(hosts) | limits))
    return redis.Redis.from_url(hosts.server_url(host, port), retry=Retry(NoBackoff(), 0), **limits)
