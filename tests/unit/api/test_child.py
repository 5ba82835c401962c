"""Tests the pauses before the supervisor restarts a child."""

import time

from api.process.child import SupervisedChild


class DyingChild:
    """A child that ends as soon as it starts."""

    name = "dying"
    starts = 0

    def start(self) -> None:
        self.starts += 1

    def is_running(self) -> bool:
        return False


def test_pauses_between_restarts_grow_to_at_most_two_seconds() -> None:
    child = DyingChild()
    supervised = SupervisedChild(child)
    pauses = []
    for _ in range(2000):  # simulates about an hour of restarts
        supervised.restart_if_dead()
        assert supervised.restart_at is not None
        pauses.append(supervised.restart_at - time.monotonic())
        supervised.restart_at = 0.0
        supervised.restart_if_dead()
    assert child.starts == 2000
    assert pauses[0] <= 0.1
    assert 1.0 < pauses[-1] <= 2.0
