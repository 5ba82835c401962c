"""What Redis must be is found out, and told with how to mend it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis as redis_client

from cache.errors import CacheUnavailable
from cache.redis.client import Redis
from cache.redis.preflight import redis_problems, redis_warnings, version_problem
from tests.support.redis_server import redis_server

GOOD = {"maxmemory": "64mb", "maxmemory-policy": "volatile-lfu", "save": "", "appendonly": "no"}
OTHERS = ("volatile-lru", "volatile-ttl", "volatile-random")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
async def redis(address: str) -> AsyncIterator[Redis]:
    async with Redis(address) as redis:
        yield redis
        await redis.client.replicaof("NO", "ONE")
        for name, value in GOOD.items():
            await redis.client.config_set(name, value)


def guest(address: str, *commands: str, password: str = "sesame") -> str:
    """The address for a user that may run these commands."""
    with redis_client.Redis.from_url(address) as client:
        client.acl_setuser("guest", enabled=True, reset=True, passwords=["+sesame"], keys=["*"], commands=commands)
    return address.replace("unix://", f"unix://guest:{password}@")


async def test_a_good_one_has_no_problems(redis: Redis) -> None:
    assert await redis_problems(redis) == []
    assert await redis_warnings(redis) == []


@pytest.mark.parametrize(
    ("name", "value", "says", "mend"),
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
async def test_a_bad_setting_is_a_problem(redis: Redis, name: str, value: str, says: str, mend: str) -> None:
    await redis.client.config_set(name, value)
    [problem] = await redis_problems(redis)
    assert says in problem
    mend = mend.format(name)
    assert problem.endswith(f"redis-cli CONFIG SET {mend}. Also add this line to redis.conf: {mend}")
    assert "\n" not in problem


async def test_what_the_problem_says_mends_it(redis: Redis) -> None:
    bad = {"maxmemory": "0", "maxmemory-policy": "noeviction", "save": "60 1", "appendonly": "yes"}
    for name, value in bad.items():
        await redis.client.config_set(name, value)
    problems = await redis_problems(redis)
    assert len(problems) == len(bad)
    for problem in problems:
        command = problem.partition("redis-cli ")[2].partition(". Also add")[0]
        config, set_, name, value = command.split()
        assert (config, set_) == ("CONFIG", "SET")
        await redis.client.config_set(name, value.strip('"'))
    assert await redis_problems(redis) == []


async def test_a_replica_is_a_problem(redis: Redis) -> None:
    await redis.client.replicaof("127.0.0.1", "1")
    [problem] = await redis_problems(redis)
    assert "is a replica of 127.0.0.1 port 1" in problem


@pytest.mark.parametrize(("version", "good"), [("6.2.14", False), ("7.0.15", True), ("7.2.4", True), ("10.0.0", True)])
def test_an_old_version_is_a_problem(version: str, good: bool) -> None:
    problem = version_problem(version)
    assert (problem is None) == good
    assert good or f"this is Redis {version}, but the service is tested with Redis 7 or newer" in str(problem)


@pytest.mark.parametrize("policy", OTHERS)
async def test_another_policy_that_spares_the_index_is_warned_of(redis: Redis, policy: str) -> None:
    await redis.client.config_set("maxmemory-policy", policy)
    assert await redis_problems(redis) == []
    [warning] = await redis_warnings(redis)
    assert f"maxmemory-policy is {policy}. volatile-lfu is better" in warning


async def test_what_must_not_be_asked_is_not_guessed(redis: Redis, address: str) -> None:
    await redis.client.config_set("save", "60 1")
    await redis.client.config_set("maxmemory", "0")
    async with Redis(guest(address, "+@all", "-config")) as theirs:
        [problem] = await redis_problems(theirs)
    assert problem.startswith("maxmemory is 0")


@pytest.mark.parametrize(
    ("commands", "password", "number", "says"),
    [
        (("+@all", "-info"), "sesame", 0, "has no permissions to run the 'info' command."),
        (("+@all",), "sesam", 0, "refuses the connection: invalid username-password pair"),
        (("+@all",), "sesame", 99, "refuses the connection: DB index is out of range."),
    ],
)
async def test_one_that_refuses_us_is_a_problem(
    address: str, commands: tuple[str, ...], password: str, number: int, says: str
) -> None:
    url = guest(address, *commands, password=password).replace("db=0", f"db={number}")
    async with Redis(url) as theirs:
        [problem] = await redis_problems(theirs)
    assert says in problem
    assert "REDIS_URL" in problem
    assert "sesam" not in problem


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "unix:///nowhere/redis.sock"])
async def test_one_that_is_away_is_an_error(url: str) -> None:
    async with Redis(url) as redis:
        for look in (redis_problems, redis_warnings):
            with pytest.raises(CacheUnavailable):
                await look(redis)
