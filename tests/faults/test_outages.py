"""An outage excuses only failed reads of its own process, and only while it lasts."""

import pytest

from tests.faults.history import Completion, Invocation, Operation, Outcome
from tests.faults.outages import Outages

UNAVAILABLE = Completion(Outcome.UNAVAILABLE, "NO_CONNECTION")


def failed_read(node: int, start: float, end: float) -> Operation:
    return Operation("client", "task", Invocation(), UNAVAILABLE, start, end, node=node)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The current time, which a test sets."""
    times = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: times[0])
    return times


def test_outage_excuses_reads_of_its_process_while_it_lasts(now: list[float]) -> None:
    outages = Outages()
    now[0] = 10
    outages.begin(1)
    assert outages.covers(failed_read(1, 20, 21))  # The outage has not ended.
    now[0] = 12
    outages.end(0)
    assert outages.covers(failed_read(1, 20, 21))
    outages.end(1)
    for start, end in ((9, 10.5), (11, 11.5), (11, 14), (9, 13)):
        assert outages.covers(failed_read(1, start, end))
        assert not outages.covers(failed_read(0, start, end))
    assert not outages.covers(failed_read(1, 8, 9.9))
    assert not outages.covers(failed_read(1, 11, 14.1))  # It failed too long after the end of the outage.
    assert not outages.covers(failed_read(1, 12.1, 13))


def test_outage_of_all_processes_lasts_until_all_answer(now: list[float]) -> None:
    outages = Outages()
    outages.begin()
    outages.end(1)  # One process that answers does not end the outage of all.
    assert outages.covers(failed_read(0, 5, 6))
    now[0] = 4
    outages.end()
    assert not outages.covers(failed_read(0, 5, 6))
