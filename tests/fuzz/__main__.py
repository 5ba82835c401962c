"""`python -m tests.fuzz [--count 100000] [--seed 1]`: fuzzes a service of its own; status 1 if it found something."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.campaign import Report, campaign
from tests.support.service_process import command, resident, serve

# Of the requests, so many warm the server up before its memory is looked at.
WARM = 0.2
MOST_GROWTH = 0.1


def main() -> int:
    """Runs the campaign and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    report, began = Report(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with serve(data, MILLITASK_LOG_LEVEL="error") as service:
            url = f"http://127.0.0.1:{service.port}/graphql"
            asyncio.run(campaign(url, int(asked.count * WARM), asked.seed, report))
            before = resident(service)
            asyncio.run(campaign(url, asked.count, asked.seed + 10**6, report))
            after = resident(service)
            verified = command(data, "verify")
    growth = after / before - 1
    out = sys.stdout
    out.write(f"| requests, seed {asked.seed} | {report.requests:,} in {time.monotonic() - began:.0f} s |\n|---|---|\n")
    out.write(f"| statuses | {dict(sorted(report.statuses.items()))} |\n| error codes | {dict(report.codes)} |\n")
    out.write(f"| memory of the worker | {before >> 20} MiB, then {after >> 20} MiB ({growth:+.1%}) |\n")
    out.write(f"| verify | status {verified.returncode} |\n| findings | {len(report.findings)} |\n")
    for finding in report.findings[:20]:
        out.write(f"\n{finding}\n")
    if verified.returncode:
        out.write(f"\n{verified.stdout}{verified.stderr}\n")
    return int(bool(report.findings) or verified.returncode != 0 or growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
