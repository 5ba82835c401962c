"""`python -m tests.acceptance.web.screenshots [tasks]`: a picture of each view, light, dark and on a phone, into reports/web/."""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Error, Page, async_playwright, expect

from tests.support.service_process import ROOT
from tests.acceptance.web.chromium import (ARGUMENTS, chromium)
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site
from tests.acceptance.web.test_access import (LONG, drawer, found_nothing, help_, insight, listed, new, palette, selecting)
from tools.page import (WEB, build)

PATIENCE_MS = 10_000
REPORTS = ROOT / "reports" / "web"
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
View = Callable[[TaskList], Awaitable[None]]
VIEWS: tuple[View, ...] = (listed, drawer, new, help_, palette, selecting, insight, found_nothing)
SAMPLES = (
    ("Order new chairs for the meeting room", "TODO", "LOW"),
    ("Renew the certificate of the shop", "IN_PROGRESS", "URGENT"),
    ("Answer the questions of the auditors", "IN_PROGRESS", "HIGH"),
    ("Write the minutes of Monday", "DONE", "NONE"),
    ("Plan the move to the second floor", "TODO", "MEDIUM"),
)


async def empty(tasks: TaskList) -> None:
    await expect(tasks.tab.get_by_role("heading", name="No tasks yet")).to_be_visible()


async def playground(tasks: TaskList) -> None:
    await tasks.tab.goto("/graphql")
    await expect(tasks.tab.get_by_role("button", name="Execute query")).to_be_visible()
    await tasks.tab.get_by_role("button", name="Execute query").click()
    await expect(tasks.tab.get_by_role("region", name="Result Window")).to_contain_text("totalCount")


async def last(tasks: TaskList) -> None:
    await listed(tasks)
    await tasks.grid.focus()
    await tasks.tab.keyboard.press("End")
    await expect(tasks.grid.locator("[data-active=true]")).to_be_visible()


async def take(browser: Browser, url: str, prefix: str, views: tuple[View, ...]) -> None:
    """Each view in each theme and size."""
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            context = await browser.new_context(
                base_url=url,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
                device_scale_factor=2 if size == "phone" else 1,
                has_touch=size == "phone",
                is_mobile=size == "phone",
            )
            context.set_default_timeout(PATIENCE_MS)
            for view in views:
                tab = await context.new_page()
                try:
                    await picture(tab, view, REPORTS / f"{prefix}-{view.__name__.strip('_')}-{size}-{scheme}.png")
                except (AssertionError, Error) as error:  # one view that is not there on a phone
                    sys.stderr.write(f"{prefix} {view.__name__} {size}: {str(error).splitlines()[0]}\n")
                await tab.close()
            await context.close()


async def picture(tab: Page, view: View, path: Path) -> None:
    await tab.goto("/")
    tasks = TaskList(tab)
    if view not in (empty, playground):
        await listed(tasks)
    await view(tasks)
    await tab.wait_for_timeout(400)  # until nothing moves any more; a picture, not a test
    await tab.screenshot(path=path)


async def main(count: int) -> None:
    """Without tasks, with a few, and with many."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder)) as site:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False
            )
            expect.set_options(timeout=PATIENCE_MS)
            await take(browser, site.url, "none", (empty,))
            for title, status, priority in SAMPLES * 6:
                await site.create(title, status=status, priority=priority)
            await site.create(LONG, priority="HIGH", expiresAt="2199-01-01T00:00:00Z")
            await take(browser, site.url, "some", (*VIEWS, playground))
            await asyncio.to_thread(site.fill, count)
            await take(browser, site.url, "many", (listed, last))
            await browser.close()


if __name__ == "__main__":
    build(WEB)
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
