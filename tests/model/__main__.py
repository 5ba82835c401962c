"""`python -m tests.model`: explore the long scopes. With `traces`: print a counterexample for each broken variant."""

import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import active_children
from typing import NamedTuple

from tests.model import scopes, views, views_scopes, views_variants
from tests.model.explore import Result, explore
from tests.model.variants import REFUTED

Explorations = Mapping[str, Callable[[], Result]]


class Exploration(NamedTuple):
    """The exploration of one scope, and the peak memory of its process until then, in MiB."""

    name: str
    result: Result
    seconds: float
    peak_mib: int

    def __str__(self) -> str:
        return f"{self.name} ({self.seconds:.0f} s): {self.result}"


def long_scopes() -> Explorations:
    """Return the explorations of every long scope by name, those that take long first."""
    explorations = {f"views: {name}": partial(views.explore, scope) for name, scope in views_scopes.LONG.items()}
    return explorations | {name: partial(explore, scope) for name, scope in scopes.LONG.items()}


def explore_one(name: str, run: Callable[[], Result]) -> Exploration:
    """Run one exploration in this process."""
    started = time.monotonic()
    result = run()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return Exploration(name, result, time.monotonic() - started, peak_mib)


def explore_in_parallel(explorations: Explorations) -> Iterator[Exploration]:
    """Run explorations, as many at a time as there are cores; yield each when it ends. Ctrl C ends all of them."""
    # Ctrl C reaches every process of a terminal. A worker that caught it would begin its next exploration.
    with ProcessPoolExecutor(initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_DFL)) as processes:
        try:
            runs = [processes.submit(explore_one, name, run) for name, run in explorations.items()]
            for run in as_completed(runs):
                yield run.result()
        except BaseException:
            for process in active_children():
                process.terminate()
            raise


def report(explorations: Explorations) -> Iterator[str]:
    """Explore; yield a line for each exploration and a summary. Exit with status 1 after a violation."""
    started, ended = time.monotonic(), list[Exploration]()
    for exploration in explore_in_parallel(explorations):
        ended.append(exploration)
        yield str(exploration)
    states = sum(exploration.result.states for exploration in ended)
    violations = sum(bool(exploration.result.violation) for exploration in ended)
    peak_mib = max(exploration.peak_mib for exploration in ended)
    seconds = time.monotonic() - started
    yield f"{states} states, {violations} violations, {seconds:.0f} s, at most {peak_mib} MiB in each process"
    if violations:
        raise SystemExit(1)


def counterexamples() -> Iterator[str]:
    """Yield the shortest trace to a violation for each broken variant."""
    for variant in REFUTED:
        yield f"{variant.name}\n{explore(variant.broken_scope())}\n"
    for views_variant in views_variants.REFUTED:
        yield f"{views_variant.name}\n{views.explore(views_variant.broken_scope())}\n"


if __name__ == "__main__":
    for line in counterexamples() if sys.argv[1:] == ["traces"] else report(long_scopes()):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
