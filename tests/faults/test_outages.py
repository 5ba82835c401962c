"""A fault excuses a read only of whom it hit, and only while it did."""

import pytest

from tests.faults.history import Answer, Asked, Operation, Outcome
from tests.faults.outages import Outages

NOBODY = Answer(Outcome.UNAVAILABLE, "NO_CONNECTION")


def failed(node: int, start: float, end: float) -> Operation:
    """A read that was not answered."""
    return Operation("client", "task", Asked(), NOBODY, start, end, node=node)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    times = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: times[0])
    return times


def test_only_the_process_that_was_out_is_excused_and_only_then(now: list[float]) -> None:
    outages = Outages()
    now[0] = 10
    outages.begin(1)
    assert outages.excuse(failed(1, 20, 21))  # it is still out
    now[0] = 12
    outages.end(0)
    assert outages.excuse(failed(1, 20, 21))
    outages.end(1)
    for start, end in ((9, 10.5), (11, 11.5), (11, 14), (9, 13)):
        assert outages.excuse(failed(1, start, end))
        assert not outages.excuse(failed(0, start, end))
    assert not outages.excuse(failed(1, 8, 9.9))
    assert not outages.excuse(failed(1, 11, 14.1))  # nobody has answered it, though there was somebody again
    assert not outages.excuse(failed(1, 12.1, 13))


def test_when_all_are_out_all_are_excused_until_all_answer(now: list[float]) -> None:
    outages = Outages()
    outages.begin()
    outages.end(1)  # one that answers says nothing of the others
    assert outages.excuse(failed(0, 5, 6))
    now[0] = 4
    outages.end()
    assert not outages.excuse(failed(0, 5, 6))
