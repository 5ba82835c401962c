"""The list: what it shows, in which order, and that the URL knows it: reload and Back bring it back."""

import re

from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site


async def test_without_tasks_it_says_how_to_get_some(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    await expect(tab.get_by_role("heading", name="No tasks yet")).to_be_visible()
    await expect(tab.get_by_role("main").get_by_role("button", name="New task")).to_be_visible()


async def test_status_order_and_search_are_in_the_url(site: Site, open_tab: OpenTab) -> None:
    await site.create("Write the letter")
    await site.create("Send the parcel", status="DONE")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.shows("Send the parcel", "Write the letter")
    await tasks.counts(All=2, To_do=1, In_progress=0, Done=1)
    await expect(tasks.grid).to_have_attribute("aria-rowcount", "2")

    await tab.get_by_label("Order").select_option("Oldest first")
    await tasks.shows("Write the letter", "Send the parcel")
    await expect(tab).to_have_url(re.compile("order=OLDEST"))

    await tab.get_by_role("tab", name="Done").click()
    await tasks.shows("Send the parcel")
    await expect(tab).to_have_url(re.compile("status=DONE"))
    await tab.reload()
    await tasks.shows("Send the parcel")
    await expect(tab.get_by_role("tab", name="Done")).to_have_attribute("aria-selected", "true")

    await tab.go_back()
    await tasks.shows("Write the letter", "Send the parcel")
    await tab.get_by_role("searchbox", name="Search tasks").fill("parc")
    await tasks.shows("Send the parcel")
    await expect(tab).to_have_url(re.compile("q=parc"))
    await tab.go_back()
    await tasks.shows("Write the letter", "Send the parcel")
    await tab.get_by_role("searchbox", name="Search tasks").fill("nowhere")
    await expect(tab.get_by_role("heading", name="Nothing found")).to_be_visible()


async def test_the_open_task_is_in_the_url(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create("Write the letter", description="To the office")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.title("Write the letter").click()
    drawer = tasks.dialog("Task")
    await expect(drawer.get_by_label("Description")).to_have_value("To the office")
    await expect(tab).to_have_url(re.compile(f"task={id_}"))
    await tab.reload()
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")
    await tab.go_back()
    await expect(drawer).to_be_hidden()
    await tab.go_forward()
    await expect(drawer).to_be_visible()


async def test_a_new_task_does_not_push_the_rows(site: Site, open_tab: OpenTab) -> None:
    await site.create("Here already")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.shows("Here already")
    await tasks.connected()
    await site.create("One", "Two")
    await tab.get_by_role("button", name="2 new, show").click()
    await tasks.shows("Two", "One", "Here already")


async def test_insight_says_what_the_cache_did(site: Site, open_tab: OpenTab) -> None:
    await site.create("One", "Two", "Three")
    tab = await open_tab("/")
    await TaskList(tab).shows("Three", "Two", "One")
    await tab.get_by_role("button", name="Insight").click()
    panel = tab.get_by_role("complementary", name="Insight")
    await panel.get_by_role("button", name="Fetch again").click()
    cached = panel.get_by_role("row", name="Found in the cache").get_by_role("cell")
    await expect(cached.nth(1)).to_have_text("3")
    await expect(panel.get_by_role("row", name="SQL queries").get_by_role("cell").nth(1)).to_have_text("0")
    await expect(panel.get_by_role("row", name="Redis round trips").get_by_role("cell").nth(1)).to_have_text("2")
    await panel.get_by_role("button", name="Close insight").click()
    await expect(panel).to_be_hidden()


async def test_dark_without_a_flash(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    await tab.get_by_role("button", name="Dark theme").click()
    html = tab.locator("html")
    await expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
    # Before anything else of the page runs, the scheme stands: a script of the page itself sets it.
    await tab.add_init_script(
        "new MutationObserver(() => document.body && (window.first ??= document.documentElement"
        ".dataset.mantineColorScheme)).observe(document, { childList: true, subtree: true })"
    )
    await tab.reload()
    assert await tab.evaluate("window.first") == "dark"
    await expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
