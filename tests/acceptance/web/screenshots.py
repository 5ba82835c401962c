"""Takes a screenshot of each view, in both themes and on a phone, into reports/web/.

Run it as `python -m tests.acceptance.web.screenshots [number of tasks in the long list]`.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Error, Page, async_playwright, expect

from tests.acceptance.web.chromium import ARGUMENTS, chromium
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.test_accessibility import LONG_TITLE
from tests.acceptance.web.views import VIEWS, View, task_list
from tests.support.service_process import ROOT
from tools.page import WEB, build

TIMEOUT_MS = 10_000
DEFAULT_TASKS = 100_000
# Some animations ignore the setting for reduced motion, so this style stops them.
ANIMATION_MS = 400
REPORTS = ROOT / "reports" / "web"
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SAMPLE_TASKS = (
    ("Order new chairs for the meeting room", "TODO", "LOW"),
    ("Renew the shop's TLS certificate", "IN_PROGRESS", "URGENT"),
    ("Answer the auditors' questions", "IN_PROGRESS", "HIGH"),
    ("Write the minutes of Monday's meeting", "DONE", "NONE"),
    ("Plan the move to the second floor", "TODO", "MEDIUM"),
)


async def no_tasks(tasks: TaskList) -> None:
    await expect(tasks.heading("No tasks yet")).to_be_visible()


async def playground(tasks: TaskList) -> None:
    await tasks.tab.goto("/graphql")
    await expect(tasks.tab.get_by_role("button", name="Execute query")).to_be_visible()
    await tasks.tab.get_by_role("button", name="Execute query").click()
    await expect(tasks.tab.get_by_role("region", name="Result Window")).to_contain_text("totalCount")


async def end_of_list(tasks: TaskList) -> None:
    await task_list(tasks)
    await tasks.grid.focus()
    await tasks.tab.keyboard.press("End")
    await expect(tasks.active_row).to_be_visible()


async def take_screenshots(browser: Browser, url: str, prefix: str, views: tuple[View, ...]) -> None:
    """Take a screenshot of each view, in each theme and size."""
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
            context.set_default_timeout(TIMEOUT_MS)
            for view in views:
                tab = await context.new_page()
                try:
                    await take_screenshot(tab, view, REPORTS / f"{prefix}-{view.__name__}-{size}-{scheme}.png")
                except (AssertionError, Error) as error:  # Some views do not exist on a phone.
                    sys.stderr.write(f"{prefix} {view.__name__} {size}: {str(error).splitlines()[0]}\n")
                await tab.close()
            await context.close()


async def take_screenshot(tab: Page, view: View, path: Path) -> None:
    await tab.goto("/")
    tasks = TaskList(tab)
    if view not in (no_tasks, playground):
        await task_list(tasks)
    await view(tasks)
    await tab.wait_for_timeout(ANIMATION_MS)
    await tab.screenshot(path=path)


async def main(count: int) -> None:
    """Take the screenshots without tasks, with a few tasks, and with `count` tasks."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder)) as site:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False
            )
            expect.set_options(timeout=TIMEOUT_MS)
            await take_screenshots(browser, site.url, "none", (no_tasks,))
            for title, status, priority in SAMPLE_TASKS * 6:
                await site.create_tasks(title, status=status, priority=priority)
            await site.create_tasks(LONG_TITLE, priority="HIGH", expiresAt="2199-01-01T00:00:00Z")
            await take_screenshots(browser, site.url, "some", (*VIEWS, playground))
            await asyncio.to_thread(site.replace_tasks, count)
            await take_screenshots(browser, site.url, "many", (task_list, end_of_list))
            await browser.close()


if __name__ == "__main__":
    build(WEB)
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_TASKS))
