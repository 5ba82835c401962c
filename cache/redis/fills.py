"""The fills of a process (R5), which its readers do not wait for."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager

import structlog

from cache.errors import StoreUnavailable
from cache.redis.encoded_task import EncodedTask
from cache.redis.entry import Leases
from cache.redis.protocol import Protocol
from db.errors import explain
from db.tracing import span

log = structlog.get_logger(__name__)

MAX_FILLS_IN_FLIGHT = 32


class Fills:
    """The fills in flight. One that fails is logged and not repeated: its leases end by themselves."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """The number of fills in flight that no reader waits for."""
        return len(self._running)

    async def fill(self, protocol: Protocol, leases: Leases, found: Mapping[bytes, EncodedTask]) -> None:
        """Fill leased entries with the rows that were found. Wait for it only if too many fills are in flight."""
        if len(self._running) < MAX_FILLS_IN_FLIGHT:
            self._start(protocol, leases, found)
        else:
            await _fill(protocol, leases, found)

    def release(self, protocol: Protocol, leases: Leases) -> None:
        """End leases that will not be filled. They end by themselves if too many fills are in flight."""
        if leases and len(self._running) < MAX_FILLS_IN_FLIGHT:
            self._start(protocol, leases, {})

    async def drain(self) -> None:
        """Wait for the fills in flight. Each takes no longer than a reader waits for Redis."""
        if self._running:
            await asyncio.wait(self._running)

    def _start(self, protocol: Protocol, leases: Leases, found: Mapping[bytes, EncodedTask]) -> None:
        # Started now, because the request may have ended when Redis is reached.
        task = asyncio.create_task(_fill_later(protocol, leases, found, span("fill entries")))
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _fill_later(
    protocol: Protocol, leases: Leases, found: Mapping[bytes, EncodedTask], recording: AbstractContextManager[object]
) -> None:
    with recording:
        await asyncio.sleep(0)  # the reader goes first, and sends its response
        await _fill(protocol, leases, found)


async def _fill(protocol: Protocol, leases: Leases, found: Mapping[bytes, EncodedTask]) -> None:
    rows: dict[str, dict[bytes, EncodedTask | None]] = defaultdict(dict)
    for id_, lease in leases.items():
        rows[lease.token][id_] = found.get(id_)
    try:
        for token, filled in rows.items():
            await protocol.fill(token, filled)
    except StoreUnavailable as error:  # the answers need only the rows
        log.warning("fill failed", ids=len(leases), reason=explain(error))
