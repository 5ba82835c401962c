"""How long a reader waits for the fill of another reader."""

import pytest

from cache.reads.loader import FILL_WAIT_SECONDS


def test_reader_waits_a_quarter_of_a_second_in_growing_steps() -> None:
    assert sum(FILL_WAIT_SECONDS) == pytest.approx(0.25)
    assert list(FILL_WAIT_SECONDS) == sorted(set(FILL_WAIT_SECONDS))
