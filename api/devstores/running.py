"""Whether a child process of the supervisor runs."""

import signal
import subprocess

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def is_running(process: "subprocess.Popen[bytes]") -> bool:
    """Return whether a process runs. The signals that stop the service wait until it is known.

    The supervisor's handler raises an exception. In the middle of `Popen.poll` this would leave the lock of the process
    locked, and a later `wait` would never return. No other thread can receive the signal: the supervisor has one.
    """
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        # For a signal that has just arrived, this call raises after it has blocked the signals.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        return process.poll() is None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
