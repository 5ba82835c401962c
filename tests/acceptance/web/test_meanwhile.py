"""What others do while somebody is at work: the task that is meant stays the one that is meant."""

import asyncio

from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site

DELETE = "mutation ($id: ID!) { deleteTask(input: { id: $id }) { userErrors { code } } }"
RESTORE = "mutation ($id: ID!) { restoreTask(input: { id: $id }) { userErrors { code } } }"


async def test_the_active_task_stays_active(site: Site, open_tab: OpenTab) -> None:
    ids = await site.create(*(f"Task {number}" for number in range(5)))
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.connected()
    await tasks.shows("Task 4", "Task 3", "Task 2", "Task 1", "Task 0")
    for _ in range(4):
        await tab.keyboard.press("j")
    await expect(tasks.grid.locator("[data-active=true]")).to_contain_text("Task 1")
    await site.ask(DELETE, id=ids[3])
    await tasks.shows("Task 4", "Task 2", "Task 1", "Task 0")
    await expect(tasks.grid.locator("[data-active=true]")).to_contain_text("Task 1")
    await tab.keyboard.press("Delete")
    await tasks.shows("Task 4", "Task 2", "Task 0")


async def test_a_task_that_was_gone_is_opened(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    await tasks.connected()
    drawer = tasks.dialog("Task")
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")
    await site.ask(DELETE, id=id_)
    await expect(drawer).to_contain_text("This task is gone")
    await tab.keyboard.press("Escape")
    await site.ask(RESTORE, id=id_)
    await tasks.shows("Write the letter")
    await tasks.title("Write the letter").click()
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")


async def test_a_range_over_rows_that_are_not_on_screen(site: Site, open_tab: OpenTab) -> None:
    """The rows between are asked for; each is selected by its place, in the list and in a search."""
    await asyncio.to_thread(site.fill, 320)
    for address in ("/", "/?q=task"):
        tab = await open_tab(address)
        tasks = TaskList(tab)
        await expect(tasks.title("Task 1")).to_be_visible()
        for _ in range(50):
            await tab.keyboard.press("j")
        await tab.keyboard.press(" ")
        await expect(tasks.selected).to_contain_text("1 selected")
        await expect(tasks.grid.locator("[data-active=true]")).to_contain_text("Task 50")
        for _ in range(12):  # a search goes on where it ends so far
            await tab.keyboard.press("End")
            if await tasks.title("Task 320").is_visible():
                break
            await tab.wait_for_timeout(300)
        await tasks.row("Task 320").get_by_role("checkbox").click(modifiers=["Shift"])
        await expect(tasks.selected).to_contain_text("271 selected")
        await tab.close()


async def test_a_page_back_begins_where_the_reader_is(site: Site, open_tab: OpenTab) -> None:
    """Wherever the active row has been left behind."""
    await asyncio.to_thread(site.fill, 320)
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.title("Task 1")).to_be_visible()
    await tab.keyboard.press("j")
    await tasks.grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight }")
    await expect(tasks.title("Task 320")).to_be_visible()
    await tab.keyboard.press("PageUp")
    await expect(tasks.title("Task 290")).to_be_visible()
    await expect(tasks.title("Task 1")).to_be_hidden()
