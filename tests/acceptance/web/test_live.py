"""Live: two tabs agree; a service, a line or a Redis that is gone is said, and all is well once it is back."""

from playwright.async_api import BrowserContext, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site
from tests.acceptance.web.test_access import findings
from tests.acceptance.web.watch import Watch

# What Chromium says of a request or a WebSocket to nobody.
NOBODY = "net::ERR|WebSocket connection to|Failed to load resource"


async def test_two_tabs_agree(site: Site, open_tab: OpenTab) -> None:
    await site.create("Write the letter", "Send the parcel")
    one, two = TaskList(await open_tab("/")), TaskList(await open_tab("/"))
    for tasks in (one, two):
        await tasks.shows("Send the parcel", "Write the letter")
        await tasks.connected()
    await one.edit("Write the letter", "Write two letters")
    await two.shows("Send the parcel", "Write two letters")
    await two.row("Send the parcel").get_by_role("button", name="Complete").click()
    for tasks in (one, two):
        await tasks.counts(Done=1, To_do=1)
    await expect(one.row("Send the parcel").get_by_role("button", name="Reopen")).to_be_visible()
    await one.tab.bring_to_front()
    await one.tab.keyboard.press("Home")
    await one.tab.keyboard.press("Delete")
    for tasks in (one, two):
        await tasks.shows("Write two letters")
        await tasks.counts(All=1)


async def test_the_service_is_gone_and_comes_back(site: Site, open_tab: OpenTab, watch: Watch) -> None:
    watch.allow(NOBODY)
    await site.create("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.shows("Write the letter")
    await tasks.connected()
    site.stop()
    try:
        await expect(tasks.banner).to_contain_text("Offline")
        await tasks.edit("Write the letter", "Kept while away")
        await expect(tasks.says("cannot be reached, so nothing was saved")).to_be_visible()
        await expect(tasks.row("Write the letter")).to_contain_text("Not saved")
        assert await findings(tasks.tab) == []
    finally:
        site.start()
    await expect(tasks.banner).to_be_hidden()
    await tasks.connected()
    # What was written while the tab was away is there without a reload.
    await tasks.row("Write the letter").get_by_role("button", name="Not saved").click()
    field = tasks.grid.get_by_role("textbox", name="Title")
    await expect(field).to_have_value("Kept while away")
    await field.press("Enter")
    await tasks.shows("Kept while away")


async def test_what_happened_while_the_line_was_gone_is_fetched(
    site: Site, context: BrowserContext, open_tab: OpenTab, watch: Watch
) -> None:
    watch.allow(NOBODY)
    await site.create("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.shows("Write the letter")
    await tasks.connected()
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    await site.create("Somebody else's", status="DONE")
    await context.set_offline(False)
    await expect(tasks.banner).to_be_hidden()
    await tasks.counts(All=2, Done=1)
    await tasks.tab.get_by_role("button", name="1 new, show").click()
    await tasks.shows("Somebody else's", "Write the letter")


async def test_without_redis_it_says_so_and_goes_on(site: Site, open_tab: OpenTab) -> None:
    await site.create("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.shows("Write the letter")
    site.stop_redis()
    try:
        await expect(tasks.banner).to_contain_text("Redis is not in use")
        assert await findings(tasks.tab) == []
        await tasks.edit("Write the letter", "Written without Redis")
        await tasks.shows("Written without Redis")
    finally:
        site.start_redis()
    await expect(tasks.banner).to_be_hidden()
    await tasks.tab.reload()
    await tasks.shows("Written without Redis")
