"""A Redis of a test's own, that it may set as it likes."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from api.devstores import redis as embedded
from api.devstores.folder import DataFolder


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """One that is set as it should be, on a Unix socket; the URL is that of its first database."""
    place = DataFolder(folder)
    place.create_sockets(folder.stat().st_uid)
    url = embedded.url(place)
    with place.log("redis").open("wb") as log:
        process = subprocess.Popen(
            embedded.program(place, maxmemory="64mb").command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        with redis.Redis.from_url(url) as client:
            for _ in range(500):
                if answers(client):
                    break
                time.sleep(0.01)
        yield url
    finally:
        process.terminate()
        process.wait()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
