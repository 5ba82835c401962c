"""One embedded store as a child process, started behind a watchdog."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from api.devstores import watchdog
from api.devstores.running import is_running

_MAX_LOG_BYTES = 10 * 2**20
# Added to the stop time of a program, for the watchdog itself.
_STOP_MARGIN_SECONDS = 5


@dataclass(frozen=True)
class Account:
    """The user and group of a store. `switch` changes to them; otherwise the command `wrapper`, if any, maps them."""

    uid: int
    gid: int
    wrapper: tuple[str, ...] = ()
    switch: bool = False


@dataclass(frozen=True)
class StoreProgram:
    """The command of a store and the way to stop it."""

    name: str
    command: tuple[str, ...]
    log: Path
    stop_signal: signal.Signals
    kill_signal: signal.Signals
    stop_seconds: float
    account: Account
    environment: Mapping[str, str] = field(default_factory=dict)


class StoreServer:
    """A running store. It ends when this process ends, even if this process is killed."""

    def __init__(self, program: StoreProgram, lock: int) -> None:
        self.program = program
        self.name = program.name
        self._lock = lock
        self._alive: int | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process without waiting until it answers."""
        self._close_pipe()
        program = self.program
        account = program.account
        # The watchdog stops the store when this process closes its end of the pipe, or dies.
        watched, self._alive = os.pipe()
        uid_and_gid = (account.uid, account.gid) if account.switch else (-1, -1)
        numbers = (
            *(watched, self._lock, int(program.stop_signal), int(program.kill_signal)),
            *(program.stop_seconds, *uid_and_gid),
        )
        python = (sys.executable, "-I", "-S", str(Path(watchdog.__file__)))
        _rotate(program.log)
        try:
            with program.log.open("ab") as log:
                self._watchdog = subprocess.Popen(
                    [*account.wrapper, *python, *map(str, numbers), *program.command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(watched, self._lock),
                    # A setting of the operator comes first.
                    env={**program.environment, **os.environ},
                    # In a terminal, Ctrl-C then reaches only the service, which stops the stores in order.
                    start_new_session=True,
                )
        finally:
            os.close(watched)

    def is_running(self) -> bool:
        return self._watchdog is not None and is_running(self._watchdog)

    def request_stop(self) -> None:
        """Ask the store to shut down cleanly. Does not wait."""
        self._close_pipe()

    def wait(self) -> None:
        """Wait until the store has ended. Kill it after its stop time."""
        if self._watchdog is None:
            return
        try:
            self._watchdog.wait(self.program.stop_seconds + _STOP_MARGIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            self._watchdog.wait()

    def kill(self) -> None:
        """End the store at once, without a clean shutdown."""
        if self._watchdog is not None and is_running(self._watchdog):
            self._watchdog.terminate()
        self._close_pipe()

    def last_error(self) -> str:
        """Return the last line of the log that reports an error, or else the last line."""
        with suppress(OSError):
            lines = self.program.log.read_text(errors="replace").strip().splitlines()[-50:]
            errors = [line for line in lines if "FATAL" in line or "rror" in line]
            return (errors or lines or [""])[-1].strip()
        return ""

    def _close_pipe(self) -> None:
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=0o600)
