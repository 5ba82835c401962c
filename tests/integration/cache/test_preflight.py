"""Tests the preflight of Redis: each report of a problem contains the command that fixes the problem."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis as redis_client

from cache.errors import CacheUnavailable
from cache.redis.client import Redis
from cache.redis.preflight import redis_problems, redis_warnings
from tests.support.redis_server import redis_server

SUITABLE = {"maxmemory": "64mb", "maxmemory-policy": "volatile-lfu", "save": "", "appendonly": "no"}
OTHER_VOLATILE_POLICIES = ("volatile-lru", "volatile-ttl", "volatile-random")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
async def redis(address: str) -> AsyncIterator[Redis]:
    async with Redis(address) as redis:
        yield redis
        await redis.client.replicaof("NO", "ONE")
        for name, value in SUITABLE.items():
            await redis.client.config_set(name, value)


def restricted_url(address: str, *commands: str, password: str = "sesame") -> str:
    """Create a user who may run only these commands, and return the user's URL. The correct password is "sesame"."""
    with redis_client.Redis.from_url(address) as client:
        options = {"passwords": ["+sesame"], "keys": ["*"], "channels": ["*"], "commands": commands}
        client.acl_setuser("guest", enabled=True, reset=True, **options)
    return address.replace("unix://", f"unix://guest:{password}@")


async def test_suitable_redis_has_no_problems(redis: Redis) -> None:
    assert await redis_problems(redis) == []
    assert await redis_warnings(redis) == []


@pytest.mark.parametrize(
    ("name", "value", "message", "fix"),
    [
        ("maxmemory", "0", "maxmemory is 0, which means no limit", "maxmemory 1gb"),
        ("maxmemory-policy", "noeviction", "policy is noeviction, but volatile-lfu is required", "{} volatile-lfu"),
        ("maxmemory-policy", "allkeys-lfu", "Redis evicts the sorted indexes", "{} volatile-lfu"),
        ("maxmemory-policy", "allkeys-lru", "Redis evicts the sorted indexes", "{} volatile-lfu"),
        ("maxmemory-policy", "allkeys-random", "Redis evicts the sorted indexes", "{} volatile-lfu"),
        ("save", "3600 1 60 1000", 'save is "3600 1 60 1000"', '{} ""'),
        ("appendonly", "yes", "appendonly is yes", "{} no"),
    ],
)
async def test_unsuitable_setting_is_a_problem(redis: Redis, name: str, value: str, message: str, fix: str) -> None:
    await redis.client.config_set(name, value)
    [problem] = await redis_problems(redis)
    assert message in problem
    fix = fix.format(name)
    assert problem.endswith(f"redis-cli CONFIG SET {fix}. Also add this line to redis.conf: {fix}")
    assert "\n" not in problem


async def test_command_in_the_message_fixes_the_problem(redis: Redis) -> None:
    unsuitable = {"maxmemory": "0", "maxmemory-policy": "noeviction", "save": "60 1", "appendonly": "yes"}
    for name, value in unsuitable.items():
        await redis.client.config_set(name, value)
    problems = await redis_problems(redis)
    assert len(problems) == len(unsuitable)
    for problem in problems:
        command = problem.partition("redis-cli ")[2].partition(". Also add")[0]
        config, set_, name, value = command.split()
        assert (config, set_) == ("CONFIG", "SET")
        await redis.client.config_set(name, value.strip('"'))
    assert await redis_problems(redis) == []


async def test_replica_is_a_problem(redis: Redis) -> None:
    await redis.client.replicaof("127.0.0.1", "1")
    [problem] = await redis_problems(redis)
    assert "is a replica of 127.0.0.1 port 1" in problem


@pytest.mark.parametrize("policy", OTHER_VOLATILE_POLICIES)
async def test_other_volatile_policy_is_a_warning(redis: Redis, policy: str) -> None:
    await redis.client.config_set("maxmemory-policy", policy)
    assert await redis_problems(redis) == []
    [warning] = await redis_warnings(redis)
    assert f"maxmemory-policy is {policy}. volatile-lfu is better" in warning


async def test_setting_that_the_user_may_not_read_is_not_reported(redis: Redis, address: str) -> None:
    await redis.client.config_set("save", "60 1")
    await redis.client.config_set("maxmemory", "0")
    async with Redis(restricted_url(address, "+@all", "-config")) as restricted:
        [problem] = await redis_problems(restricted)
    assert problem.startswith("maxmemory is 0")


@pytest.mark.parametrize(
    ("commands", "password", "database", "message"),
    [
        (("+@all", "-info"), "sesame", 0, "has no permissions to run the 'info' command."),
        (("+@all",), "sesam", 0, "refuses the connection: invalid username-password pair"),
        (("+@all",), "sesame", 99, "refuses the connection: DB index is out of range."),
    ],
)
async def test_redis_that_refuses_the_connection_is_a_problem(
    address: str, commands: tuple[str, ...], password: str, database: int, message: str
) -> None:
    url = restricted_url(address, *commands, password=password).replace("db=0", f"db={database}")
    async with Redis(url) as restricted:
        [problem] = await redis_problems(restricted)
    assert message in problem
    assert "REDIS_URL" in problem
    assert "sesam" not in problem


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "unix:///nowhere/redis.sock"])
async def test_unreachable_redis_is_an_error(url: str) -> None:
    async with Redis(url) as redis:
        for check in (redis_problems, redis_warnings):
            with pytest.raises(CacheUnavailable):
                await check(redis)
