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


async def test_keys_of_an_input_method_do_nothing_else(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("手紙を書く")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("手紙を書く")
    # The browser composes a word, as Japanese is typed. Enter confirms the word, and Escape discards it.
    input_method = await tab.context.new_cdp_session(tab)
    compose = {"text": "てがみ", "selectionStart": 3, "selectionEnd": 3}
    title = await tasks.start_title_edit("手紙を書く")
    for field in (title, tasks.search_field):
        await field.fill("")
        await field.focus()
        await input_method.send("Input.imeSetComposition", compose)
        await tab.keyboard.press("Enter")
        # Not pressed, because without a real input method the browser itself would empty the search field.
        escape = {"key": "Escape", "isComposing": True, "bubbles": True}
        await field.dispatch_event("keydown", escape)
        # What Safari reports for the key that ends a composition.
        await field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})
        await expect(field).to_be_focused()
        await expect(field).to_have_value("てがみ")
        await input_method.send("Input.insertText", {"text": "手紙"})
        await expect(field).to_have_value("手紙")
    await tab.keyboard.press("Escape")
    await expect(tasks.search_field).to_have_value("")
