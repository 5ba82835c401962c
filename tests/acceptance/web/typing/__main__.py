"""Runs typing sessions with faults: `python -m tests.acceptance.web.typing [--count 500] [--seed 1] [--faults a,b]`.

Prints each session that lost a keystroke, and how to run it again. A lost keystroke leads to exit code 1.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from playwright.async_api import async_playwright, expect

from millitask import __version__
from tests.acceptance.web.chromium import ARGUMENTS, chromium
from tests.acceptance.web.site import Site
from tests.acceptance.web.typing.faults import KINDS
from tests.acceptance.web.typing.session import Outcome, run_session
from tools import page as building

PROGRESS_EVERY = 10
EXPECT_TIMEOUT_MS = 30_000  # suits a busy machine


async def _campaign(seeds: list[str], kinds: frozenset[str], outcomes: list[Outcome]) -> None:
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder)) as site:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False
            )
            for seed in seeds:
                outcomes.append(outcome := await run_session(site, browser, seed, kinds))
                if outcome.lost:
                    _say(f"session {outcome.seed} lost {outcome.lost}\n  {', '.join(outcome.steps)}")
                if len(outcomes) % PROGRESS_EVERY == 0:
                    _say(f"{len(outcomes)} of {len(seeds)} sessions")
            await browser.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the campaign and print its totals, also if Ctrl C ends it early."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first session, to repeat a later one")
    parser.add_argument("--faults", default=",".join(KINDS))
    options = parser.parse_args()
    building.build(building.WEB)
    expect.set_options(timeout=EXPECT_TIMEOUT_MS)
    seeds = [f"{options.seed}-{number}" for number in range(options.first, options.first + options.count)]
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with suppress(KeyboardInterrupt):
        asyncio.run(_campaign(seeds, frozenset(options.faults.split(",")), outcomes))
    lost = sum(sum(outcome.lost.values()) for outcome in outcomes)
    typed = sum(outcome.keystrokes for outcome in outcomes)
    _say(
        f"{len(outcomes)} sessions, seed {options.seed}, {time.monotonic() - began:.0f} s: "
        f"{typed:,} keystrokes, {lost} lost. Faults: {options.faults}"
    )
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
