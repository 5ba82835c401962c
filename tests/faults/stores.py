"""The Redis of a cluster, with the faults that can be injected into it. It restarts at the same address."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from api.devstores.folder import DataFolder
from api.devstores.redis import program, socket_path

# Evicts the entries that Redis itself may evict: values and leases, but no marks, which have no TTL.
_EVICT = """
math.randomseed(ARGV[2])
local evicted = 0
for _, key in ipairs(redis.call('KEYS', '*:task:*')) do
  local value = redis.call('GET', key)
  if value and string.sub(value, 1, 2) ~= 'M ' and math.random() < tonumber(ARGV[1]) then
    evicted = evicted + redis.call('DEL', key)
  end
end
return evicted
"""
# Gives up the declared views, which the service then builds again.
_LOSE_SHAPES = "for _, key in ipairs(redis.call('KEYS', '*:shapes')) do redis.call('DEL', key) end"


class RedisServer:
    """A Redis with the program and the options of the embedded one, without its watchdog."""

    def __init__(self, folder: Path, maxmemory: str = "64mb") -> None:
        self._folder = DataFolder(folder)
        self._folder.create()
        self._folder.create_sockets(os.geteuid())
        self._maxmemory = maxmemory
        self._program = program(self._folder, maxmemory=maxmemory)
        self._process: asyncio.subprocess.Process | None = None
        self.socket = socket_path(self._folder)
        # The value of REDIS_URL; "" means a proxy of each process in front of the socket.
        self.url = ""
        self._client: redis.Redis = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)

    @property
    def client(self) -> redis.Redis:
        """A client that is connected directly, not through a proxy."""
        return self._client

    async def start(self) -> None:
        """Start with an empty data set, and wait until Redis answers."""
        with self._program.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(60):
            while not await self._answers():  # noqa: ASYNC110 (another process changes it)
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        """Kill the process with SIGKILL, which also ends a suspended process."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    async def flush(self) -> None:
        """Delete all keys. The run id stays the same."""
        await self.client.flushall()

    def suspend(self) -> None:
        """Suspend the process: the kernel still accepts connections, but no command is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended process."""
        self._signal(signal.SIGCONT)

    async def evict(self, share: float, seed: int) -> None:
        """Evict this share of the entries, if Redis can be reached."""
        with suppress(RedisError, OSError):
            evicting: Any = self.client.eval(_EVICT, 0, str(share), str(seed))
            await evicting

    async def lose_shapes(self) -> None:
        """Give up the declared views, if Redis can be reached."""
        with suppress(RedisError, OSError):
            losing: Any = self.client.eval(_LOSE_SHAPES, 0)
            await losing

    async def limit_memory(self, extra_bytes: int) -> None:
        """Set maxmemory to the memory in use plus `extra_bytes`, which may be negative."""
        used = (await self.client.info("memory"))["used_memory"]
        await self.client.config_set("maxmemory", max(1, used + extra_bytes))

    async def restore_memory_limit(self) -> None:
        """Set maxmemory to its initial value."""
        await self.client.config_set("maxmemory", self._maxmemory)

    async def evicted_keys(self) -> int:
        """Return the number of keys that Redis has evicted since its start."""
        return int((await self.client.info("stats"))["evicted_keys"])

    async def delete_key(self, key: str) -> bool:
        """Delete a key. Return whether it existed."""
        return bool(await self.client.unlink(key))

    async def stop(self) -> None:
        """Stop Redis and close the client."""
        await self.client.aclose()
        await self.kill()

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self._program.log.read_text()
        try:
            return bool(await self.client.ping())
        except (RedisError, OSError):
            return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
