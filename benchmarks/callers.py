"""A service whose callers say who they are, and a client that sends as much as it can, each in a process of its own.

`python -m benchmarks.callers PORT POINTS` runs one worker on the stores of DATABASE_URL and REDIS_URL.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from api.app import create_app
from api.config.settings import Settings
from api.devstores.stores import StoreUrls
from api.identity.authenticator import Authenticator
from api.process.worker import create_server
from benchmarks.report import ROOT
from benchmarks.service import free_port
from db.caller import SCOPES, Caller


class HeaderIdentity:
    """Accepts the tokens `test:WORKSPACE:ACTOR` and `test:WORKSPACE:ACTOR:POINTS_PER_MINUTE`. Never for real use."""

    def accepts(self, credential: str) -> bool:
        """Return whether the credential is such a token."""
        return credential.startswith("test:")

    async def caller(self, credential: str) -> Caller:
        """Return the caller whom the token names."""
        _, workspace, actor, *points = credential.split(":")
        limit = int(points[0]) if points else None
        return Caller(actor, workspace, frozenset(SCOPES), points_per_minute=limit)


class CallerService:
    """A running service of one worker. `points` is its limit for each caller, 0 for none."""

    def __init__(self, stores: StoreUrls, points: int = 0) -> None:
        self.port = free_port()
        self.pid = 0
        self._stores = stores
        self._points = points

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the service during the block."""
        urls = {"DATABASE_URL": self._stores.database_url, "REDIS_URL": self._stores.redis_url}
        command = [sys.executable, "-m", "benchmarks.callers", str(self.port), str(self._points)]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | urls)
        self.pid = process.pid
        try:
            self._wait(process)
            yield
        finally:
            process.terminate()
            process.wait(60)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz").json().get("degraded") is False:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError("The service ended before it was ready.")

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _serve(port: int, points: int) -> None:
    # The bound of the workspaces is not measured. The addresses come from the environment.
    settings = Settings(points_per_minute=points, workspace_points_per_minute=10**9 if points else 0)
    server = create_server(settings, create_app(settings, authenticator=Authenticator(HeaderIdentity())))
    asyncio.run(server.serve([socket.create_server(("127.0.0.1", port))]))


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
