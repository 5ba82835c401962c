"""`python -m tests.faults [--case redis-killed] [--seed 17] [--count 30]`: the fault campaign; goes on where it was.

Each case is a line in reports/faults/results.jsonl and is not played again, but for one that is asked for by its seed.
Status 1 if any case has found something wrong, or could not be played: `disk-full` has to mount a small disk.
"""

import argparse
import logging
import signal
import sys
import time
from pathlib import Path

from tests.faults.campaign import Results, plan, run
from tests.faults.report import table
from tests.faults.table import FAULTS

log = logging.getLogger(__name__)
RESULTS = Path("reports/faults/results.jsonl")


def main() -> int:
    """Plays what is left, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=FAULTS, nargs="+", help="these faults alone")
    parser.add_argument("--seed", type=int, help="one case of it, once more")
    parser.add_argument("--count", type=int, help="so many injections in place of the table's")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no case after so long")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--report", action="store_true", help="only the table of what was played")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    log.setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    if asked.seed is not None and asked.case is None:
        parser.error("--seed needs --case")
    results, began, say, unplayed = Results(asked.results), time.monotonic(), sys.stdout, 0
    faults = [FAULTS[name] for name in asked.case or FAULTS]
    for case in [] if asked.report else plan(faults, seed=asked.seed, count=asked.count):
        if time.monotonic() - began > asked.minutes * 60:
            break
        if asked.seed is None and results.have(case):
            continue
        say.write(f"{case.fault.name}, seed {case.seed}, {case.count} injections … ")
        say.flush()
        try:
            done = run(case)
        except Exception:
            log.exception("%s, seed %d", case.fault.name, case.seed)
            unplayed += 1
            continue
        results.add(done)
        say.write(f"{done.operations} operations in {done.seconds:.0f} s, {len(done.violations)} wrong\n")
        say.writelines(f"{text}\n" for text in done.violations)
    say.write(table(results.all()))
    return int(unplayed > 0 or any(case["violations"] for case in results.all()))


if __name__ == "__main__":
    sys.exit(main())
