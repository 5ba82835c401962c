"""Snapshots of the metrics of each worker, and the files through which the workers of a host share them."""

import os
import struct
import zlib
from collections.abc import Sequence

import msgspec

from api.metrics.requests import RequestMetrics
from cache.metrics import StoreMetrics

# The length and the checksum before a snapshot in its file.
_HEADER = struct.Struct("<II")
# A reader meets the write of another worker about once in a million reads, and then reads again.
_READ_ATTEMPTS = 3


class Snapshot(msgspec.Struct):
    """The metrics of one worker. `taken_at` is in seconds of the monotonic clock, which all processes share.

    degraded_by_primary: for each primary of Redis, how many of its workspaces in use PostgreSQL answers.
    """

    pid: int
    taken_at: float
    gauges: dict[str, float]
    store: StoreMetrics
    requests: RequestMetrics
    degraded_by_primary: dict[str, int] = {}


class SnapshotFile:
    """A file without a name that holds the latest snapshot of one worker. The supervisor passes it to all of them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._latest: Snapshot | None = None

    def write(self, snapshot: Snapshot) -> None:
        """Replace the snapshot."""
        content = msgspec.json.encode(snapshot)
        os.pwrite(self._descriptor, _HEADER.pack(len(content), zlib.crc32(content)) + content, 0)

    def read(self) -> Snapshot | None:
        """Return the latest snapshot, or None before the first. It stays when the worker is started again."""
        for _ in range(_READ_ATTEMPTS):
            header = os.pread(self._descriptor, _HEADER.size, 0)
            if not header:
                return None
            length, checksum = _HEADER.unpack(header)
            content = os.pread(self._descriptor, length, _HEADER.size)
            if zlib.crc32(content) == checksum:
                self._latest = msgspec.json.decode(content, type=Snapshot)
                break
        return self._latest


class SnapshotFiles:
    """The files of all workers of the host. `own` is the place of this worker among them."""

    def __init__(self, descriptors: Sequence[int], own: int) -> None:
        self._files = [SnapshotFile(descriptor) for descriptor in descriptors]
        self._own = self._files[own]
        self.number = own + 1

    def write(self, snapshot: Snapshot) -> None:
        """Share the snapshot of this worker."""
        self._own.write(snapshot)

    def read_own(self) -> Snapshot | None:
        """Return what this worker, or the one before it in its place, has shared."""
        return self._own.read()

    def read_all(self) -> list[Snapshot | None]:
        """Return the latest snapshot of each worker, None for a worker that has not shared any yet."""
        return [file.read() for file in self._files]
