"""A small process between the service and a store: when the service is gone, it stops the store.

It is run by its path and imports nothing but the standard library, so that it starts quickly.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LAST_RESORT_SECONDS = 2.0


def main(arguments: list[str]) -> int:
    """Run `ALIVE_FD LOCK_FD STOP_SIGNAL KILL_SIGNAL SECONDS UID GID COMMAND…`.

    A UID of -1 means: as who we are. The command ends with ALIVE_FD; SIGTERM ends it at once.
    """
    alive, lock, stop, kill = (int(word) for word in arguments[:4])
    seconds = float(arguments[4])
    uid, gid = (int(word) for word in arguments[5:7])
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    hurried: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: hurried.append(number))
    child = subprocess.Popen(
        arguments[7:],
        stdin=subprocess.DEVNULL,
        pass_fds=(lock,),
        preexec_fn=_dies_with_parent(stop),
        **({} if uid < 0 else {"user": uid, "group": gid, "extra_groups": []}),  # type: ignore[call-overload]
    )
    while child.poll() is None and not hurried:
        ready, _, _ = select.select([alive, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
        if alive in ready:
            break
    if not hurried and _ends(child, stop, seconds):
        return int(child.returncode)
    if not _ends(child, kill, _LAST_RESORT_SECONDS):
        _ends(child, signal.SIGKILL, _LAST_RESORT_SECONDS)
    return 1


def _ends(child: "subprocess.Popen[bytes]", number: int, seconds: float) -> bool:
    if child.poll() is not None:
        return True
    child.send_signal(number)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _dies_with_parent(number: int) -> Callable[[], None] | None:
    """Have Linux stop the store even when this guard is killed."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    guard = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != guard:
            os._exit(1)

    return ask


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
