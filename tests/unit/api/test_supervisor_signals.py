"""Tests that a signal never interrupts the supervisor while it looks at a child."""

import signal

from api.config.settings import Settings
from api.process.child import SupervisedChild
from api.process.supervisor import Supervisor
from tests.support.service_process import free_port


class Polled:
    """A child. The signal arrives while the supervisor asks whether it runs, when `Popen` may hold its lock."""

    name = "child"

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self.answered = False

    def start(self) -> None:
        raise AssertionError("It runs.")

    def is_running(self) -> bool:
        self._supervisor._on_signal(signal.SIGTERM, None)
        self.answered = True
        return True


def test_signal_lets_the_look_at_a_child_end() -> None:
    supervisor = Supervisor(Settings(port=free_port()))
    child = Polled(supervisor)
    supervisor._watch([SupervisedChild(child)])
    for file in supervisor._metrics:
        file.close()
    assert child.answered
