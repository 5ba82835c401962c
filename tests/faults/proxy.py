"""A proxy before a store, one for each process of the service: it cuts, halves, holds and delays what goes through."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

When = Literal["before", "after"]


@dataclass
class Cut:
    """The next request that holds this is lost, before the server has it; or, after it has done it, its reply.

    Halved, the first half of what is lost still goes through.
    """

    pattern: bytes
    when: When
    half: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Listens on a loopback port of its own and forwards to a Unix socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._lines: set[_Line] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._replies_to_lose = 0
        self._cut: Cut | None = None
        self.port = 0
        # Seconds that each piece waits, in each direction.
        self.delay = 0.0

    @property
    def url(self) -> str:
        """As REDIS_URL wants it."""
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Listen; after a cut, at the same port as before."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break all connections and refuse new ones, until `heal`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._break()

    def hold(self) -> None:
        """Take everything, forward nothing, until `heal`."""
        self._open.clear()

    def forget(self) -> None:
        """From now on nothing goes through the connections there are, not even that the other end is gone."""
        for line in self._lines:
            line.forgotten = True

    def lose_replies(self, count: int) -> None:
        """Of the next requests that are answered, break the connection in place of the answer."""
        self._replies_to_lose = count

    def cut_at(self, pattern: bytes, when: When, *, half: bool = False) -> Cut:
        """Break the connection of the next request that holds this; the others stay. Says when it has."""
        self._cut = Cut(pattern, when, half)
        return self._cut

    async def heal(self) -> None:
        """As if nothing had been."""
        self.delay, self._replies_to_lose, self._cut = 0.0, 0, None
        self._open.set()
        if self._server is None:
            await self.start()

    async def stop(self) -> None:
        """End everything."""
        await self.cut()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def _break(self) -> None:
        for writer in self._connections:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)
        self._connections.add(writer)
        try:
            theirs, ours = await asyncio.open_unix_connection(self._socket)
        except OSError:
            self._connections.discard(writer)
            writer.transport.abort()
            return
        self._connections.add(ours)
        line = _Line()
        self._lines.add(line)
        pumps = [
            asyncio.create_task(self._forward(reader, ours, line, replies=False)),
            asyncio.create_task(self._forward(theirs, writer, line, replies=True)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._lines.discard(line)
            for pump in pumps:
                pump.cancel()
            for end in (writer, ours):
                self._connections.discard(end)
                end.transport.abort()

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, line: "_Line", *, replies: bool
    ) -> None:
        with suppress(OSError):
            while piece := await source.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._open.wait()
                if line.forgotten:
                    break
                lost, cut = self._lost(piece, line, replies=replies)
                if cut is not None:
                    cut.done.set()
                sink.write(piece[: len(piece) // 2 if cut is not None and cut.half else 0] if lost else piece)
                await sink.drain()
                if lost:
                    return
        if line.forgotten:
            await asyncio.Event().wait()  # until the proxy is stopped

    def _lost(self, piece: bytes, line: "_Line", *, replies: bool) -> tuple[bool, Cut | None]:
        """Whether the connection is to break in place of passing this on, and the cut that has it so."""
        if replies and line.cut is not None:
            return True, line.cut
        if replies and self._replies_to_lose:
            self._replies_to_lose -= 1
            return True, None
        if not replies and self._cut is not None and self._cut.pattern in piece:
            cut, self._cut = self._cut, None
            if cut.when == "before":
                return True, cut
            line.cut = cut
        return False, None


@dataclass(eq=False)
class _Line:
    """One connection; its next reply is lost if it has a cut."""

    cut: Cut | None = None
    forgotten: bool = False
