"""Runs typing sessions with faults: `python -m tests.acceptance.web.typing [--count 500] [--seed 1] [--faults a,b]`.

Prints each session that lost a keystroke, and how to run it again. A lost keystroke, or a session that could not end,
leads to exit code 1.
"""

import argparse
import sys
import time
from contextlib import suppress

from millitask import __version__
from tests.acceptance.web.typing.faults import KINDS
from tests.acceptance.web.typing.plan import Outcome
from tests.acceptance.web.typing.processes import run_sessions
from tools import page as building

PROGRESS_EVERY = 10


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _report(outcome: Outcome) -> None:
    if outcome.lost:
        _say(f"session {outcome.seed} lost {outcome.lost}\n  {', '.join(outcome.steps)}")
    if outcome.error:
        _say(f"session {outcome.seed} could not end: {outcome.error}")


def main() -> int:
    """Run the campaign and print its totals, also if Ctrl C ends it early."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first session, to repeat a later one")
    parser.add_argument("--faults", default=",".join(KINDS))
    parser.add_argument("--processes", type=int, default=1, help="how many sessions run at once, each with a service")
    options = parser.parse_args()
    building.build(building.WEB)
    seeds = [f"{options.seed}-{number}" for number in range(options.first, options.first + options.count)]
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with suppress(KeyboardInterrupt):
        for outcome in run_sessions(seeds, frozenset(options.faults.split(",")), options.processes):
            outcomes.append(outcome)
            _report(outcome)
            if len(outcomes) % PROGRESS_EVERY == 0:
                _say(f"{len(outcomes)} of {len(seeds)} sessions, {time.monotonic() - began:.0f} s")
    lost = sum(sum(outcome.lost.values()) for outcome in outcomes)
    typed = sum(outcome.keystrokes for outcome in outcomes)
    failed = sum(outcome.error != "" for outcome in outcomes)
    _say(
        f"{len(outcomes)} sessions, seed {options.seed}, {time.monotonic() - began:.0f} s: {typed:,} keystrokes, "
        f"{lost} lost, {failed} sessions could not end. Faults: {options.faults}"
    )
    return int(lost > 0 or failed > 0)


if __name__ == "__main__":
    sys.exit(main())
