"""Tests that actions apply to the chosen task while other clients change the list."""

import asyncio

from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

DELETE = "mutation ($id: ID!) { deleteTask(input: { id: $id }) { userErrors { code } } }"
RESTORE = "mutation ($id: ID!) { restoreTask(input: { id: $id }) { userErrors { code } } }"


async def test_active_task_stays_active_when_rows_move(site: Site, open_tab: OpenTab) -> None:
    ids = await site.create_tasks(*(f"Task {number}" for number in range(5)))
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    await tasks.expect_rows("Task 4", "Task 3", "Task 2", "Task 1", "Task 0")
    for _ in range(4):
        await tab.keyboard.press("j")
    await expect(tasks.active_row).to_contain_text("Task 1")
    await site.execute(DELETE, id=ids[3])
    await tasks.expect_rows("Task 4", "Task 2", "Task 1", "Task 0")
    await expect(tasks.active_row).to_contain_text("Task 1")
    await tab.keyboard.press("Delete")
    await tasks.expect_rows("Task 4", "Task 2", "Task 0")


async def test_restored_task_can_be_opened_again(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    drawer = tasks.dialog("Task")
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")
    await site.execute(DELETE, id=id_)
    await expect(drawer).to_contain_text("This task was deleted.")
    await tab.keyboard.press("Escape")
    await site.execute(RESTORE, id=id_)
    await tasks.expect_rows("Write the letter")
    await tasks.title_link("Write the letter").click()
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")


async def test_range_selection_includes_rows_off_screen(site: Site, open_tab: OpenTab) -> None:
    """The page fetches the windows between the two rows, both in the list and in a search."""
    await asyncio.to_thread(site.replace_tasks, 320)
    for address in ("/", "/?q=task"):
        tab = await open_tab(address)
        tasks = TaskList(tab)
        await expect(tasks.title_link("Task 1")).to_be_visible()
        for _ in range(50):
            await tab.keyboard.press("j")
        await tab.keyboard.press(" ")
        await expect(tasks.selection_toolbar).to_contain_text("1 selected")
        await expect(tasks.active_row).to_contain_text("Task 50")
        async with asyncio.timeout(60):
            while not await tasks.title_link("Task 320").is_visible():
                await tab.keyboard.press("End")  # In a search, each End key loads one more window.
                await tab.wait_for_timeout(100)
        await tasks.checkbox("Task 320").click(modifiers=["Shift"])
        await expect(tasks.selection_toolbar).to_contain_text("271 selected")
        await tab.close()


async def test_page_up_starts_at_the_visible_rows(site: Site, open_tab: OpenTab) -> None:
    """Page Up ignores an active row that was scrolled out of view."""
    await asyncio.to_thread(site.replace_tasks, 320)
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.title_link("Task 1")).to_be_visible()
    await tab.keyboard.press("j")
    await tasks.grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight }")
    await expect(tasks.title_link("Task 320")).to_be_visible()
    await tab.keyboard.press("PageUp")
    await expect(tasks.title_link("Task 290")).to_be_visible()
    await expect(tasks.title_link("Task 1")).to_be_hidden()
