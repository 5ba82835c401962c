"""A reader that settles a bulk create does not wait for a slow Redis; a writer and the scrub do."""

import asyncio
from typing import Any

import pytest

from cache.errors import CacheUnavailable
from cache.redis.client import Argument, Redis
from cache.redis.protocol import Protocol
from cache.redis.script_texts import ScriptName
from cache.store import Store
from tests.support.redis_state import protocol


class SlowRedis(Redis):
    """A Redis whose scripts take ten times as long as readers wait."""

    async def script(self, name: ScriptName, keys: Any, *arguments: Argument, run_id: str = "") -> Any:
        await asyncio.sleep(10 * self.read_timeout)
        return await super().script(name, keys, *arguments, run_id=run_id)


async def test_only_readers_give_up_a_slow_settle(store: Store, redis_url: str) -> None:
    async with SlowRedis(redis_url, read_timeout=0.02) as redis:
        steps = Protocol(redis, protocol(store).gate, store.workspace, store.gate_lease.views)
        await steps.settle(b"7")
        with pytest.raises(CacheUnavailable):
            await steps.settle(b"7", reading=True)
