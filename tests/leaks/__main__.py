"""Tries to reach foreign workspaces: `python -m tests.leaks [--count 100000] [--seed 1]`. Findings lead to exit code 1.

The table compares the times of responses about something foreign with those about something unknown: the medians, and
the largest distance between the two distributions (Kolmogorov-Smirnov; about 1.4 divided by the root of half the number
of attempts is chance).
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from bisect import bisect_right
from pathlib import Path

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from db.migrations import migrate
from millitask import __version__
from tests.leaks.campaign import Report, campaign
from tests.leaks.world import world

SPARE_TASKS = 2000


def distance(first: list[int], second: list[int]) -> float:
    """Return the largest distance between two distributions: 0 for equal ones, 1 without an overlap."""
    a, b = sorted(first), sorted(second)
    return max(abs(bisect_right(a, value) / len(a) - bisect_right(b, value) / len(b)) for value in (*a, *b))


async def run(database_url: str, redis_url: str, count: int, seed: int) -> Report:
    """Run the campaign on empty stores."""
    report = Report()
    async with world(database_url, redis_url, seed, SPARE_TASKS) as made:
        await campaign(made, count, report)
    return report


def main() -> int:
    """Run the campaign and print a table of the attempts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=None, redis_url=None, data_dir=Path(folder))
        with EmbeddedStores(settings, durable=False) as stores:
            migrate(stores.database_url)
            report = asyncio.run(run(stores.database_url, stores.redis_url, options.count, options.seed))
    out = sys.stdout
    out.write("| attempt | number | foreign, ms | unknown, ms | distance | chance |\n|---|---|---|---|---|---|\n")
    for kind, number in sorted(report.attempts.items()):
        if pairs := report.nanoseconds.get(kind):
            foreign, unknown = ([pair[which] for pair in pairs] for which in (0, 1))
            medians = " | ".join(f"{statistics.median(values) / 1e6:.3f}" for values in (foreign, unknown))
            chance = 1.36 * (2 / len(pairs)) ** 0.5
            out.write(f"| {kind} | {number:,} | {medians} | {distance(foreign, unknown):.3f} | {chance:.3f} |\n")
        else:
            out.write(f"| {kind} | {number:,} | | | | |\n")
    seconds = time.monotonic() - began
    out.write(f"| all, seed {options.seed}, in {seconds:.0f} s | {report.attempts.total():,} | | | | |\n")
    out.write(f"\nstatuses: {dict(report.statuses)}\nleaks: {len(report.findings)}\n")
    for finding in report.findings[:20]:
        out.write(f"\n{finding}\n")
    return int(bool(report.findings))


if __name__ == "__main__":
    sys.exit(main())
