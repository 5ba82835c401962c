"""The stores of the fault tests: they can be killed, stopped, emptied, and started again at the same address."""

import asyncio
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import redis.asyncio as redis
from redis.exceptions import RedisError

from api.devstores import postgres
from api.devstores.folder import DataFolder
from api.devstores.redis import program, socket
from tests.support.service_process import descendants

# Evicts entries as Redis itself may: values and leases, never marks, which have no TTL.
_EVICT = """
math.randomseed(ARGV[2])
local evicted = 0
for _, key in ipairs(redis.call('KEYS', '*:task:*')) do
  local held = redis.call('GET', key)
  if held and string.sub(held, 1, 2) ~= 'M ' and math.random() < tonumber(ARGV[1]) then
    evicted = evicted + redis.call('DEL', key)
  end
end
return evicted
"""


class RedisServer:
    """The program and the options of the embedded Redis, without its guard."""

    def __init__(self, folder: Path, maxmemory: str = "64mb") -> None:
        self._folder = DataFolder(folder)
        self._folder.create()
        self._folder.create_sockets(os.geteuid())
        self._maxmemory = maxmemory
        self._program = program(self._folder, maxmemory=maxmemory)
        self._process: asyncio.subprocess.Process | None = None
        self.socket = socket(self._folder)
        # Past every proxy.
        self.client: redis.Redis = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)

    async def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        with self._program.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(10):
            while not await self._answers():  # noqa: ASYNC110 (another process, which sets no event)
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        """As the kernel does when memory runs out."""
        if self._process is not None:
            # A stopped process takes this signal as well.
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    async def empty(self) -> None:
        """Everything is gone; the run is the same."""
        await self.client.flushall()

    def freeze(self) -> None:
        """It accepts connections, since the kernel does, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._signal(signal.SIGCONT)

    async def evict(self, share: float, seed: int) -> None:
        """Evicts this share of the entries. Does nothing while it cannot be reached."""
        with suppress(RedisError, OSError):
            evicting: Any = self.client.eval(_EVICT, 0, str(share), str(seed))
            await evicting

    async def limit(self, more: int) -> None:
        """Sets maxmemory to so many bytes more than are in use."""
        used = (await self.client.info("memory"))["used_memory"]
        await self.client.config_set("maxmemory", max(1, used + more))

    async def unlimit(self) -> None:
        """As it was."""
        await self.client.config_set("maxmemory", self._maxmemory)

    async def evicted(self) -> int:
        """How many keys it has evicted since it was started."""
        return int((await self.client.info("stats"))["evicted_keys"])

    async def lose(self, key: str) -> bool:
        """Deletes it; whether it was there."""
        return bool(await self.client.unlink(key))

    async def stop(self) -> None:
        """End it."""
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


class PostgresServer:
    """The program and the options of the embedded PostgreSQL, without its guard; what is acknowledged is on disk."""

    def __init__(self, folder: Path, disk: int | None = None) -> None:
        """disk: the megabytes of a file system of its own; only root can make one."""
        self._folder = DataFolder(folder)
        self._folder.create()
        self._mounted = disk is not None
        if disk is not None:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk}m", "tmpfs", str(folder)], check=True)
        self.filling = folder / "filling"
        self._process: asyncio.subprocess.Process | None = None
        self.url = postgres.url(self._folder, "postgres")
        self.data = self._folder.postgres

    async def start(self) -> None:
        """Start it where it was, and wait until it answers."""
        program = postgres.program(self._folder, 0, connections=100)
        user = program.account.uid if program.account.switch else None
        with program.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *program.account.wrapper,
                *program.command,
                *("-c", "shared_buffers=64MB", "-c", "min_wal_size=32MB", "-c", "max_wal_size=64MB"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                user=user,
            )
        async with asyncio.timeout(60):
            while not await self._answers():  # noqa: ASYNC110 (another process, which sets no event)
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """With all of its processes, as the kernel does."""
        if self._process is not None:
            pids = [self._process.pid, *descendants(self._process.pid)]
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await self._process.wait()
            self._process = None

    def fill_disk(self) -> None:
        """Takes all the room that is left."""
        with self.filling.open("wb") as file, suppress(OSError):
            while True:
                file.write(bytes(65536))
                file.flush()

    def free_disk(self) -> None:
        """Gives it back."""
        self.filling.unlink()

    async def remove(self) -> None:
        """End it, and its file system."""
        await self.kill()
        if self._mounted:
            await asyncio.sleep(0.5)  # until the last of its processes has ended
            await asyncio.to_thread(subprocess.run, ["umount", "-l", str(self._folder.path)], check=True)

    def said(self) -> str:
        """Its log."""
        return postgres.program(self._folder, 0, connections=100).log.read_text(errors="replace")

    @property
    def runs(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process is not None and self._process.returncode is None

    async def _answers(self) -> bool:
        assert self.runs, "PostgreSQL does not start"
        try:
            connection = await psycopg.AsyncConnection.connect(self.url, connect_timeout=2)
        except psycopg.OperationalError:
            return False
        await connection.close()
        return True
