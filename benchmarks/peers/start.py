"""Starts peers as processes of their own, and stops them."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from benchmarks.report import ROOT
from benchmarks.service import free_port
from tools.node import NodeError, environment, install, programs

POSTGRAPHILE = Path(__file__).parent / "postgraphile"
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
# Outside of the checkout, so that its checks do not read node_modules.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "millitask"


class PeerUnavailable(Exception):
    """A peer cannot run on this machine. The message says why."""


@contextmanager
def python_peer(module: str, *arguments: str) -> Iterator[int]:
    """Run a peer of this package during the block, and yield its port."""
    port = free_port()
    command = [sys.executable, "-m", f"benchmarks.peers.{module}", "--port", str(port), *arguments]
    with running(command, ROOT, os.environ, port):
        yield port


@contextmanager
def postgraphile(database_url: str) -> Iterator[int]:
    """Run PostGraphile during the block, and yield its port. The first call installs it into a cache folder.

    Raises `PeerUnavailable` without Node.js or a registry of npm packages.
    """
    try:
        folder = _install_postgraphile()
        node, variables = str(programs() / "node"), environment()
    except NodeError as error:
        raise PeerUnavailable("; ".join(map(str, error.args)).strip()) from error
    port = free_port()
    variables |= {"DATABASE_URL": database_url, "PORT": str(port), "NODE_ENV": "production"}
    variables["GRAPHILE_ENV"] = "production"
    with running([node, "server.mjs"], folder, variables, port):
        yield port


def _install_postgraphile() -> Path:
    """Install the locked packages into the cache folder unless they are there, and return the folder."""
    lock = (POSTGRAPHILE / "package-lock.json").read_bytes()
    folder = _CACHE / f"postgraphile-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc", "server.mjs"):
        shutil.copy(POSTGRAPHILE / name, folder / name)
    install(folder)
    return folder


@contextmanager
def running(command: Sequence[str], folder: Path, variables: Mapping[str, str], port: int) -> Iterator[None]:
    """Run a server during the block, from the moment that its port answers. Raises `PeerUnavailable`."""
    # A group of its own: `node` from PyPI is a Python program that starts the real one and does not pass signals on.
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise PeerUnavailable(f"{' '.join(command[1:3])} does not start")
            time.sleep(0.05)
        yield
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children: politely, and after a moment in any case."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/")
    except httpx.TransportError:
        return False
    return True
