"""Starts the web page over a number of tasks, and a browser, for the suites `web` and `use`."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from tests.acceptance.web.chromium import ARGUMENTS, chromium
from tests.acceptance.web.site import Site
from tools.page import WEB, build

_TIMEOUT_MS = 30_000


@asynccontextmanager
async def site_and_browser(count: int) -> AsyncIterator[tuple[Site, Browser]]:
    """Build the web page if its sources have changed, and yield a service with `count` tasks and a browser."""
    await asyncio.to_thread(build, WEB)
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder)) as site:
        await asyncio.to_thread(site.replace_tasks, count)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False
            )
            expect.set_options(timeout=_TIMEOUT_MS)
            yield site, browser
            await browser.close()
