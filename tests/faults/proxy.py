"""A proxy in front of a store, which injects network faults: cut connections, lost messages, and delays."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.support.service_process import free_port

When = Literal["before", "after"]


@dataclass
class Cut:
    """A cut of the connection at the next request that contains `pattern`.

    `before`: the request does not reach the store. `after`: the request does, and its reply is dropped. With `half`,
    the first half of the dropped message is still forwarded.
    """

    pattern: bytes
    when: When
    half: bool = False
    triggered: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Listens on a loopback port and forwards to a Unix socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._open_connections: set[_Connection] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._may_forward = asyncio.Event()
        self._may_forward.set()
        self._replies_to_drop = 0
        self._cut: Cut | None = None
        self.address, self.port = "127.0.0.1", 0
        # The delay of each chunk, in each direction.
        self.delay_seconds = 0.0

    @property
    def url(self) -> str:
        """The URL of a Redis behind this proxy."""
        return f"redis://{self.address}:{self.port}/0"

    async def start(self) -> None:
        """Start to listen; after a cut, on the same port as before, which stays reserved."""
        self.port = self.port or free_port()
        self._server = await self._listen()

    async def cut(self) -> None:
        """Abort all connections and refuse new ones, until `heal`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._abort_connections()

    def move_to(self, socket: Path) -> None:
        """Forward new connections to another socket. The current ones stay where they are."""
        self._socket = socket

    def hold(self) -> None:
        """Accept connections and data, but forward nothing until `heal`."""
        self._may_forward.clear()

    def stall_connections(self) -> None:
        """Forward nothing more on the current connections, not even that the other end has closed."""
        for connection in self._open_connections:
            connection.stalled = True

    def release_stalled(self) -> None:
        """Close the stalled connections at last, as the store's own keepalives would."""
        for connection in self._open_connections:
            if connection.stalled:
                connection.released.set()

    def drop_replies(self, count: int) -> None:
        """Abort the connection instead of forwarding the reply, for the next `count` replies."""
        self._replies_to_drop = count

    def cut_at(self, pattern: bytes, when: When, *, half: bool = False) -> Cut:
        """Abort the connection of the next request that contains `pattern`. Return the cut, whose event tells when."""
        self._cut = Cut(pattern, when, half)
        return self._cut

    async def heal(self) -> None:
        """Remove all faults and accept connections again. Stalled connections stay stalled."""
        self.delay_seconds, self._replies_to_drop, self._cut = 0.0, 0, None
        self._may_forward.set()
        if self._server is None:
            await self.start()

    async def stop(self) -> None:
        """Abort all connections and stop listening."""
        await self.cut()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def _abort_connections(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self._socket)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)
        self._writers.add(writer)
        try:
            store_reader, store_writer = await self._connect()
        except OSError:
            self._writers.discard(writer)
            writer.transport.abort()
            return
        self._writers.add(store_writer)
        connection = _Connection()
        self._open_connections.add(connection)
        pumps = [
            asyncio.create_task(self._forward(reader, store_writer, connection, replies=False)),
            asyncio.create_task(self._forward(store_reader, writer, connection, replies=True)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open_connections.discard(connection)
            for pump in pumps:
                pump.cancel()
            for each in (writer, store_writer):
                self._writers.discard(each)
                each.transport.abort()

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, connection: "_Connection", *, replies: bool
    ) -> None:
        with suppress(OSError):
            while chunk := await source.read(65536):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                await self._may_forward.wait()
                if connection.stalled:
                    break
                drop, cut = self._should_drop(chunk, connection, replies=replies)
                if cut is not None:
                    cut.triggered.set()
                sink.write(chunk[: len(chunk) // 2 if cut is not None and cut.half else 0] if drop else chunk)
                await sink.drain()
                if drop:
                    return
        if connection.stalled:
            await connection.released.wait()  # or until the proxy stops

    def _should_drop(self, chunk: bytes, connection: "_Connection", *, replies: bool) -> tuple[bool, Cut | None]:
        """Return whether to drop this chunk and abort the connection, and the cut that is the reason."""
        if replies and connection.cut is not None:
            return True, connection.cut
        if replies and self._replies_to_drop:
            self._replies_to_drop -= 1
            return True, None
        if not replies and self._cut is not None and self._cut.pattern in chunk:
            cut, self._cut = self._cut, None
            if cut.when == "before":
                return True, cut
            connection.cut = cut
        return False, None


@dataclass(eq=False)
class _Connection:
    """A connection through the proxy. If it has a cut, its next reply is dropped."""

    cut: Cut | None = None
    stalled: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)
