"""What Redis must be and be set to, checked at start; docs/settings.md tells the same."""

from typing import Any

from redis.exceptions import AuthenticationError, RedisError, ResponseError

from cache.errors import CacheUnavailable
from cache.redis.client import Redis

OLDEST_REDIS = 7
POLICY = "volatile-lfu"


async def redis_problems(redis: Redis) -> list[str]:
    """Why the service must not use this Redis: a sentence for each thing to mend. Raises `CacheUnavailable`."""
    try:
        # All of INFO, for Redis 6 takes no list of sections; managed services allow it, and forbid CONFIG.
        found = await redis.client.info()
        save = await _snapshots(redis)
    except (RedisError, OSError, TimeoutError) as error:
        # The client wraps what happens while it connects.
        if not any(isinstance(reason, AuthenticationError | ResponseError) for reason in (error, error.__cause__)):
            raise CacheUnavailable from error
        return [
            f"it refuses us: {str(error).rstrip('.')}. Mend it: give REDIS_URL a user and a password that it knows and "
            "the number of a database that it has, and allow that user INFO."
        ]
    version = version_problem(str(found.get("redis_version", OLDEST_REDIS)))
    problems = [version, _role(found), _maxmemory(found), _policy(found), _appendonly(found), save]
    return [problem for problem in problems if problem is not None]


async def redis_warnings(redis: Redis) -> list[str]:
    """What the service can run with and its owner should know. Raises `CacheUnavailable`."""
    try:
        policy = str((await redis.client.info("memory")).get("maxmemory_policy", POLICY))
    except (RedisError, OSError, TimeoutError) as error:
        raise CacheUnavailable from error
    if policy == POLICY or not policy.startswith("volatile-"):
        return []
    return [
        f"maxmemory-policy is {policy}, and {POLICY} is better: it keeps the tasks that are asked for most. "
        f"Mend it: {_mend('maxmemory-policy', POLICY)}."
    ]


def version_problem(version: str) -> str | None:
    """What is wrong with a server of this version; Valkey says which Redis it is like."""
    if int(version.partition(".")[0]) >= OLDEST_REDIS:
        return None
    return (
        f"this is Redis {version}, and {OLDEST_REDIS} or newer, or Valkey, is needed: the service is tried on these. "
        "Mend it: upgrade it, or point REDIS_URL at a newer server."
    )


def _role(found: dict[str, Any]) -> str | None:
    if found.get("role", "master") == "master":
        return None
    primary = f"{found.get('master_host')} port {found.get('master_port')}"
    return (
        f"this server is a replica (of {primary}): it takes no writes, and what it says may be old. "
        "Mend it: point REDIS_URL at the primary, or make this one it: redis-cli REPLICAOF NO ONE."
    )


def _maxmemory(found: dict[str, Any]) -> str | None:
    if found.get("maxmemory") != 0:
        return None
    return (
        "maxmemory is 0, which is no limit: nothing would ever be evicted, and Redis would grow until the machine "
        f"kills it. Mend it, with what the machine can spare: {_mend('maxmemory', '1gb')}."
    )


def _policy(found: dict[str, Any]) -> str | None:
    policy = str(found.get("maxmemory_policy", POLICY))
    # The indexes and the marks have no TTL, so that every volatile policy leaves them alone.
    if policy.startswith("volatile-"):
        return None
    why = (
        "with it, every write is refused once Redis is full"
        if policy == "noeviction"
        else "with it, Redis evicts the sorted indexes and the marks of writers, and not only single tasks"
    )
    return f"maxmemory-policy is {policy}, and {POLICY} is needed: {why}. Mend it: {_mend('maxmemory-policy', POLICY)}."


def _appendonly(found: dict[str, Any]) -> str | None:
    if found.get("aof_enabled", 0) == 0:
        return None
    return _persistence("appendonly is yes", "appendonly", "no")


async def _snapshots(redis: Redis) -> str | None:
    try:
        (save,) = (await redis.client.config_get("save")).values()
    except ResponseError:  # as managed services answer: it cannot be known
        return None
    text = save.decode() if isinstance(save, bytes) else save
    return _persistence(f'save is "{text}"', "save", '""') if text else None


def _persistence(found: str, name: str, value: str) -> str:
    return (
        f"{found}, and Redis must keep nothing on disk: after a restart, entries would come back that were changed "
        f"since, and be believed. Mend it: {_mend(name, value)}."
    )


def _mend(name: str, value: str) -> str:
    return f"redis-cli CONFIG SET {name} {value}, and for its next start in redis.conf: {name} {value}"
