"""Compares compiled operations with graphql-core: `python -m tests.fuzz.differential [--count 1000000] [--seed 1]`.

Differences lead to exit code 1.
"""

import argparse
import asyncio
import sys
import time
import warnings
from types import CoroutineType
from typing import Any

from millitask import __version__
from tests.fuzz.differential.campaign import SUBJECTS, Report, run

# Each round has a seed of its own, with which it can be run again.
ROUND = 10_000


def main() -> int:
    """Run the campaign on all schemas, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--count", type=int, default=1_000_000, help="operations in total")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    ignore_cancelled_coroutines()
    began, out, findings = time.monotonic(), sys.stdout, 0
    out.write(
        "| schema | operations | with errors | fast variables | not compiled | differences |\n"
        "|---|---|---|---|---|---|\n"
    )
    for name, subject in SUBJECTS.items():
        report, of_schema = Report(), subject()
        count = options.count // len(SUBJECTS)
        for index, start in enumerate(range(0, count, ROUND)):
            asyncio.run(run(of_schema, min(ROUND, count - start), options.seed + index, report))
        findings += len(report.findings)
        out.write(
            f"| {name} | {report.compiled:,} | {report.with_errors:,} | {report.decoded:,} | "
            f"{dict(report.not_compiled) or 0} | {len(report.findings)} |\n"
        )
        for finding in report.findings:
            out.write(f"\n{finding}\n")
    out.write(f"\n{time.monotonic() - began:.0f} s, seed {options.seed}\n")
    return int(findings > 0)


def ignore_cancelled_coroutines() -> None:
    """Suppress warnings about coroutines that both executors cancel, before they start, when a sibling fails."""
    report = sys.unraisablehook
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)

    def hook(args: Any) -> None:
        if not isinstance(args.object, CoroutineType):
            report(args)

    sys.unraisablehook = hook


if __name__ == "__main__":
    sys.exit(main())
