"""Tests that text is saved after an outage, after the tab was closed, and if the browser stores nothing."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.test_editing import record_mutations
from tests.acceptance.web.test_live import CONNECTION_ERRORS

NOT_SAVED_YET = "Not saved yet. The page saves your text when the service is back."
BLOCKED = """
const refuse = { get() { throw new DOMException('The storage is blocked.', 'SecurityError') } }
for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) Object.defineProperty(window, name, refuse)
"""
# A quota of zero means no limit.
TINY_QUOTA_BYTES = 1


@pytest.fixture
def running(site: Site) -> Iterator[None]:
    """Start the service again after the test, if the test has stopped it."""
    yield
    if not site.running:
        site.start()


async def type_in_drawer(tab: Page, title: str, description: str) -> None:
    drawer = TaskList(tab).dialog("Task")
    await drawer.get_by_label("Title").fill(title)
    await drawer.get_by_label("Description").fill(description)


async def warns_before_closing(tab: Page) -> bool:
    """Whether the page would ask before the tab is closed."""
    return bool(await tab.evaluate("!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"))


async def test_text_typed_during_an_outage_is_sent_afterwards(
    site: Site, open_tab: OpenTab, monitor: TabMonitor, running: None
) -> None:
    monitor.allow(CONNECTION_ERRORS)
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    drawer = tasks.dialog("Task")
    await tasks.expect_connected()
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")
    assert not await warns_before_closing(tab)
    site.stop()
    await expect(tasks.banner).to_contain_text("Offline")
    await type_in_drawer(tab, "Write two letters", "To the office")
    await tab.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await tasks.title_link("Write the letter").click()
    await expect(drawer.get_by_label("Title")).to_have_value("Write two letters")
    await expect(drawer.get_by_text(NOT_SAVED_YET)).to_have_count(2)
    assert await axe_findings(tab) == []
    assert await warns_before_closing(tab)
    site.start()
    task = await site.saved_task(id_, version=2)
    assert (task["title"], task["description"]) == ("Write two letters", "To the office")
    await expect(drawer.get_by_text(NOT_SAVED_YET)).to_have_count(0)
    async with asyncio.timeout(30):  # the draft is removed from storage a moment after the answer
        while await warns_before_closing(tab):  # noqa: ASYNC110 (the browser tells it only when asked)
            await asyncio.sleep(0.1)


async def test_new_task_is_created_after_an_outage(
    site: Site, open_tab: OpenTab, monitor: TabMonitor, running: None
) -> None:
    monitor.allow(CONNECTION_ERRORS)
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    await tab.keyboard.press("c")
    dialog = tasks.dialog("New task")
    await dialog.get_by_label("Title").fill("Write the letter")
    site.stop()
    await tab.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(tasks.message("The page creates it when the service is back.")).to_be_visible()
    # Also by another tab, if this one is closed.
    await tab.close()
    site.start()
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_rows("Write the letter")
    await tasks.tab.keyboard.press("c")
    await expect(tasks.dialog("New task").get_by_label("Title")).to_have_value("")


async def test_text_of_a_closed_tab_is_sent_by_the_next_one(
    site: Site, open_tab: OpenTab, monitor: TabMonitor, running: None
) -> None:
    """Text that was being typed when the tab was closed is sent once, by one of three tabs."""
    monitor.allow(CONNECTION_ERRORS)
    [id_] = await site.create_tasks("Write the letter")
    other = await open_tab("/")
    tab = await open_tab(f"/?task={id_}")
    for opened in (other, tab):
        await TaskList(opened).expect_connected()
    await expect(TaskList(tab).dialog("Task").get_by_label("Title")).to_have_value("Write the letter")
    site.stop()
    await type_in_drawer(tab, "Write two letters", "To the office")
    await tab.close()
    site.start()
    tabs = [other, await open_tab(f"/?task={id_}"), await open_tab("/")]
    sent = [record_mutations(opened) for opened in tabs]
    task = await site.saved_task(id_, version=2)
    assert (task["title"], task["description"]) == ("Write two letters", "To the office")
    await expect(TaskList(tabs[1]).dialog("Task").get_by_label("Title")).to_have_value("Write two letters")
    assert sum(map(len, sent)) <= 1


async def test_hanging_change_does_not_block_other_tasks(site: Site, open_tab: OpenTab) -> None:
    held: list[Route] = []

    async def hold_first(route: Route) -> None:
        if held or "mutation" not in (route.request.post_data or ""):
            await route.continue_()
        else:
            held.append(route)

    await site.create_tasks("Write the letter", "Send the parcel")
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_connected()
    await tasks.tab.route("**/graphql", hold_first)
    await tasks.edit_title("Write the letter", "Write two letters")
    await tasks.edit_title("Send the parcel", "Send two parcels")
    other = TaskList(await open_tab("/"))
    await other.expect_rows("Send two parcels", "Write the letter")
    assert await warns_before_closing(tasks.tab)
    await held[0].continue_()
    await other.expect_rows("Send two parcels", "Write two letters")


async def fill_storage(tab: Page) -> None:
    """Make the browser refuse to store anything more for this site."""
    session = await tab.context.new_cdp_session(tab)
    quota: dict[str, Any] = {"origin": await tab.evaluate("location.origin"), "quotaSize": TINY_QUOTA_BYTES}
    await session.send("Storage.overrideQuotaForOrigin", quota)


@pytest.mark.parametrize("kind", ["blocked", "full"])
async def test_page_works_without_storage(
    site: Site, context: BrowserContext, open_tab: OpenTab, monitor: TabMonitor, kind: str
) -> None:
    monitor.allow(CONNECTION_ERRORS)
    monitor.allow("was unable to save color scheme")
    [id_] = await site.create_tasks("Write the letter")
    if kind == "blocked":
        await context.add_init_script(BLOCKED)
    tab = await open_tab("/")
    tasks = TaskList(tab)
    if kind == "full":
        await fill_storage(tab)
    await tasks.expect_connected()
    await tasks.edit_title("Write the letter", "Write two letters")
    await site.saved_task(id_, version=2)
    # Nothing was at risk so far.
    await expect(tasks.message("does not store unsaved text")).to_be_hidden()
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    await tasks.edit_title("Write two letters", "Write three letters")
    await expect(tasks.message("does not store unsaved text")).to_be_visible()
    await context.set_offline(False)
    await tasks.expect_rows("Write three letters")
    await tab.get_by_label("Theme").select_option("Dark")
    await expect(tasks.row("Write three letters")).to_be_visible()


async def test_playground_works_without_storage(context: BrowserContext, open_tab: OpenTab) -> None:
    await context.add_init_script(BLOCKED)
    tab = await open_tab("/graphql")
    await expect(tab.get_by_role("button", name="Execute query")).to_be_visible()
