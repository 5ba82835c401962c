"""Runs a Redis server for one test, which may change the server's configuration, suspend it or restart it."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from api.devstores import redis as embedded_redis
from api.devstores.folder import DataFolder
from tests.support.network import Host
from tests.support.service_process import until

# The limit of readers for tests that a busy machine must not fail.
PATIENT_SECONDS = 20.0


class RedisProcess:
    """A server with a suitable configuration on a Unix socket. `url` is that of its first database."""

    def __init__(self, folder: Path) -> None:
        data_folder = DataFolder(folder)
        data_folder.create_sockets(folder.stat().st_uid)
        self.url = embedded_redis.url(data_folder)
        self.socket = embedded_redis.socket_path(data_folder)
        # A long path has a folder in /tmp, which is that of an earlier run of the test if the path was the same.
        self.socket.with_name("dump.rdb").unlink(missing_ok=True)
        self._command = embedded_redis.program(data_folder, maxmemory="64mb").command
        self._log = data_folder.log("redis")
        self._process: subprocess.Popen[bytes] | None = None

    def add_options(self, *options: str) -> None:
        """Add options of the command line for the next start."""
        self._command = (*self._command, *options)

    def run_on(self, host: Host) -> None:
        """Let the server run on a host. Its Unix socket stays reachable from everywhere."""
        self._command = (*host.prefix, *self._command)

    def start(self, *, wait: bool = True) -> None:
        """Start with the data set of its folder, which is empty if nothing was saved. Wait until the server answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait:
            with self.client() as client:
                assert until(lambda: self._has_ended() or _answers(client))
            assert not self._has_ended(), self._log.read_text()

    def client(self) -> redis.Redis:
        """Return a client for the commands of the test."""
        return redis.Redis.from_url(self.url)

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def suspend(self) -> None:
        """Suspend the process: the kernel still accepts connections, but no command is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended process."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the process, also if it is suspended."""
        assert self._process is not None
        self._process.terminate()
        self.resume()
        self._process.wait()

    def kill(self) -> None:
        """Kill the process, as the kernel does when the machine is out of memory. Does nothing if none runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Start an empty server, with another run id, at the same address."""
        self.kill()
        self.start()


@contextmanager
def redis_process(folder: Path) -> Iterator[RedisProcess]:
    """Run a server."""
    process = RedisProcess(folder)
    process.start()
    try:
        yield process
    finally:
        process.kill()


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a server, and yield the URL of its first database."""
    with redis_process(folder) as process:
        yield process.url


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
