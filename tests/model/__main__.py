"""`python -m tests.model`: the long version, scope by scope; with `traces`, what breaks and how."""

import resource
import sys
import time
from collections.abc import Iterator

from tests.model import scopes
from tests.model.explore import explore
from tests.model.variants import REFUTED


def long_version() -> Iterator[str]:
    """Explores every scope of the long version; a line for each and one for all."""
    began, states, wrong = time.monotonic(), 0, 0
    for name, scope in scopes.LONG.items():
        since = time.monotonic()
        result = explore(scope)
        states += result.states
        wrong += bool(result.violation)
        yield f"{name} ({time.monotonic() - since:.0f} s): {result}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    took = time.monotonic() - began
    yield f"{states} states, {wrong} violations, {took:.0f} s, {peak} MB"
    if wrong:
        raise SystemExit(1)


def traces() -> Iterator[str]:
    """The shortest way to a violation for each step that is left out."""
    for variant in REFUTED:
        yield f"{variant.name}\n{explore(variant.broken())}\n"


if __name__ == "__main__":
    for line in traces() if sys.argv[1:] == ["traces"] else long_version():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
