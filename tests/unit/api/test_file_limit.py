"""Tests how many connections fit into the limit on open files, in a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from api.process.file_limit import connections_that_fit
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(connections_that_fit(wanted, 11), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def fitting(soft: int, hard: int, wanted: int) -> tuple[list[int], str]:
    """Return how many connections fit, the limits afterwards, and the log."""
    command = [sys.executable, "-c", PROGRAM, *map(str, (soft, hard, wanted))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    *log, numbers = done.stdout.splitlines()
    return [int(number) for number in numbers.split()], "".join(log)


def test_limit_is_raised_only_as_far_as_needed() -> None:
    assert fitting(256, 1024, 500) == ([500, 611, 1024], "")
    assert fitting(900, 1024, 500) == ([500, 900, 1024], "")


@pytest.mark.parametrize(("hard", "expected"), [(512, 401), (64, 1)])
def test_connections_are_limited_by_the_system(hard: int, expected: int) -> None:
    numbers, log = fitting(64, hard, 500)
    assert numbers == [expected, hard, hard]
    assert "open files limit the connections" in log
