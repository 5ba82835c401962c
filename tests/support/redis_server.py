"""Runs a Redis server for one test, which may change the server's configuration."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from api.devstores import redis as embedded_redis
from api.devstores.folder import DataFolder


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a server with a suitable configuration on a Unix socket, and yield the URL of its first database."""
    data_folder = DataFolder(folder)
    data_folder.create_sockets(folder.stat().st_uid)
    url = embedded_redis.url(data_folder)
    command = embedded_redis.program(data_folder, maxmemory="64mb").command
    with data_folder.log("redis").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        with redis.Redis.from_url(url) as client:
            for _ in range(500):
                if _answers(client):
                    break
                time.sleep(0.01)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
