"""Mutation tests: `python -m tests.mutation [--groups lua,sql] [--sample 150] [--seed 1] [--again] [--control 20]`.

Changes one place of the protocol or of a limit at a time, runs the tests that reach it, and reports the mutants that no
test has found. Results are kept in reports/mutation, so that a run continues where an earlier one stopped.
"""

import argparse
import json
import os
import random
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.mutation.coverage_map import CoverageMap, existing_tests, record
from tests.mutation.mutant import ROOT, Key, Mutant
from tests.mutation.stores import shared_stores
from tests.mutation.targets import GROUPS, sample
from tests.mutation.worker import Worker

ACCEPTED = Path(__file__).with_name("accepted.toml")
FOLDER = ROOT / "reports" / "mutation"
# The share of mutants that tests must find. Accepted mutants do not count.
TARGET = 0.95


def main() -> int:
    """Test the mutants that have no result yet. Return 1 if too few were found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", default=",".join(GROUPS), help="comma-separated")
    parser.add_argument("--sample", type=int, help="mutants of each group; all without it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=120, help="time of the tests of a mutant; default: 120")
    parser.add_argument("--record", nargs="*", metavar="TESTS", help="find out which lines all, or these, tests run")
    parser.add_argument("--again", action="store_true", help="test the mutants again that were not found")
    parser.add_argument("--path", default="", help="only files whose path contains this")
    parser.add_argument("--control", type=int, default=0, help="run this many tests without a change, which must pass")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    if options.record is not None or not (FOLDER / "coverage").exists():
        record(FOLDER, options.record or ())
    chosen = [each for group in options.groups.split(",") for each in sample(group, options.sample, options.seed)]
    chosen = [each for each in chosen if options.path in each.path]
    results, accepted = _results(), accepted_mutants()
    waiting = [each for each in chosen if each.key not in accepted and _is_due(results, each, again=options.again)]
    # In turns, so that the results of a run that was stopped are a sample as well.
    random.Random(options.seed).shuffle(waiting)
    sys.stdout.write(f"{len(chosen)} mutants, {len(waiting)} to test\n")
    _test_all(waiting, existing_tests(), options)
    return _report(chosen, _results(), accepted)


def _is_due(results: dict[Key, dict[str, Any]], mutant: Mutant, *, again: bool) -> bool:
    result = results.get(mutant.key)
    return result is None or (again and not result["found"])


def _results() -> dict[Key, dict[str, Any]]:
    """Return the last result of each mutant."""
    found = [json.loads(line) for path in sorted(FOLDER.glob("results-*.jsonl")) for line in path.open()]
    return {(*each["key"], 0)[:4]: each for each in sorted(found, key=lambda each: each["at"])}


def accepted_mutants() -> dict[Key, str]:
    """Return the reason for each mutant that no test needs to find."""
    entries = tomllib.loads(ACCEPTED.read_text()).get("mutant", [])
    return {(each["path"], each["before"], each["after"], each.get("number", 0)): each["reason"] for each in entries}


def _test_all(waiting: Sequence[Mutant], tests: set[str], options: argparse.Namespace) -> None:
    """Test every mutant in one of the workers."""
    children, workers = [], options.workers
    for number in range(min(workers, len(waiting))):
        if (child := os.fork()) == 0:
            _work(waiting[number::workers], number, CoverageMap(FOLDER, tests), options)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def _work(mutants: Sequence[Mutant], number: int, coverage: CoverageMap, options: argparse.Namespace) -> None:
    folder = FOLDER / f"worker-{number}"
    folder.mkdir(exist_ok=True)
    with shared_stores() as urls, (FOLDER / f"results-{number}.jsonl").open("a") as results:
        worker = Worker(folder, urls, coverage.seconds)
        for mutant in mutants[: options.control]:
            if (unchanged := worker.run(None, sorted(coverage.tests_of(mutant)), options.seconds)).found:
                sys.stderr.write(f"fails without a change: {unchanged.reason}\n")
        for mutant in mutants:
            result = worker.run(mutant, sorted(coverage.tests_of(mutant)), options.seconds)
            results.write(json.dumps({"key": mutant.key, "at": time.time(), **result._asdict()}) + "\n")
            results.flush()


def _report(chosen: Sequence[Mutant], results: dict[Key, dict[str, Any]], accepted: dict[Key, str]) -> int:
    """Print the survivors and a table. Return 1 if tests have found too few mutants."""
    out = sys.stdout
    tested = [each for each in chosen if each.key in results and each.key not in accepted]
    for mutant in tested:
        if not results[mutant.key]["found"]:
            out.write(f"{mutant}  ({results[mutant.key]['reason']})\n")
    out.write("| group | mutants | accepted | tested | found | |\n|---|---|---|---|---|---|\n")
    for name in [*GROUPS, ""]:
        of_group = [each for each in chosen if name in ("", each.group)]
        known = [each for each in tested if name in ("", each.group)]
        found = sum(results[each.key]["found"] for each in known)
        number = sum(each.key in accepted for each in of_group)
        share = f"{found / len(known):.1%}" if known else ""
        out.write(f"| {name or 'all'} | {len(of_group)} | {number} | {len(known)} | {found} | {share} |\n")
    return int(not tested or sum(results[each.key]["found"] for each in tested) < TARGET * len(tested))


if __name__ == "__main__":
    sys.exit(main())
