"""What one worker contributes to /metrics, shared with the other workers once a second."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from api.metrics.requests import RequestMetrics
from api.metrics.snapshot import Snapshot, SnapshotFiles
from api.realtime.stream_limit import StreamLimit
from cache.workspaces import Workspaces

SHARE_SECONDS = 1.0
# A worker that has not shared a snapshot for this long has died or hangs.
_SILENT_SECONDS = 5.0


class WorkerMetrics:
    """Takes the snapshots of this worker and reads those of the others.

    files: None for a service of one worker without a supervisor. in_flight: returns the number of requests in flight.
    """

    def __init__(
        self, workspaces: Workspaces, streams: StreamLimit, in_flight: Callable[[], int], files: SnapshotFiles | None
    ) -> None:
        self._workspaces = workspaces
        self._streams = streams
        self._in_flight = in_flight
        self._files = files
        self.requests = RequestMetrics()
        # The counters continue where the process before this one stopped, so that a rate over a restart is right.
        if files is not None and (before := files.read_own()) is not None:
            self.requests = before.requests
            workspaces.metrics.continue_from(before.store)

    def snapshots(self) -> list[Snapshot | None]:
        """Return the present snapshot of this worker and the latest one of each other worker."""
        own = self._take()
        if self._files is None:
            return [own]
        self._files.write(own)
        return self._files.read_all()

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator[None]:
        """Share snapshots during the block, and the last one at its end."""
        task = asyncio.create_task(self._share())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self.snapshots()

    async def _share(self) -> None:
        while self._files is not None:
            self._files.write(self._take())
            await asyncio.sleep(SHARE_SECONDS)

    def _take(self) -> Snapshot:
        workspaces = self._workspaces
        gauges = {
            "ready": float(workspaces.ready),
            "degraded": float(workspaces.degraded > 0),
            "redis_full": float(workspaces.too_large > 0),
            "workspaces_open": float(len(workspaces)),
            "workspaces_degraded": float(workspaces.degraded),
            "page_cache_bytes": float(workspaces.page_memory.bytes),
            "streams": float(self._streams.streams),
            "subscriptions": float(self._streams.subscriptions),
            "requests_in_flight": float(self._in_flight()),
            **{f"{share.name}_in_flight": float(share.in_flight) for share in workspaces.database.shares.limited},
        }
        by_primary = workspaces.degraded_by_primary()
        return Snapshot(os.getpid(), time.monotonic(), gauges, workspaces.metrics, self.requests, by_primary)


def is_alive(snapshot: Snapshot) -> bool:
    """Return whether a worker has shared this snapshot recently."""
    return time.monotonic() - snapshot.taken_at < _SILENT_SECONDS
