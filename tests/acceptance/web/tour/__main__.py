"""Takes the pictures of docs/tutorial/tour.md: `python -m tests.acceptance.web.tour [--count N] [--only NAME,…]`.

Starts a service and stores of its own, and fills them with a million tasks.
"""

import argparse
import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from playwright.async_api import async_playwright, expect

from benchmarks.filters import wait_for_views
from millitask import __version__
from tests.acceptance.web.chromium import ARGUMENTS, chromium, require_fonts
from tests.acceptance.web.site import Site
from tests.acceptance.web.tour.pictures import FOLDER, PICTURES, Picture, take_pictures
from tests.acceptance.web.tour.sample_tasks import insert_sample_tasks
from tools.page import WEB, build

TIMEOUT_MS = 30_000


async def _run(count: int, pictures: tuple[Picture, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder)) as site:
        now = datetime.now(UTC)
        _say(f"Inserting {count:,} tasks …")
        await asyncio.to_thread(site.replace_tasks, count, partial(insert_sample_tasks, now=now))
        await asyncio.to_thread(wait_for_views, site)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False
            )
            expect.set_options(timeout=TIMEOUT_MS)
            async for path in take_pictures(browser, site, now, FOLDER, pictures):
                _say(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
            await browser.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Build the page, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--only", help="names of pictures, separated by commas")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else [picture.name for picture in PICTURES]
    require_fonts()
    build(WEB)
    FOLDER.mkdir(exist_ok=True)
    asyncio.run(_run(options.count, tuple(picture for picture in PICTURES if picture.name in names)))


if __name__ == "__main__":
    main()
