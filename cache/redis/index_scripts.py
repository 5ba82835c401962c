"""The scripts of one index: where they run, and the replies that every caller treats alike."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from cache.errors import CreatesUnsettled, IndexLost, ShapeUnbuilt
from cache.redis.client import Argument, Redis
from cache.redis.declared_views import DeclaredViews
from cache.redis.failures import unavailable
from cache.redis.keys import Keys
from cache.redis.pipeline import Dropped
from cache.redis.script_texts import ScriptName
from db.errors import name_server
from db.gate import Gate

# Begins the reply of a script that found bulk creates whose outcomes the reader must learn first.
UNSETTLED = b"UNSETTLED"


class IndexScripts:
    """Runs scripts on one epoch of one workspace, in the run of Redis that holds it."""

    def __init__(self, redis: Redis, gate: Gate, workspace: str, views: DeclaredViews) -> None:
        self._redis = redis
        self.gate = gate
        self.views = views
        self.keys = Keys(workspace, gate.epoch)

    @property
    def _building(self) -> int:
        """1 while the index is being built: a later batch may add an id where it no longer belongs."""
        return int(self.gate.state == "building")

    async def _run(self, name: ScriptName, keys: Sequence[bytes], *arguments: Argument) -> Any:
        keys = [*self.keys.prelude, *keys]
        return self._found(await self._redis.script(name, keys, *arguments, run_id=self.gate.redis_run_id))

    async def _read_script(
        self, name: ScriptName, keys: Sequence[bytes], *arguments: Argument, dropped: Dropped | None = None
    ) -> Any:
        run_id = self.gate.redis_run_id
        return self._found(await self._redis.read_script(name, keys, *arguments, run_id=run_id, dropped=dropped))

    def _found(self, reply: Any) -> Any:
        """Return the reply of a script. Raise `IndexLost` if the script found the index incomplete."""
        if reply == b"LOST":
            raise self._lost()
        if reply == b"UNBUILT":
            raise ShapeUnbuilt
        if type(reply) is list and reply[0] == UNSETTLED:
            raise CreatesUnsettled(reply[1])
        return reply

    @asynccontextmanager
    async def _timeout(self, seconds: float | None) -> AsyncIterator[None]:
        """Raise `CacheUnavailable` if the block takes longer than `seconds`; None means no limit."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise unavailable(error, self._redis.primary_name) from error

    def _lost(self) -> IndexLost:
        """Return the error for an incomplete index, which names its server in the log."""
        return name_server(IndexLost(), self._redis.primary_name)
