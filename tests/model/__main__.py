"""`python -m tests.model`: explore the long scopes. With `traces`: print a counterexample for each broken variant."""

import resource
import sys
import time
from collections.abc import Iterator
from functools import partial

from tests.model import scopes, views, views_scopes, views_variants
from tests.model.explore import explore
from tests.model.variants import REFUTED


def explore_long_scopes() -> Iterator[str]:
    """Explore every long scope; yield a line for each and a summary. Exit with status 1 after a violation."""
    started, states, violations = time.monotonic(), 0, 0
    explorations = {name: partial(explore, scope) for name, scope in scopes.LONG.items()}
    for name, views_scope in views_scopes.LONG.items():
        explorations[f"views: {name}"] = partial(views.explore, views_scope)
    for name, run in explorations.items():
        scope_started = time.monotonic()
        result = run()
        states += result.states
        violations += bool(result.violation)
        yield f"{name} ({time.monotonic() - scope_started:.0f} s): {result}"
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    seconds = time.monotonic() - started
    yield f"{states} states, {violations} violations, {seconds:.0f} s, {peak_mb} MB"
    if violations:
        raise SystemExit(1)


def counterexamples() -> Iterator[str]:
    """Yield the shortest trace to a violation for each broken variant."""
    for variant in REFUTED:
        yield f"{variant.name}\n{explore(variant.broken_scope())}\n"
    for views_variant in views_variants.REFUTED:
        yield f"{views_variant.name}\n{views.explore(views_variant.broken_scope())}\n"


if __name__ == "__main__":
    for line in counterexamples() if sys.argv[1:] == ["traces"] else explore_long_scopes():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
