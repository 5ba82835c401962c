"""A small parent process of a store, which stops the store when the service is gone.

The service runs this file by its path. The file imports only the standard library, so that it starts quickly.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_KILL_TIMEOUT_SECONDS = 2.0


def main(arguments: list[str]) -> int:
    """Run `ALIVE_FD LOCK_FD STOP_SIGNAL KILL_SIGNAL SECONDS UID GID COMMAND…`.

    A UID of -1 keeps the current user. The command gets STOP_SIGNAL and SECONDS to end when ALIVE_FD is closed, and
    KILL_SIGNAL at once when this process receives SIGTERM. Returns the exit code.
    """
    alive, lock, stop, kill = (int(argument) for argument in arguments[:4])
    seconds = float(arguments[4])
    uid, gid = (int(argument) for argument in arguments[5:7])
    wake_read_fd, wake_write_fd = os.pipe()
    os.set_blocking(wake_write_fd, False)
    signal.set_wakeup_fd(wake_write_fd)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    kill_requests: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: kill_requests.append(number))
    child = subprocess.Popen(
        arguments[7:],
        stdin=subprocess.DEVNULL,
        pass_fds=(lock,),
        preexec_fn=_dies_with_parent(stop),
        **({} if uid < 0 else {"user": uid, "group": gid, "extra_groups": []}),  # type: ignore[call-overload]
    )
    while child.poll() is None and not kill_requests:
        ready, _, _ = select.select([alive, wake_read_fd], [], [])
        if wake_read_fd in ready:
            os.read(wake_read_fd, 512)
        if alive in ready:
            break
    if not kill_requests and _end(child, stop, seconds):
        return int(child.returncode)
    if not _end(child, kill, _KILL_TIMEOUT_SECONDS):
        _end(child, signal.SIGKILL, _KILL_TIMEOUT_SECONDS)
    return 1


def _end(child: "subprocess.Popen[bytes]", number: int, seconds: float) -> bool:
    """Send the signal and return whether the child ended in time."""
    if child.poll() is not None:
        return True
    child.send_signal(number)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _dies_with_parent(number: int) -> Callable[[], None] | None:
    """Return a function for the child by which Linux stops the store even when this watchdog is killed."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    watchdog_pid = os.getpid()

    def request_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        # The watchdog may have died before the request.
        if os.getppid() != watchdog_pid:
            os._exit(1)

    return request_signal


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
