"""Sends requests at a fixed mean rate, at random moments, whether or not earlier ones are answered."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.report import percentile

MAX_CONNECTIONS = 256


@dataclass
class PacedResult:
    """For each answered request: when it was due by `time.monotonic`, and the seconds from then to its answer."""

    answers: list[tuple[float, float]] = field(default_factory=list)
    failed: int = 0

    def percentile_ms(self, percent: int, since: float, until: float) -> float:
        """Return a percentile of the latencies, in milliseconds, of the requests due between two times."""
        return percentile([seconds * 1000 for due, seconds in self.answers if since <= due < until], percent)


class PacedLoad:
    """Sends `rate` requests per second on average until it is stopped. Each waits for a connection of its own."""

    def __init__(self, port: int, requests: Iterator[bytes], rate: float, seed: int = 1) -> None:
        self._port = port
        self._requests = requests
        self._rate = rate
        self._random = random.Random(seed)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._running: set[asyncio.Task[None]] = set()
        self.result = PacedResult()

    async def run(self) -> None:
        """Send until cancelled."""
        due = time.monotonic()
        while True:
            due += self._random.expovariate(self._rate)
            if (pause := due - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            task = asyncio.create_task(self._send(next(self._requests), due))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def aclose(self) -> None:
        """Wait for the requests in flight, and close the connections."""
        if self._running:
            await asyncio.wait(self._running)
        for _, writer in self._idle:
            writer.close()

    async def _send(self, request: bytes, due: float) -> None:
        async with self._slots:
            try:
                reader, writer = self._idle.pop() if self._idle else await self._connect()
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_content_length(head))
            except (OSError, EOFError):
                self.result.failed += 1
                return
            self._idle.append((reader, writer))
            self.result.failed += not head.startswith(b"HTTP/1.1 200")
            self.result.answers.append((due, time.monotonic() - due))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)


def _content_length(head: bytes) -> int:
    return int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
