"""Tests the first seconds of the page, in which it has not loaded the parts that it needs later."""

import asyncio

from playwright.async_api import BrowserContext, Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.test_live import CONNECTION_ERRORS
from tests.acceptance.web.test_parts import NOT_LOADED, remove_later_chunks


async def test_text_typed_offline_before_the_form_was_loaded_is_in_the_form_later(
    site: Site, context: BrowserContext, open_tab: OpenTab, monitor: TabMonitor
) -> None:
    monitor.allow(f"404|{CONNECTION_ERRORS}")
    await site.create_tasks("Write the letter")
    tab = await open_tab("about:blank")
    bring_back = await remove_later_chunks(tab, site.url)  # on a slow machine, the page may load parts by itself
    await tab.goto("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter")
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    await tab.keyboard.press("c")
    await tab.keyboard.type("Send the")
    failure = tasks.dialog(NOT_LOADED)
    await expect(failure).to_be_focused()
    await tab.keyboard.type(" parcel")
    await failure.get_by_role("button", name="Try again").press("Space")
    await expect(failure).to_be_focused()
    await tasks.expect_rows("Write the letter")
    await bring_back()
    await context.set_offline(False)
    title = tasks.dialog("New task").get_by_label("Title")
    await expect(title).to_have_value("Send the parcel")
    await expect(title).to_be_focused()


async def test_keys_pressed_before_the_page_has_its_shortcuts_count(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("about:blank")
    # The page waits for the session if the service required identity at the last visit.
    await tab.add_init_script("localStorage.setItem('millitask.session', 'required')")
    asked, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await released.wait()
        await route.continue_()

    await tab.route("**/session", hold)
    await tab.goto("/")
    await asked.wait()
    await tab.keyboard.press("c")
    await tab.keyboard.type("Send the parcel")
    released.set()
    await expect(TaskList(tab).dialog("New task").get_by_label("Title")).to_have_value("Send the parcel")
