"""Tests the rights that the Redis user needs, and that each reason why Redis cannot be used is named."""

import re
import shlex
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis as redis_client

from cache.errors import CacheUnavailable
from cache.maintenance.audit import audit
from cache.maintenance.rebuild import rebuild
from cache.metrics import StoreMetrics
from cache.redis.access import RIGHTS
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.preflight import redis_problems
from cache.redis.script_texts import SCRIPTS
from cache.store import Store
from db.errors import explain
from db.pool import Database
from tests.support.gate_states import grant_gate_lease
from tests.support.redis_server import PATIENT_SECONDS, RedisProcess, redis_process
from tests.support.service_process import free_port
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task

COMMANDS = sorted(set(re.findall(r"\{'([A-Z]+)'", (SCRIPTS / "probe.lua").read_text())))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    with redis_process(tmp_path_factory.mktemp("redis")) as process:
        yield process


@pytest.fixture
def guest(server: RedisProcess) -> Iterator[str]:
    """Yield the URL of a user with the documented rights."""
    grant(server, "reset", "on", ">sesame", "~{default}:*", "&{default}:*", *RIGHTS.split())
    yield server.url.replace("unix://", "unix://guest:sesame@")
    with server.client() as client:
        client.flushall()


def grant(server: RedisProcess, *rules: str) -> None:
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "guest", *rules)


async def test_user_with_the_documented_rights_can_do_everything(
    server: RedisProcess, guest: str, database: Database
) -> None:
    async with Redis(guest) as redis:
        assert await redis_problems(redis) == []
        store = Store(database, redis, StoreMetrics())
        await rebuild(store)
        await grant_gate_lease(store)
        client = StoreClient(store)
        await client.create_tasks([new_task() for _ in range(3)])
        created = await client.create_task(new_task())
        await client.delete_task(created.id)
        assert (await client.page(PageRange(10))).total == 3
        assert not client.degraded
        assert (await audit(store, lambda *_: None, repair=True)).different == 0
        await rebuild(store)
    with server.client() as admin:
        refused = {entry["object"] for entry in admin.acl_log() if entry["username"] == "guest"}
    assert refused <= {"config|get"}  # optional: without it, `save` is not checked


def test_probe_runs_every_command_of_the_scripts() -> None:
    called = set()
    for path in SCRIPTS.glob("*.lua"):
        called |= set(re.findall(r"redis\.p?call\('([A-Z]+)'", path.read_text()))
        called |= set(re.findall(r"'(Z(?:REV)?RAN[A-Z]+)'", path.read_text()))
    assert called - set(COMMANDS) == set()


@pytest.mark.parametrize("command", [*COMMANDS, "EVAL", "EVALSHA", "SUBSCRIBE"])
async def test_command_that_the_user_may_not_run_is_named(server: RedisProcess, guest: str, command: str) -> None:
    with server.client() as admin:
        admin.script_flush()
    grant(server, f"-{command.lower()}")
    async with Redis(guest) as redis:
        [problem] = await redis_problems(redis)
    assert problem.startswith("the Redis user guest lacks rights that the service needs")
    assert command.lower() in problem.lower()
    assert "sesame" not in problem


@pytest.mark.parametrize("pattern", ["resetchannels", "resetkeys"])
async def test_command_in_the_message_grants_what_is_missing(server: RedisProcess, guest: str, pattern: str) -> None:
    grant(server, pattern)
    async with Redis(guest) as redis:
        [problem] = await redis_problems(redis)
        assert problem.startswith("the Redis user guest lacks rights")
        command = shlex.split(problem.partition("redis-cli ")[2])
        with server.client() as admin:
            admin.execute_command(*command)
        assert await redis_problems(redis) == []


async def cause_of(url: str) -> str:
    """Return the messages of a read and of a write that fail for the same reason."""
    async with Redis(url, timeout=1, read_timeout=PATIENT_SECONDS) as redis:
        with pytest.raises(CacheUnavailable) as write:
            await redis.send([("SET", "{default}:0:rev", 1)])
        with pytest.raises(CacheUnavailable) as read:
            await redis.read([("SET", "{default}:0:rev", 1)])
    assert str(read.value) == str(write.value)
    assert "sesam" not in explain(read.value)
    return str(read.value)


async def test_wrong_password_and_missing_right_are_named(server: RedisProcess, guest: str) -> None:
    assert "refuses the user or the password of REDIS_URL" in await cause_of(guest.replace(":sesame@", ":sesam@"))
    grant(server, "-set")
    assert "may not use a command, a key or a channel" in await cause_of(guest)
    grant(server, "+set", "resetchannels")
    async with Redis(guest) as redis:
        with pytest.raises(CacheUnavailable, match="may not use a command, a key or a channel"):
            async with redis.listen(b"{default}:0:changes"):
                pass
    grant(server, "resetkeys")
    assert "may not use a command, a key or a channel" in await cause_of(guest)
    grant(server, "reset")
    assert "refuses the user or the password of REDIS_URL" in await cause_of(guest)


async def test_missing_password_is_named(server: RedisProcess) -> None:
    with server.client() as admin:
        admin.config_set("requirepass", "sesame")
        try:
            assert "requires a password" in await cause_of(server.url)
        finally:
            admin.config_set("requirepass", "")


async def test_replica_and_full_and_unreachable_server_are_named(server: RedisProcess) -> None:
    with server.client() as admin:
        admin.replicaof("127.0.0.1", "1")
        try:
            assert "is a replica and refuses writes" in await cause_of(server.url)
        finally:
            admin.replicaof("NO", "ONE")
        admin.config_set("maxmemory", "1")
        try:
            assert "out of memory" in await cause_of(server.url)
        finally:
            admin.config_set("maxmemory", "64mb")
    assert "cannot be reached" in await cause_of("redis://127.0.0.1:1")


async def test_silent_server_is_named(server: RedisProcess) -> None:
    server.suspend()
    try:
        assert "does not answer in time" in await cause_of(server.url)
    finally:
        server.resume()


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[RedisProcess]:
    """Yield a server in cluster mode that has no slots."""
    process = RedisProcess(tmp_path)
    process.add_options("--cluster-enabled", "yes", "--port", str(free_port()), "--bind", "127.0.0.1")
    process.start()
    yield process
    process.stop()


async def test_node_of_a_cluster_without_the_slot_is_a_problem(node: RedisProcess) -> None:
    async with Redis(node.url) as redis:
        [problem] = await redis_problems(redis)
        assert problem.startswith("this server is a node of a cluster and does not serve the keys")
        assert "redis+cluster://" in problem
        assert "is a node of a cluster" in await cause_of(node.url)
        with node.client() as admin:
            admin.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            while admin.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                pass
        assert await redis_problems(redis) == []


async def test_loading_server_is_unavailable_and_named(tmp_path: Path) -> None:
    with redis_process(tmp_path) as process:
        with process.client() as admin:
            admin.mset({f"key {number}": "" for number in range(20_000)})
            admin.save()
        process.stop()
        process.add_options("--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024")
        process.start(wait=False)
        for _ in range(1000):
            try:
                with process.client() as admin:
                    if admin.info("persistence")["loading"]:
                        break
            except redis_client.ConnectionError:
                continue
        async with Redis(process.url, timeout=1, read_timeout=PATIENT_SECONDS) as redis:
            with pytest.raises(CacheUnavailable, match="is loading its data"):
                await redis_problems(redis)
        assert "is loading its data" in await cause_of(process.url)
