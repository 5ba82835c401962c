"""Tests live updates, and that the page reports outages of the service, the network and Redis, and recovers."""

from playwright.async_api import BrowserContext, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList

# Chromium logs these errors when the service does not answer.
CONNECTION_ERRORS = "net::ERR|WebSocket connection to|Failed to load resource"


async def test_changes_appear_in_another_tab(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter", "Send the parcel")
    one, two = TaskList(await open_tab("/")), TaskList(await open_tab("/"))
    for tasks in (one, two):
        await tasks.expect_rows("Send the parcel", "Write the letter")
        await tasks.expect_connected()
    await one.edit_title("Write the letter", "Write two letters")
    await two.expect_rows("Send the parcel", "Write two letters")
    await two.row("Send the parcel").get_by_role("button", name="Complete").click()
    for tasks in (one, two):
        await tasks.expect_counts(Done=1, To_do=1)
    await expect(one.row("Send the parcel").get_by_role("button", name="Reopen")).to_be_visible()
    await one.tab.bring_to_front()
    await one.tab.keyboard.press("Home")
    await one.tab.keyboard.press("Delete")
    for tasks in (one, two):
        await tasks.expect_rows("Write two letters")
        await tasks.expect_counts(All=1)


async def test_page_recovers_when_the_service_restarts(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    monitor.allow(CONNECTION_ERRORS)
    await site.create_tasks("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_rows("Write the letter")
    await tasks.expect_connected()
    site.stop()
    try:
        await expect(tasks.banner).to_contain_text("Offline")
        await tasks.edit_title("Write the letter", "Typed while offline")
        await expect(tasks.row("Write the letter")).to_contain_text("Unsaved")
        await expect(tasks.tab.get_by_role("button", name="1 not saved yet")).to_be_visible()
        assert await axe_findings(tasks.tab) == []
    finally:
        site.start()
    await expect(tasks.banner).to_be_hidden()
    await tasks.expect_connected()
    # The page saves the text that the person typed during the outage.
    await tasks.expect_rows("Typed while offline")
    await expect(tasks.tab.get_by_role("button", name="not saved yet")).to_be_hidden()


async def test_changes_made_while_offline_are_fetched(
    site: Site, context: BrowserContext, open_tab: OpenTab, monitor: TabMonitor
) -> None:
    monitor.allow(CONNECTION_ERRORS)
    await site.create_tasks("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_rows("Write the letter")
    await tasks.expect_connected()
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    await site.create_tasks("Created elsewhere", status="DONE")
    await context.set_offline(False)
    await expect(tasks.banner).to_be_hidden()
    await tasks.expect_counts(All=2, Done=1)
    await tasks.expect_rows("Created elsewhere", "Write the letter")
    # The whole list is on screen, so nothing is left to show.
    await expect(tasks.tab.get_by_role("button", name="Show 1 new task")).to_be_hidden()


async def test_page_works_without_redis(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_rows("Write the letter")
    site.stop_redis()
    try:
        await expect(tasks.banner).to_contain_text("the service takes longer to answer")
        assert await axe_findings(tasks.tab) == []
        await tasks.edit_title("Write the letter", "Written without Redis")
        await tasks.expect_rows("Written without Redis")
    finally:
        site.start_redis()
    await expect(tasks.banner).to_be_hidden()
    await tasks.tab.reload()
    await tasks.expect_rows("Written without Redis")
