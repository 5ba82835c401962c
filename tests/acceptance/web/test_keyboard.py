"""A session by the keyboard alone: every dialog opens, does its work, and gives the focus back."""

from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site


async def test_a_session_without_a_mouse(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks, press, write = TaskList(tab), tab.keyboard.press, tab.keyboard.type
    await expect(tab.get_by_role("heading", name="No tasks yet")).to_be_visible()
    for title in ("First", "Second", "Third"):
        await press("c")
        await expect(tasks.dialog("New task").get_by_label("Title")).to_be_focused()
        await write(title)
        await press("Enter")
        await expect(tasks.dialog("New task")).to_be_hidden()
        await expect(tasks.row(title)).to_be_visible()
    await tasks.shows("Third", "Second", "First")

    await press("Home")
    await press("j")
    await expect(tasks.row("Second")).to_have_attribute("data-active", "true")
    await expect(tasks.grid).to_be_focused()
    await press("e")
    await expect(tasks.grid.get_by_role("textbox", name="Title")).to_be_focused()
    await write("Second, again")
    await press("Enter")
    await tasks.shows("Third", "Second, again", "First")
    await expect(tasks.grid).to_be_focused()

    await press("Enter")
    drawer = tasks.dialog("Task")
    await expect(drawer.get_by_label("Title")).to_be_focused()
    # While somebody types, keys are letters.
    await press("End")
    await write(" x j c")
    await press("Escape")
    await expect(drawer).to_be_hidden()
    await tasks.shows("Third", "Second, again x j c", "First")
    await expect(tasks.grid).to_be_focused()

    await press("Space")
    await press("Shift+ArrowDown")
    await expect(tasks.selected).to_contain_text("2 selected")
    await press("Escape")
    await expect(tasks.selected).to_be_hidden()
    await press("/")
    await expect(tab.get_by_role("searchbox", name="Search tasks")).to_be_focused()
    await write("again")
    await tasks.shows("Second, again x j c")
    await press("Escape")
    await expect(tasks.rows).to_have_count(3)


async def test_help_and_the_palette(site: Site, open_tab: OpenTab) -> None:
    await site.create("Write the letter")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.shows("Write the letter")
    await press("j")
    await expect(tasks.grid).to_be_focused()
    await press("?")
    await expect(tasks.dialog("Keyboard")).to_contain_text("Undo")
    await press("Escape")
    await expect(tasks.dialog("Keyboard")).to_be_hidden()
    await expect(tasks.grid).to_be_focused()

    await press("Control+k")
    await expect(tab.get_by_label("Command", exact=True)).to_be_focused()
    await tab.keyboard.type("tasks done")
    await press("Enter")
    await expect(tab.get_by_role("tab", name="Done")).to_have_attribute("aria-selected", "true")
    await expect(tab.get_by_role("heading", name="No task is “Done”")).to_be_visible()
