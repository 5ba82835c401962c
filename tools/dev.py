"""Runs the service, and the web page with hot reload (`make dev`). When one process ends, the other stops too."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType

from tools.node import NodeError, environment, install, programs
from tools.page import WEB, build_lock

PORT = os.environ.get("PAGE_PORT", "3000")
_STOP_SECONDS = 15


def main() -> int:
    """Run both processes until one ends or a signal arrives."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    api = os.environ.get("MILLITASK_PORT", "8000")
    try:
        with build_lock(WEB):
            install(WEB)
        npm, node = str(programs() / "npm"), environment()
    except NodeError as error:
        sys.stderr.write(f"error: {error.args[0]}\n")
        return 1
    configured = os.environ.get("MILLITASK_CORS_ORIGINS", "")
    origins = f"http://127.0.0.1:{PORT},http://localhost:{PORT},{configured}".rstrip(",")
    running = [
        _start([sys.executable, "-m", "api", "serve"], os.environ | {"MILLITASK_CORS_ORIGINS": origins}),
        _start(
            [npm, "run", "--silent", "dev", "--", "--port", PORT],
            node | {"NEXT_PUBLIC_API": f"http://127.0.0.1:{api}"},
            folder=str(WEB),
        ),
    ]
    try:
        while all(process.poll() is None for process in running):
            time.sleep(0.2)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(running)
    return 1


def _start(command: list[str], variables: dict[str, str], folder: str | None = None) -> subprocess.Popen[bytes]:
    """Start a process in its own group, so that its child processes can be stopped with it."""
    return subprocess.Popen(command, env=variables, cwd=folder, stdin=subprocess.DEVNULL, start_new_session=True)


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    for process in running:
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
