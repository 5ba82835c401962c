"""Checks of Redis's version and configuration before a start. docs/reference/settings.md lists them too."""

from typing import Any

from redis.exceptions import AuthenticationError, RedisError, ResponseError

from cache.errors import CacheUnavailable
from cache.redis.access import access_problem
from cache.redis.client import Redis
from cache.redis.failures import unavailable
from cache.redis.server import Server

MIN_REDIS_VERSION = 7
EVICTION_POLICY = "volatile-lfu"


async def redis_problems(redis: Redis, workspace: str = "default") -> list[str]:
    """Return why the service must not use the server of a workspace, a sentence for each problem.

    Raises `CacheUnavailable`.
    """
    server = await redis.primary()
    try:
        problems, is_primary = await _inspect(server)
        access = await access_problem(redis, workspace) if is_primary else None
    except (RedisError, OSError, TimeoutError) as error:
        return [_refusal(error, server.name)]
    return problems if access is None else [*problems, access]


async def primaries_problems(redis: Redis) -> list[str]:
    """Return why the service must not use this Redis. Raises `CacheUnavailable`.

    Looks at all primaries of a cluster, and at the rights of the user on that of the default workspace.
    """
    try:
        primary = await redis.primary()
    except CacheUnavailable as error:
        if not redis.sharded:  # sentinels may refuse, and their users are others
            raise
        return [_refusal(error)]
    problems = await redis_problems(redis)
    if primary.endpoint.replaceable:
        problems = [f"{primary.name}: {problem}" for problem in problems]
    for server in await redis.primaries():
        if server is not primary:
            try:
                found, _ = await _inspect(server)
            except (RedisError, OSError, TimeoutError) as error:
                found = [_refusal(error, server.name)]
            problems += [f"{server.name}: {problem}" for problem in found]
    return problems


async def _inspect(server: Server) -> tuple[list[str], bool]:
    """Return the problems of the version and the configuration of a server, and whether the server is a primary."""
    # All of INFO: Redis 6 takes no list of sections. Managed services allow INFO, but not CONFIG.
    info = await server.client.info()
    role = _role_problem(info)
    problems = [
        version_problem(str(info.get("redis_version", MIN_REDIS_VERSION))),
        role,
        _maxmemory_problem(info),
        _policy_problem(info),
        _appendonly_problem(info),
        await _save_problem(server),
    ]
    return [problem for problem in problems if problem is not None], role is None


def _refusal(error: Exception, server: str = "") -> str:
    """Return the problem of a server that refuses the connection. Raises `CacheUnavailable` for any other error."""
    if (said := _refused(error)) is None:
        raise unavailable(error, server) from error
    return (
        f"Redis refuses the connection: {str(said).rstrip('.')}. Check the user, the password and the database "
        "number in REDIS_URL, and allow the user to run INFO."
    )


def _refused(error: BaseException | None) -> BaseException | None:
    """Return the reply of a server that refuses the connection, among an error and its causes."""
    # The client wraps errors that happen while it connects, and a cluster those of its nodes.
    while error is not None and not isinstance(error, AuthenticationError | ResponseError):
        error = error.__cause__
    return error


async def redis_warnings(redis: Redis) -> list[str]:
    """Return what the operator should change although the service can run. Raises `CacheUnavailable`."""
    warnings: list[str] = []
    try:
        for server in await redis.primaries():
            found = [await _policy_warning(server), await _coverage_warning(server)]
            warnings += [f"{server.name}: {warning}" if redis.sharded else warning for warning in found if warning]
    except (RedisError, OSError, TimeoutError) as error:
        raise unavailable(error) from error
    return warnings


async def _policy_warning(server: Server) -> str:
    policy = str((await server.client.info("memory")).get("maxmemory_policy", EVICTION_POLICY))
    if policy == EVICTION_POLICY or not policy.startswith("volatile-"):
        return ""
    return (
        f"maxmemory-policy is {policy}. {EVICTION_POLICY} is better, because it keeps the tasks that are read most. "
        f"{_how_to_set('maxmemory-policy', EVICTION_POLICY)}"
    )


async def _coverage_warning(server: Server) -> str:
    if not server.endpoint.sharded or await _setting(server, "cluster-require-full-coverage") != "yes":
        return ""
    return (
        "cluster-require-full-coverage is yes, so while one shard is down, no workspace of any shard can use Redis. "
        f"{_how_to_set('cluster-require-full-coverage', 'no')}"
    )


def version_problem(version: str) -> str | None:
    """Return what is wrong with a server of this version. Valkey reports the version of Redis it corresponds to."""
    if int(version.partition(".")[0]) >= MIN_REDIS_VERSION:
        return None
    return (
        f"this is Redis {version}, but the service is tested with Redis {MIN_REDIS_VERSION} or newer, and with Valkey. "
        "Upgrade the server, or point REDIS_URL at a newer one."
    )


def _role_problem(info: dict[str, Any]) -> str | None:
    if info.get("role", "master") == "master":
        return None
    primary = f"{info.get('master_host')} port {info.get('master_port')}"
    return (
        f"this server is a replica of {primary}. Replicas refuse writes and may return stale data. "
        "Point REDIS_URL at the primary, or promote this server: redis-cli REPLICAOF NO ONE."
    )


def _maxmemory_problem(info: dict[str, Any]) -> str | None:
    if info.get("maxmemory") != 0:
        return None
    return (
        "maxmemory is 0, which means no limit: Redis would never evict a task and would grow until the machine "
        f"runs out of memory. Set it to what the machine can spare. {_how_to_set('maxmemory', '1gb')}"
    )


def _policy_problem(info: dict[str, Any]) -> str | None:
    policy = str(info.get("maxmemory_policy", EVICTION_POLICY))
    # Indexes and marks have no TTL, so every volatile policy leaves them alone.
    if policy.startswith("volatile-"):
        return None
    why = (
        "with this policy, Redis refuses every write once it is full"
        if policy == "noeviction"
        else "with this policy, Redis evicts the sorted indexes and the marks of writers, not only single tasks"
    )
    required = f"maxmemory-policy is {policy}, but {EVICTION_POLICY} is required: {why}."
    return f"{required} {_how_to_set('maxmemory-policy', EVICTION_POLICY)}"


def _appendonly_problem(info: dict[str, Any]) -> str | None:
    if info.get("aof_enabled", 0) == 0:
        return None
    return _persistence_problem("appendonly is yes", "appendonly", "no")


async def _save_problem(server: Server) -> str | None:
    text = await _setting(server, "save")
    return _persistence_problem(f'save is "{text}"', "save", '""') if text else None


async def _setting(server: Server, name: str) -> str:
    """Return a value of the configuration, or "" if the server refuses to tell it, as managed services do."""
    try:
        (value,) = (await server.client.config_get(name)).values()
    except ResponseError:
        return ""
    return value.decode() if isinstance(value, bytes) else str(value)


def _persistence_problem(found: str, name: str, value: str) -> str:
    return (
        f"{found}, but Redis must not write to disk: after a restart it would load entries that have changed since, "
        f"and the service would serve stale tasks. {_how_to_set(name, value)}"
    )


def _how_to_set(name: str, value: str) -> str:
    return f"To fix this, run: redis-cli CONFIG SET {name} {value}. Also add this line to redis.conf: {name} {value}"
