"""Tests keys and clicks in the sidebar, and quick changes in the dialog of lists."""

import asyncio
import re

from playwright.async_api import Locator, Page, Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.test_views import entry, lists_with_tasks, sidebar

DELAY_SECONDS = 0.3
RENAME = """mutation ($id: ID!) {
  updateTaskList(input: { id: $id, expectedVersion: 1, name: "Villa" }) { userErrors { code } }
}"""
LISTS = "{ taskLists(first: 10) { nodes { name } } }"


async def delay_answers(tab: Page) -> None:
    async def delay(route: Route) -> None:
        await asyncio.sleep(DELAY_SECONDS)
        await route.continue_()

    await tab.route("**/graphql", delay)


async def test_delete_on_a_list_deletes_no_task(site: Site, open_tab: OpenTab) -> None:
    await lists_with_tasks(site)
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.checkbox("Cut the grass").click()
    await entry(tab, "Garden").focus()
    for key in ("Delete", "Backspace"):
        await tab.keyboard.press(key)
    await tasks.grid.focus()
    await tab.keyboard.press("c")
    await expect(tasks.dialog("New task")).to_be_visible()
    await expect(tasks.rows).to_have_count(4)


async def test_scroll_keys_in_the_sidebar_leave_the_list_alone(site: Site, open_tab: OpenTab) -> None:
    await lists_with_tasks(site)
    tab = await open_tab("/")
    await expect(TaskList(tab).rows).to_have_count(4)
    await entry(tab, "Garden").focus()
    for key in ("PageDown", "PageUp", "End"):
        await tab.keyboard.press(key)
        await expect(entry(tab, "Garden")).to_be_focused()


async def test_the_button_hides_the_sidebar_where_a_click_moves_no_focus(site: Site, open_tab: OpenTab) -> None:
    """Safari gives a button no focus when it is clicked."""
    await lists_with_tasks(site)
    tab = await open_tab("/")
    await expect(entry(tab, "House")).to_have_text("House1")
    click = "button => { document.activeElement.blur(); button.click(); }"
    button = tab.get_by_role("button", name="Lists and saved views")
    await button.evaluate(click)
    await expect(sidebar(tab)).to_be_hidden()
    await button.evaluate(click)
    await expect(sidebar(tab)).to_be_visible()


async def open_lists_dialog(site: Site, open_tab: OpenTab) -> tuple[str, Page, Locator]:
    """Return the id of the list House, the tab, and the dialog."""
    _, house = await lists_with_tasks(site)
    tab = await open_tab("/")
    await expect(entry(tab, "House")).to_have_text("House1")
    await sidebar(tab).get_by_role("button", name="Manage lists").click()
    return house, tab, TaskList(tab).dialog("Lists")


async def test_conflict_is_not_overwritten_by_a_change_that_waited(site: Site, open_tab: OpenTab) -> None:
    house, tab, dialog = await open_lists_dialog(site, open_tab)
    field = dialog.get_by_label(re.compile("Name of the list .*House"))
    await expect(field).to_be_visible()
    await site.execute(RENAME, id=house)
    await delay_answers(tab)
    await field.fill("Home")
    await field.press("Enter")
    await field.press("Tab")  # sends the name once more
    await expect(dialog).to_contain_text("Someone else has changed this list")
    await asyncio.sleep(3 * DELAY_SECONDS)
    assert (await site.execute(LISTS))["taskLists"]["nodes"] == [{"name": "Garden"}, {"name": "Villa"}]


async def test_changes_of_a_list_that_follow_quickly_are_no_conflict(site: Site, open_tab: OpenTab) -> None:
    _, tab, dialog = await open_lists_dialog(site, open_tab)
    field = dialog.get_by_label(re.compile("Name of the list .*House"))
    await expect(field).to_be_visible()
    await delay_answers(tab)
    await field.fill("Home")
    await field.press("Enter")
    await field.press("Tab")  # leaves the field before the answer
    await dialog.get_by_role("button", name=re.compile("Archive the list .*House")).click()
    await expect(dialog.get_by_role("button", name=re.compile("Use the list .*Home.* again"))).to_be_visible()
    await expect(dialog).not_to_contain_text("Someone else")
