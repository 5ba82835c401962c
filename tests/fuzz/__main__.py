"""Fuzzes a new service: `python -m tests.fuzz [--count 100000] [--seed 1] [--executor standard]`.

Sends as many generated operations as damaged requests and messages, and a twentieth of it as clients that leave in the
middle of a conversation. Findings lead to exit code 1.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from millitask import __version__
from tests.fuzz.campaign import Report, campaign
from tests.fuzz.hostile_campaign import hostile_campaign
from tests.fuzz.leaving import leaving_campaign
from tests.support.loop_watchdog import watched
from tests.support.service_process import command, resident, serve

# This share of the requests warms up the service. The memory growth counts from then on.
WARM_UP_SHARE = 0.2
MAX_MEMORY_GROWTH = 0.1
# This share of the count is clients that leave.
LEAVING_SHARE = 0.05
# No input may hold the event loop for longer, because all other requests of the worker then wait.
MAX_HOLD_MS = 50


def main() -> int:
    """Run the campaign and print a table of the responses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--executor", choices=["compiled", "standard"], default="compiled")
    options = parser.parse_args()
    report, began = Report(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with serve(data, MILLITASK_LOG_LEVEL="warning", MILLITASK_EXECUTOR=options.executor) as service:
            url = f"http://127.0.0.1:{service.port}/graphql"
            asyncio.run(campaign(url, int(options.count * WARM_UP_SHARE), options.seed, report))
            with watched(service) as watchdog:
                asyncio.run(hostile_campaign(url, options.count, options.seed, report))
                leaving = leaving_campaign(service.port, int(options.count * LEAVING_SHARE), options.seed, report)
                before = resident(service)
                asyncio.run(campaign(url, options.count, options.seed + 10**6, report))
            after = resident(service)
            verified = command(data, "verify")
        report.check_log(service.output.read_text())
    growth = after / before - 1
    out = sys.stdout
    out.write(
        f"| requests, WebSocket messages, clients that left, seed {options.seed} | {report.requests:,}, "
        f"{report.messages:,}, {leaving:,} in {time.monotonic() - began:.0f} s |\n|---|---|\n"
    )
    out.write(f"| statuses | {dict(sorted(report.statuses.items()))} |\n| error codes | {dict(report.codes)} |\n")
    out.write(f"| memory of the worker | {before >> 20} MiB before, {after >> 20} MiB after ({growth:+.1%}) |\n")
    out.write(f"| longest hold of the event loop | {watchdog.longest_hold_ms:.0f} ms of CPU time |\n")
    out.write(f"| verify | exit code {verified.returncode} |\n| findings | {len(report.findings)} |\n")
    for finding in report.findings[:20]:
        out.write(f"\n{finding}\n")
    if verified.returncode:
        out.write(f"\n{verified.stdout}{verified.stderr}\n")
    is_held = watchdog.longest_hold_ms > MAX_HOLD_MS
    return int(bool(report.findings) or is_held or verified.returncode != 0 or growth > MAX_MEMORY_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
