"""Run the fault campaign: `python -m tests.faults [--case redis-killed] [--seed 17] [--count 30]`.

The result of each case is a line in reports/faults/results.jsonl. An interrupted campaign continues where it stopped:
a case with a result is not run again, unless its seed is given.

The exit status is 1 if a case has a violation or could not be run. (`disk-full` must be allowed to mount a tmpfs.)
"""

import argparse
import logging
import signal
import sys
import time
from pathlib import Path

from millitask import __version__
from tests.faults.campaign import Results, plan_cases, run_planned
from tests.faults.catalog import FAULTS
from tests.faults.report import render_table

log = logging.getLogger(__name__)
RESULTS = Path("reports/faults/results.jsonl")
TERMINATED = 128 + signal.SIGTERM


def parse_arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--case", choices=FAULTS, nargs="+", help="only these faults")
    parser.add_argument("--seed", type=int, help="only the case with this seed, even if it has a result")
    parser.add_argument("--count", type=int, help="the number of injections, instead of the planned one")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no case after this time")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file of results")
    parser.add_argument("--report", action="store_true", help="run nothing, only print the table of results")
    arguments = parser.parse_args()
    if arguments.seed is not None and arguments.case is None:
        parser.error("--seed needs --case")
    return arguments


def run_cases(arguments: argparse.Namespace, results: Results) -> int:
    """Run the cases that have no result yet. Return how many could not be run."""
    started, failed = time.monotonic(), 0
    faults = [FAULTS[name] for name in arguments.case or FAULTS]
    for case in plan_cases(faults, seed=arguments.seed, count=arguments.count):
        if time.monotonic() - started > arguments.minutes * 60:
            break
        if arguments.seed is None and results.contains(case):
            continue
        if obstacle := case.fault.obstacle():
            sys.stdout.write(f"{case.fault.name} is skipped: {obstacle}\n")
            continue
        sys.stdout.write(f"{case.fault.name}, seed {case.seed}, {case.count} injections … ")
        sys.stdout.flush()
        try:
            result = run_planned(case)
        except Exception:
            log.exception("%s, seed %d", case.fault.name, case.seed)
            failed += 1
            continue
        results.add(result)
        count = len(result.violations)
        sys.stdout.write(f"{result.operations} operations in {result.duration_seconds:.0f} s, {count} violations\n")
        sys.stdout.writelines(f"{text}\n" for text in result.violations)
    return failed


def main() -> int:
    """Run the campaign, print the table of results, and return the exit status."""
    arguments = parse_arguments()
    logging.basicConfig(level=logging.CRITICAL)
    log.setLevel(logging.ERROR)
    # Exit through the context managers, which stop the processes of the case.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    results = Results(arguments.results)
    failed = 0 if arguments.report else run_cases(arguments, results)
    sys.stdout.write(render_table(results.all()))
    return int(failed > 0 or any(case["violations"] for case in results.all()))


if __name__ == "__main__":
    sys.exit(main())
