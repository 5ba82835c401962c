"""Tests that a signal never interrupts the look at a child process."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from api.devstores.running import STOP_SIGNALS, is_running


class StopRequested(BaseException):
    """What the handler raises."""


class SignalledPopen(subprocess.Popen[bytes]):
    """A process. The signal arrives during `poll`, which holds the lock then."""

    number = signal.SIGTERM
    seen = 0

    def poll(self) -> int | None:
        # To this thread, the only one of the supervisor. Another one of the tests would let the handler run at once.
        signal.pthread_kill(threading.get_ident(), self.number)
        found = super().poll()
        self.seen += 1
        return found


@pytest.fixture(params=STOP_SIGNALS)
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    def stop(_: int, frame: FrameType | None) -> None:
        raise StopRequested

    before = signal.signal(request.param, stop)
    yield request.param
    signal.signal(request.param, before)


def test_signal_waits_for_the_end_of_the_look(number: signal.Signals) -> None:
    with SignalledPopen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        process.number = number
        with pytest.raises(StopRequested):
            is_running(process)
        assert process.seen == 1
