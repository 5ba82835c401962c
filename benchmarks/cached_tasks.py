"""A Redis that holds only a part of the requested tasks: its real miss ratio, to compare a miss-ratio curve with."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis

from api.devstores import redis as embedded_redis
from api.devstores.folder import DataFolder

POLICIES = ("volatile-lru", "volatile-lfu")
VALUE, LIFETIME_SECONDS = b"x" * 300, 3600
# What an entry takes in this server, about. The number that it holds in the end is counted.
ENTRY_BYTES = 440


def measured_miss_ratio(pages: Sequence[Sequence[bytes]], entries: int, policy: str, rate: float) -> tuple[int, float]:
    """Return how many entries a Redis with room for about so many held, and the share of its misses.

    Each page is one MGET, and its misses are filled. A page counts only what it finds when it begins.
    rate: at most so many tasks are requested per second. Redis knows the last use of an entry to the second, so it
    evicts any entry if all are replaced within a second.
    """
    with _server(policy) as client:
        client.config_set("maxmemory", client.info()["used_memory"] + entries * ENTRY_BYTES)
        requests = misses = 0
        began = time.monotonic()
        for page in pages:
            time.sleep(max(0.0, began + requests / rate - time.monotonic()))
            found = client.mget(page)
            missing = {id_ for id_, value in zip(page, found, strict=True) if value is None}
            requests += len(page)
            misses += len(missing)
            if missing:
                pipeline = client.pipeline(transaction=False)
                for id_ in missing:
                    pipeline.set(id_, VALUE, ex=LIFETIME_SECONDS)
                pipeline.execute()
        return client.dbsize(), misses / requests


@contextmanager
def _server(policy: str) -> Iterator[redis.Redis]:
    """Run a Redis of its own."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
        folder = DataFolder(Path(name))
        folder.create_sockets(Path(name).stat().st_uid)
        process = subprocess.Popen(
            embedded_redis.program(folder, maxmemory="1gb").command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with redis.Redis.from_url(embedded_redis.url(folder)) as client:
                _wait(client)
                client.config_set("maxmemory-policy", policy)
                yield client
        finally:
            process.terminate()
            process.wait(30)


def _wait(client: redis.Redis) -> None:
    for _ in range(1000):
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError("Redis did not start.")
