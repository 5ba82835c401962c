"""Tests keyboard use: every dialog opens, works, and returns the focus to the list."""

from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList


async def test_session_without_a_mouse(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks, press, write = TaskList(tab), tab.keyboard.press, tab.keyboard.type
    await expect(tasks.heading("No tasks yet")).to_be_visible()
    for title in ("First", "Second", "Third"):
        await press("c")
        await expect(tasks.dialog("New task").get_by_label("Title")).to_be_focused()
        await write(title)
        await press("Enter")
        await expect(tasks.dialog("New task")).to_be_hidden()
        await expect(tasks.row(title)).to_be_visible()
    await tasks.expect_rows("Third", "Second", "First")

    await press("Home")
    await press("j")
    await expect(tasks.row("Second")).to_have_attribute("data-active", "true")
    await expect(tasks.grid).to_be_focused()
    await press("e")
    await expect(tasks.grid.get_by_role("textbox", name="Title")).to_be_focused()
    await write("Second edited")
    await press("Enter")
    await tasks.expect_rows("Third", "Second edited", "First")
    await expect(tasks.grid).to_be_focused()

    await press("Enter")
    drawer = tasks.dialog("Task")
    await expect(drawer.get_by_label("Title")).to_be_focused()
    # Shortcuts are off while the focus is in a text field.
    await press("End")
    await write(" x j c")
    await press("Escape")
    await expect(drawer).to_be_hidden()
    await tasks.expect_rows("Third", "Second edited x j c", "First")
    await expect(tasks.grid).to_be_focused()

    await press("Space")
    await press("Shift+ArrowDown")
    await expect(tasks.selection_toolbar).to_contain_text("2 selected")
    await press("Escape")
    await expect(tasks.selection_toolbar).to_be_hidden()
    await press("/")
    await expect(tasks.search_field).to_be_focused()
    await write("edited")
    await tasks.expect_rows("Second edited x j c")
    await press("Escape")
    await expect(tasks.rows).to_have_count(3)


async def test_keyboard_help_and_command_menu(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Write the letter")
    await press("j")
    await expect(tasks.grid).to_be_focused()
    await press("?")
    await expect(tasks.dialog("Keyboard shortcuts")).to_contain_text("Undo")
    await press("Escape")
    await expect(tasks.dialog("Keyboard shortcuts")).to_be_hidden()
    await expect(tasks.grid).to_be_focused()

    await press("Control+k")
    await expect(tab.get_by_label("Command", exact=True)).to_be_focused()
    await tab.keyboard.type("status: done")
    await press("Enter")
    await expect(tasks.status_tab("Done")).to_have_attribute("aria-selected", "true")
    await expect(tasks.heading("No tasks with status “Done”")).to_be_visible()
