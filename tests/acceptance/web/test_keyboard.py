"""Tests keyboard use: every dialog opens, works, and returns the focus to the list."""

import asyncio
import re

from playwright.async_api import Locator, Request, Route, expect

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
    await expect(drawer).to_be_focused()
    await press("Enter")
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
    await expect(tab.get_by_role("button", name="New task", exact=True).get_by_text("C", exact=True)).to_be_visible()
    await tab.keyboard.type("status: done")
    await press("Enter")
    await expect(tasks.status_tab("Done")).to_have_attribute("aria-selected", "true")
    await expect(tasks.heading("No tasks with status “Done”")).to_be_visible()


async def compose_word(field: Locator) -> None:
    """Compose a word in a text field, as Japanese is typed, and assert that its keys only compose."""
    input_method = await field.page.context.new_cdp_session(field.page)
    await field.fill("")
    await field.focus()
    await input_method.send("Input.imeSetComposition", {"text": "てがみ", "selectionStart": 3, "selectionEnd": 3})
    if await field.evaluate("field => field instanceof HTMLInputElement"):
        await field.page.keyboard.press(
            "Enter"
        )  # In a text area the browser would add a line, without an input method.
    # Not pressed, because without a real input method the browser itself would empty a search field.
    for modifier in ({"key": "Escape"}, {"key": "Enter", "ctrlKey": True}, {"key": "ArrowDown"}):
        await field.dispatch_event("keydown", {"isComposing": True, "bubbles": True, "cancelable": True, **modifier})
    # What Safari reports for the key that ends a composition.
    await field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True, "cancelable": True})
    await expect(field).to_be_focused()
    await expect(field).to_have_value("てがみ")
    await input_method.send("Input.insertText", {"text": "手紙"})
    await expect(field).to_have_value("手紙")
    await input_method.detach()


async def test_keys_of_an_input_method_do_nothing_else(site: Site, open_tab: OpenTab) -> None:
    """Enter and Escape during a composition neither save, close, search nor run a command, in any text field."""
    [id_] = await site.create_tasks("Write")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    searches: list[str] = []

    def note_search(request: Request) -> None:
        if "SearchTasks" in (request.post_data or ""):
            searches.append(request.url)

    tab.on("request", note_search)
    await compose_word(tasks.search_field)
    await expect(tasks.heading("No matching tasks")).to_be_visible()
    assert len(searches) == 1  # The composed characters were not searched.
    await press("Escape")
    await expect(tasks.search_field).to_have_value("")

    await tasks.expect_rows("Write")
    await compose_word(await tasks.start_title_edit("Write"))
    assert (await site.saved_task(id_, version=1))["title"] == "Write"
    await press("Escape")
    await tasks.edit_title("手紙", "Write")
    await press("c")
    for label in ("Title", "Description"):
        await compose_word(tasks.dialog("New task").get_by_label(label))
    await press("Escape")
    await expect(tasks.dialog("New task")).to_be_hidden()
    await press("Control+k")
    await compose_word(tab.get_by_label("Command", exact=True))
    await press("Escape")

    await tab.goto(f"/?task={id_}")
    for label in ("Description", "Title"):
        await compose_word(tasks.dialog("Task").get_by_label(label))
    assert (await site.saved_task(id_, version=4))["title"] == "Write"  # The description was saved.
    await press("Enter")
    assert (await site.saved_task(id_, version=5))["title"] == "手紙"


async def test_input_method_in_a_number_field_and_without_a_field(site: Site, open_tab: OpenTab) -> None:
    """Japanese digits are composed too. Keys that an input method handles are no shortcuts either."""
    await site.create_tasks("Write")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Write")
    await tasks.page_number.focus()
    for key in ("Enter", "Escape"):
        await tasks.page_number.dispatch_event("keydown", {"key": key, "isComposing": True, "bubbles": True})
    await expect(tasks.page_number).to_be_focused()
    await tasks.grid.focus()
    for key in ("c", "?", "Delete", "x"):
        await tasks.grid.dispatch_event("keydown", {"key": key, "keyCode": 229, "bubbles": True})
    await expect(tab.get_by_role("dialog")).to_be_hidden()
    await tasks.expect_rows("Write")
    await tab.keyboard.press("c")
    await expect(tasks.dialog("New task")).to_be_visible()


async def test_text_typed_after_a_search_began_is_kept(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.search_field.press_sequentially("Write the letter", delay=70)
    await expect(tasks.search_field).to_have_value("Write the letter")
    await tasks.expect_rows("Write the letter")


async def test_a_held_key_runs_its_shortcut_once(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Third", "Second", "First")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("First", "Second", "Third")

    async def hold(key: str) -> None:
        for _ in range(5):
            await tab.keyboard.down(key)
        await tab.keyboard.up(key)

    await hold("j")
    await expect(tasks.row("Third")).to_have_attribute("data-active", "true")
    await tab.keyboard.press("Home")
    await hold("e")
    field = tasks.grid.get_by_role("textbox", name="Title")
    await expect(field).to_have_value("First")
    await field.press("Escape")
    await hold("c")
    await expect(tasks.dialog("New task").get_by_label("Title")).to_have_value("")
    await tab.keyboard.press("Escape")
    await expect(tasks.dialog("New task")).to_be_hidden()
    await hold("Delete")
    await tasks.expect_rows("Second", "Third")


async def test_text_typed_before_the_next_task_is_loaded_is_in_its_title(site: Site, open_tab: OpenTab) -> None:
    first, second = await site.create_tasks("Write the letter", "Send the parcel")
    may_load = asyncio.Event()

    async def hold_second(route: Route) -> None:
        body = route.request.post_data_json or {}
        if body.get("operationName") == "TaskDetail" and body["variables"]["id"] == second:
            async with asyncio.timeout(30):
                await may_load.wait()
        await route.continue_()

    tab = await open_tab(f"/?task={first}")
    title = TaskList(tab).dialog("Task").get_by_label("Title")
    await expect(title).to_have_value("Write the letter")
    await tab.route("**/graphql", hold_second)
    await tab.keyboard.press("k")
    await expect(title).to_be_hidden()
    for key in ("Enter", *"x c", "Backspace", "y"):
        await tab.keyboard.press(key)
    may_load.set()
    await expect(title).to_be_focused()
    await expect(title).to_have_value(re.compile("x y"))
    await expect(tab.get_by_role("dialog", name="New task")).to_have_count(0)
