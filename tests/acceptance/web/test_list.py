"""Tests the task list: its rows, their order, and the state in the URL, which reload and Back restore."""

import re

from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList


async def test_empty_list_offers_to_create_a_task(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    await expect(tab.get_by_role("heading", name="No tasks yet")).to_be_visible()
    await expect(tab.get_by_text("Press C to create the first one.")).to_be_visible()
    await expect(tab.get_by_role("main").get_by_role("button", name="New task")).to_be_visible()


async def test_status_order_and_search_are_kept_in_the_url(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    await site.create_tasks("Send the parcel", status="DONE")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await tasks.expect_counts(All=2, To_do=1, In_progress=0, Done=1)
    await expect(tasks.grid).to_have_attribute("aria-rowcount", "2")

    await tab.get_by_label("Sort order").select_option("Oldest first")
    await tasks.expect_rows("Write the letter", "Send the parcel")
    await expect(tab).to_have_url(re.compile("order=OLDEST"))

    await tasks.status_tab("Done").click()
    await tasks.expect_rows("Send the parcel")
    await expect(tab).to_have_url(re.compile("status=DONE"))
    await tab.reload()
    await tasks.expect_rows("Send the parcel")
    await expect(tasks.status_tab("Done")).to_have_attribute("aria-selected", "true")

    await tab.go_back()
    await tasks.expect_rows("Write the letter", "Send the parcel")
    await tasks.search_field.fill("parc")
    await tasks.expect_rows("Send the parcel")
    await expect(tab).to_have_url(re.compile("q=parc"))
    await tab.go_back()
    await tasks.expect_rows("Write the letter", "Send the parcel")
    await tasks.search_field.fill("nowhere")
    await expect(tasks.heading("No matching tasks")).to_be_visible()


async def test_open_task_is_kept_in_the_url(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter", description="To the office")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.title_link("Write the letter").click()
    drawer = tasks.dialog("Task")
    await expect(tasks.description).to_contain_text("To the office")
    await expect(tab).to_have_url(re.compile(f"task={id_}"))
    await tab.reload()
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")
    await tab.go_back()
    await expect(drawer).to_be_hidden()
    await tab.go_forward()
    await expect(drawer).to_be_visible()


async def test_new_tasks_are_announced_without_moving_rows(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Existing")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Existing")
    await tasks.expect_connected()
    await site.create_tasks("One", "Two")
    await tab.get_by_role("button", name="Show 2 new tasks").click()
    await tasks.expect_rows("Two", "One", "Existing")


async def test_request_metrics_show_cache_hits_and_queries(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("One", "Two", "Three")
    tab = await open_tab("/")
    await TaskList(tab).expect_rows("Three", "Two", "One")
    await tab.keyboard.press("i")
    panel = tab.get_by_role("complementary", name="Request metrics")
    await panel.get_by_role("button", name="Refetch").click()
    hits = panel.get_by_role("row", name="Cache hits").get_by_role("cell")
    await expect(hits.nth(1)).to_have_text("3")
    await expect(panel.get_by_role("row", name="SQL queries").get_by_role("cell").nth(1)).to_have_text("0")
    await expect(panel.get_by_role("row", name="Redis round trips").get_by_role("cell").nth(1)).to_have_text("1")
    await panel.get_by_role("button", name="Close request metrics").click()
    await expect(panel).to_be_hidden()


async def test_dark_theme_loads_without_a_flash(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    await tab.get_by_label("Theme").select_option("Dark")
    html = tab.locator("html")
    await expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
    # Record the colour scheme when the body appears. An inline script must have set the scheme before that.
    await tab.add_init_script(
        "new MutationObserver(() => document.body && (window.first ??= document.documentElement"
        ".dataset.mantineColorScheme)).observe(document, { childList: true, subtree: true })"
    )
    await tab.reload()
    assert await tab.evaluate("window.first") == "dark"
    await expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
