"""The views of the tour: each function starts at the top of the list, and waits until the view is visible."""

from playwright.async_api import expect

from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.tour.sample_tasks import CHOSEN, LABELS, LISTS
from tests.acceptance.web.views import command_menu as open_command_menu
from tests.acceptance.web.views import keyboard_help

__all__ = [
    "changes",
    "command_menu",
    "conflict",
    "expiry",
    "filter_menu",
    "first_rows",
    "jump",
    "keyboard_help",
    "offline",
    "open_task",
    "search",
    "selection",
    "trash",
    "view",
]

SLIDES = CHOSEN[2]
WORDS = "invoice acme"
# A place in the list, as a part of its length.
PLACE = 0.618
UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
MINE = SLIDES.description.replace("Ten slides at most.", "Ten slides at most, with large print.")
THEIRS = SLIDES.description.replace("Ten slides at most.", "Twelve slides at most.")


async def first_rows(tasks: TaskList) -> None:
    """Move to the third row, so that the picture shows the active row."""
    if await tasks.tab.evaluate("matchMedia('(hover: hover)').matches"):
        await tasks.grid.focus()
        for key in ("Home", "j", "j"):
            await tasks.tab.keyboard.press(key)
        await expect(tasks.active_row).to_contain_text(SLIDES.title)


async def open_task(tasks: TaskList) -> None:
    await tasks.title_link(SLIDES.title).click()
    await expect(tasks.dialog("Task").get_by_label("Title")).to_have_value(SLIDES.title)


async def jump(tasks: TaskList) -> None:
    """Go to a page in the middle of the list."""
    count = int(await tasks.grid.get_attribute("aria-rowcount") or 0)
    page = max(int(count * PLACE) // 100, 1)
    await tasks.page_number.fill(str(page))
    await tasks.page_number.press("Enter")
    first = tasks.grid.locator(f'[aria-rowindex="{(page - 1) * 100 + 1}"][data-task]')
    await expect(first).to_be_in_viewport()
    await expect(tasks.tab.get_by_label("Go to page")).to_have_value(str(page))


async def search(tasks: TaskList) -> None:
    await tasks.search_field.fill(WORDS)
    await expect(tasks.rows.first).to_contain_text("invoice")


async def view(tasks: TaskList) -> None:
    """Choose a list, and open the menu of its labels, each with the number of its tasks."""
    await tasks.tab.get_by_role("navigation", name="Lists and saved views").get_by_role("link", name=LISTS[3]).click()
    await expect(tasks.title_link(CHOSEN[0].title)).to_be_hidden()
    await tasks.tab.keyboard.press("f")
    await tasks.dialog("Filter").get_by_role("button", name="Label: any").click()
    await expect(tasks.dialog("Label").get_by_role("option", name=LABELS[0])).to_be_visible()


async def filter_menu(tasks: TaskList) -> None:
    """Choose the urgent tasks of the last seven days."""
    await tasks.tab.keyboard.press("f")
    menu = tasks.dialog("Filter")
    await menu.get_by_label("Urgent").check()
    await menu.get_by_label("last 7 days").check()
    await expect(tasks.tab.get_by_role("group", name="Active filters")).to_contain_text("last 7 days")
    await expect(tasks.rows.first).to_be_visible()


async def expiry(tasks: TaskList) -> None:
    await first_rows(tasks)
    await tasks.tab.keyboard.press("d")
    await expect(tasks.dialog("Set expiry").get_by_label("Date and time")).to_be_visible()


async def selection(tasks: TaskList) -> None:
    """Select five tasks by a range, and open the menu of the status."""
    await tasks.title_link(CHOSEN[0].title).click(modifiers=["Shift"])
    await tasks.row(CHOSEN[4].title).get_by_role("gridcell").last.click(modifiers=["Shift"])
    await expect(tasks.selection_toolbar).to_be_visible()
    await tasks.tab.keyboard.press("s")
    await expect(tasks.tab.get_by_role("menuitem", name="To do")).to_be_focused()


async def command_menu(tasks: TaskList) -> None:
    await open_command_menu(tasks)
    await tasks.tab.keyboard.type("set")
    await expect(tasks.tab.get_by_text("Set priority…")).to_be_visible()


async def offline(tasks: TaskList) -> None:
    """Type into a task while the service cannot be reached."""
    await open_task(tasks)
    await tasks.tab.context.set_offline(True)
    await expect(tasks.banner).to_be_visible()
    field = tasks.dialog("Task").get_by_label("Title")
    await field.focus()
    await field.press("End")
    await tasks.tab.keyboard.type(" in May")
    await field.press("Enter")
    await expect(tasks.dialog("Task")).to_contain_text("Not saved yet.")


async def changes(tasks: TaskList) -> None:
    """Change some tasks, undo the last change, and open the list of changes."""
    press = tasks.tab.keyboard.press
    await tasks.grid.focus()
    await press("Home")
    for key, item in (("p", "Urgent"), ("s", "In progress")):
        await press(key)
        await tasks.tab.get_by_role("menuitem", name=item).click()
        await expect(tasks.grid).to_be_focused()
    await press("d")
    await tasks.dialog("Set expiry").get_by_role("button", name="Tomorrow").click()
    await expect(tasks.grid).to_be_focused()
    await press("x")
    await expect(tasks.message("Completed 1 task.")).to_be_visible()
    await press("Control+z")
    await expect(tasks.message("Change undone.")).to_be_visible()
    await open_command_menu(tasks)
    await tasks.tab.keyboard.type("changes")
    await press("Enter")
    await expect(tasks.dialog("Changes").get_by_role("button", name="Redo")).to_be_visible()


async def trash(tasks: TaskList) -> None:
    """Delete three tasks, and open the trash."""
    count = int(await tasks.grid.get_attribute("aria-rowcount") or 0)
    for chosen in (CHOSEN[5], CHOSEN[7], CHOSEN[9]):
        await tasks.row(chosen.title).get_by_role("gridcell").last.click()
        await tasks.tab.keyboard.press("Delete")
        await expect(tasks.row(chosen.title)).to_be_hidden()
    await expect(tasks.grid).to_have_attribute("aria-rowcount", str(count - 3))
    await tasks.expect_counts(All=count - 3)
    await tasks.tab.get_by_role("button", name="Trash").click()
    deleted = tasks.tab.get_by_role("grid", name="Deleted tasks")
    await expect(deleted.get_by_role("row")).to_have_count(3)
    await expect(tasks.message("Deleted 1 task.")).to_be_visible()


async def conflict(tasks: TaskList) -> None:
    """Edit a description while someone else edits it."""
    await open_task(tasks)
    field = await tasks.edit_description()
    await field.fill(MINE)
    id_ = await tasks.active_row.get_attribute("data-task")
    other = await tasks.tab.context.request.post(
        "/graphql", data={"query": UPDATE, "variables": {"input": {"id": id_, "description": THEIRS}}}
    )
    assert (await other.json())["data"]["updateTask"]["userErrors"] == []
    await field.press("Control+Enter")
    await expect(tasks.dialog("Someone else changed this task").get_by_role("insertion").first).to_be_visible()
