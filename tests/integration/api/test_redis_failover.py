"""Tests a failover of Redis after which the old primary stays alive as a replica, with its connections open."""

import asyncio
from pathlib import Path

from api.config.settings import Settings
from tests.faults.proxy import Proxy
from tests.support.graphql_client import ready, running
from tests.support.redis_server import redis_process


async def test_service_leaves_a_demoted_redis(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    with redis_process(tmp_path / "old") as old, redis_process(tmp_path / "new") as new:
        proxy = Proxy(old.socket)
        await proxy.start()
        async with running(Settings(database_url=database_url, redis_url=proxy.url)) as client:
            await asyncio.gather(*(client.create() for _ in range(30)))
            proxy.move_to(new.socket)
            with old.client() as redis:
                redis.replicaof("127.0.0.1", 1)
            await client.send('mutation { createTask(input: { title: "Notices it" }) { task { id } } }')
            async with asyncio.timeout(30):
                with new.client() as redis:
                    while not redis.dbsize():  # noqa: ASYNC110 - the service changes it
                        await asyncio.sleep(0.05)
            await ready(client)
            await client.create()
        await proxy.stop()
