"""Runs the service like a user does: `python -m api serve` in a process of its own."""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120.0
GONE_SECONDS = READY_SECONDS
_MAX_RESERVATIONS = 500
_reservations: deque[int] = deque()


def environment(data: Path, **variables: str) -> dict[str, str]:
    """Return this process's environment, with its settings replaced by these settings."""
    settings = ("MILLITASK_", "DATABASE_URL", "REDIS_URL")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return inherited | {"MILLITASK_DATA_DIR": str(data)} | variables


def command(data: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `python -m api` and wait until the command ends."""
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        cwd=ROOT,
        env=environment(data, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Service:
    """A running service with all its processes."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, output: Path) -> None:
        self.process = process
        self.port = port
        self.output = output

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def is_ready(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.get("/readyz") == 200
        return False

    def processes(self) -> dict[int, str]:
        """Return the command lines of all processes below the supervisor, by process id."""
        return descendants(self.process.pid)

    def find(self, text: str, *, but: str = "watchdog.py") -> list[int]:
        found = self.processes().items()
        return [pid for pid, line in found if text in line and but not in line]

    def guarded(self, text: str) -> tuple[int, int]:
        """Return the process ids of a store's watchdog and of the store. A process that is not running has the id 0.

        This ignores the processes that the store itself forks.
        """
        guard = next((pid for pid, line in self.processes().items() if "watchdog.py" in line and text in line), 0)
        return guard, next(iter(descendants(guard)), 0) if guard else 0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def resident(service: Service) -> int:
    """Return the resident memory of the largest worker in bytes."""
    return max(memory_bytes(pid) for pid in service.find(" worker "))


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


@contextmanager
def serve(
    data: Path,
    *arguments: str,
    port: int | None = None,
    root: Path = ROOT,
    python: str = sys.executable,
    **variables: str,
) -> Iterator[Service]:
    """Start the service of the checkout at `root`, wait until it is ready, and check at the end that it has ended."""
    port = port or free_port()
    data.mkdir(parents=True, exist_ok=True)
    output = data / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [python, "-m", "api", "serve", "--port", str(port), *arguments],
            cwd=root,
            env=environment(data, **variables),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    service = Service(process, port, output)
    try:
        # The banner appears once /readyz has answered 200.
        printed = until(lambda: "is ready" in output.read_text() or process.poll() is not None)
        assert printed, output.read_text()
        assert process.poll() is None, output.read_text()
        yield service
    finally:
        below = service.processes()
        if process.poll() is None:
            service.stop()
        assert until(lambda: not alive(below), GONE_SECONDS), alive(below)


def until(condition: Callable[[], bool], seconds: float = READY_SECONDS) -> bool:
    """Wait until a condition is met. Return whether it was met in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def free_port() -> int:
    """Return a free port below the range from which the kernel assigns ports to other tests' connections.

    The port is reserved for this process, also while nothing listens on it: before its server starts, or while the
    server is down. Other processes on this machine that call this function get other ports. The reservation of a port
    ends after 500 more calls, so that a campaign does not run out of file descriptors.
    """
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            reservation = socket.socket(socket.AF_UNIX)
            try:
                # A name in the abstract namespace: no file is left, and the name is free when the process ends.
                reservation.bind(f"\0millitask-tests-port-{port}")
            except OSError:
                reservation.close()
                continue
            _reservations.append(reservation.detach())
            if len(_reservations) > _MAX_RESERVATIONS:
                os.close(_reservations.popleft())
            return port


def descendants(ancestor: int) -> dict[int, str]:
    """Return the command lines of all descendants of a process, by process id."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # The name in parentheses may itself contain spaces and parentheses. The state and the parent follow it.
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found: dict[int, str] = {}
    waiting = list(children.get(ancestor, []))
    while waiting:
        pid = waiting.pop()
        found[pid] = _command_line(pid)
        waiting += children.get(pid, [])
    return found


def alive(pids: dict[int, str]) -> dict[int, str]:
    """Return the processes that still run the same command. A zombie has no command line, so it counts as ended."""
    return {pid: line for pid, line in pids.items() if line and _command_line(pid) == line}


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""
