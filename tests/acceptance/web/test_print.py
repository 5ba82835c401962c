"""Tests what the browser prints: the rows on screen, up to 1,000 tasks, or the open task."""

import asyncio
import re
from typing import Literal

import pytest
from playwright.async_api import Page, Route, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.test_accessibility import LONG_TITLE

TASKS = 1_234
# Browsers without a window open no print dialog.
RECORD_PRINT = "window.print = () => { window.printCalled = true }"


# What was on the sheet when it was printed. This listener runs before that of the page.
COUNT_ROWS = (
    "addEventListener('afterprint', () => { window.printedRows = document.querySelectorAll('tbody tr').length })"
)


async def printed_pages(tab: Page) -> int:
    """Print the tab as its menu does. Returns the number of pages."""
    return len(re.findall(rb"/Type\s*/Page\b", await tab.pdf(format="A4")))


async def run_print_command(tab: Page) -> None:
    await tab.keyboard.press("Control+k")
    await tab.get_by_label("Command", exact=True).fill("print")
    await tab.keyboard.press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_rows_on_screen_are_printed(site: Site, open_tab: OpenTab, scheme: Literal["light", "dark"]) -> None:
    await asyncio.to_thread(site.replace_tasks, TASKS)
    tab = await open_tab("about:blank")
    await tab.emulate_media(color_scheme=scheme)
    await tab.add_init_script(COUNT_ROWS)
    await tab.goto("/?row=501")
    tasks = TaskList(tab)
    await expect(tasks.row("Task 501")).to_be_in_viewport()
    assert await printed_pages(tab) == 1
    assert 15 < await tab.evaluate("window.printedRows") < 25
    await tab.emulate_media(media="print")
    table = tab.get_by_role("table")
    rows = table.get_by_role("row")
    await expect(rows.nth(1)).to_contain_text("Task 501")
    last = 501 + await rows.count() - 2
    await expect(tab.get_by_role("heading", level=1)).to_have_text("All tasks")
    await expect(tab.get_by_text(f"Tasks 501 to {last:,} of 1,234 · Newest first")).to_be_visible()
    await expect(tab.get_by_text(f"{site.url}/?row=501")).to_be_visible()
    assert await tab.get_by_role("button").or_(tab.get_by_role("textbox")).or_(tab.get_by_role("grid")).count() == 0
    assert await tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    await expect(rows.nth(1)).to_have_css("color", "rgb(0, 0, 0)")
    assert await axe_findings(tab) == []
    # The list is where it was.
    await tab.emulate_media(media="null", color_scheme=scheme)
    await expect(tasks.row("Task 501")).to_be_in_viewport()
    await expect(table).to_be_hidden()


async def test_a_thousand_tasks_are_printed_on_request(site: Site, open_tab: OpenTab) -> None:
    await asyncio.to_thread(site.replace_tasks, TASKS)
    tab = await open_tab("about:blank")
    await tab.add_init_script(RECORD_PRINT)
    await tab.goto("/?order=OLDEST")
    await expect(TaskList(tab).row("Task 1234")).to_be_visible()
    await run_print_command(tab)
    await expect(tab.get_by_role("region", name="Bulk change")).to_be_visible()
    async with asyncio.timeout(30):
        while not await tab.evaluate("window.printCalled ?? false"):  # noqa: ASYNC110 - no event says this
            await asyncio.sleep(0.05)
    await tab.emulate_media(media="print")
    rows = tab.get_by_role("table").get_by_role("row")
    await expect(rows).to_have_count(1_001)
    await expect(rows.nth(1)).to_contain_text("Task 1234")
    await expect(rows.last).to_contain_text("Task 235")
    await expect(tab.get_by_text("The first 1,000 of 1,234 tasks · Oldest first")).to_be_visible()
    assert 15 < await printed_pages(tab) < 40
    # The next print is one of the rows on screen again.
    await tab.emulate_media(media="null")
    assert await printed_pages(tab) == 1


async def start_loading(site: Site, open_tab: OpenTab) -> tuple[Page, asyncio.Queue[Route]]:
    """Ask to print 300 tasks. Returns the tab, and the requests that load the tasks, which wait to be continued."""
    await asyncio.to_thread(site.replace_tasks, 300)
    tab = await open_tab("about:blank")
    await tab.add_init_script(RECORD_PRINT)
    await tab.goto("/")
    await expect(TaskList(tab).row("Task 1")).to_be_visible()
    held: asyncio.Queue[Route] = asyncio.Queue()

    async def hold(route: Route) -> None:
        if "BulkViewPage" in (route.request.post_data or "") or "BulkViewPage" in route.request.url:
            await held.put(route)
        else:
            await route.continue_()

    await tab.route("**/graphql**", hold)
    await run_print_command(tab)
    return tab, held


async def test_printed_heading_is_that_of_the_loaded_tasks(site: Site, open_tab: OpenTab) -> None:
    """The person may look at another view while the tasks are loaded."""
    tab, held = await start_loading(site, open_tab)
    first = await held.get()
    await TaskList(tab).status_tab("Done").click()
    await expect(tab).to_have_title("Done – Millitask")
    await first.continue_()
    for _ in range(2):
        await (await held.get()).continue_()
    await expect(tab.get_by_role("region", name="Bulk change")).to_be_hidden()
    await tab.emulate_media(media="print")
    await expect(tab.get_by_role("heading", level=1)).to_have_text("All tasks")
    await expect(tab.get_by_role("table").get_by_role("row")).to_have_count(301)
    await expect(tab.get_by_text(re.compile("^300 tasks · Newest first"))).to_be_visible()
    await expect(tab.get_by_text(f"{site.url}/", exact=True)).to_be_visible()


async def test_loading_for_print_is_cancelled(site: Site, open_tab: OpenTab) -> None:
    tab, held = await start_loading(site, open_tab)
    progress = tab.get_by_role("region", name="Bulk change")
    await expect(progress).to_contain_text("Loading 0 of 300 tasks")
    first = await held.get()
    await progress.get_by_role("button", name="Stop").click()
    await first.continue_()
    await expect(progress).to_be_hidden()
    assert not await tab.evaluate("window.printCalled ?? false")


async def test_open_task_is_printed(site: Site, open_tab: OpenTab) -> None:
    description = "Call **Ada**\n\n- tickets\n- [the plan](https://plan.example)"
    [id_] = await site.create_tasks(LONG_TITLE, description=description, priority="HIGH")
    tab = await open_tab("about:blank")
    await tab.emulate_media(color_scheme="dark")
    await tab.goto(f"/?task={id_}")
    await expect(TaskList(tab).description.locator("strong")).to_have_text("Ada")
    assert await printed_pages(tab) == 1
    await tab.emulate_media(media="print")
    await expect(tab.get_by_role("heading", level=1)).to_have_text(LONG_TITLE.strip())
    await expect(tab.locator("strong").filter(visible=True)).to_have_text("Ada")
    await expect(tab.get_by_role("listitem")).to_have_text(["tickets", "the plan"])
    await expect(tab.get_by_role("definition")).to_contain_text(["To do", "High", "Never"])
    assert await tab.get_by_role("textbox").or_(tab.get_by_role("button")).count() == 0
    assert await axe_findings(tab) == []
