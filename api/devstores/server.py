"""One store as a process: started behind a guard, stopped, and waited for."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from api.devstores import watchdog

_LONGEST_LOG = 10 * 2**20


@dataclass(frozen=True)
class Account:
    """How a store becomes a user other than root, where it has to."""

    uid: int
    gid: int
    wrapper: tuple[str, ...] = ()
    switch: bool = False


@dataclass(frozen=True)
class Program:
    """What to run, and how it is stopped."""

    name: str
    command: tuple[str, ...]
    log: Path
    stop_signal: signal.Signals
    kill_signal: signal.Signals
    stop_seconds: float
    account: Account


class Server:
    """A running program; it ends when this process ends, whichever way."""

    def __init__(self, program: Program, lock: int) -> None:
        self.program = program
        self.name = program.name
        self._lock = lock
        self._alive: int | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return at once."""
        self._close_pipe()
        program = self.program
        account = program.account
        theirs, self._alive = os.pipe()
        become = (account.uid, account.gid) if account.switch else (-1, -1)
        numbers = (
            *(theirs, self._lock, int(program.stop_signal), int(program.kill_signal)),
            *(program.stop_seconds, *become),
        )
        python = (sys.executable, "-I", "-S", str(Path(watchdog.__file__)))
        _make_room(program.log)
        try:
            with program.log.open("ab") as log:
                self._guard = subprocess.Popen(
                    [*account.wrapper, *python, *map(str, numbers), *program.command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs, self._lock),
                    # Ctrl-C in a terminal is for us, not for the stores.
                    start_new_session=True,
                )
        finally:
            os.close(theirs)

    def runs(self) -> bool:
        """Say whether it still runs."""
        return self._guard is not None and self._guard.poll() is None

    def ask_to_stop(self) -> None:
        """Have it stop in good order, without waiting."""
        self._close_pipe()

    def wait(self) -> None:
        """Wait until it has stopped."""
        if self._guard is None:
            return
        try:
            self._guard.wait(self.program.stop_seconds + 5)
        except subprocess.TimeoutExpired:
            self.kill()
            self._guard.wait()

    def kill(self) -> None:
        """Have it end now, in whatever state."""
        if self._guard is not None and self._guard.poll() is None:
            self._guard.terminate()
        self._close_pipe()

    def last_words(self) -> str:
        """Return the last line of its log that tells of trouble, or just the last one."""
        with suppress(OSError):
            lines = self.program.log.read_text(errors="replace").strip().splitlines()[-50:]
            telling = [line for line in lines if "FATAL" in line or "rror" in line]
            return (telling or lines or [""])[-1].strip()
        return ""

    def _close_pipe(self) -> None:
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None


def _make_room(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LONGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=0o600)
