"""Opens each view of the web page: each function starts at the task list, and waits until the view is visible."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Page, expect

from tests.acceptance.web.task_list import TaskList

_UPDATE = "mutation ($input: UpdateTasksInput!) { updateTasks(input: $input) { results { userErrors { code } } } }"

View = Callable[[TaskList], Awaitable[None]]

# What the browser logs if the page sends a request while the view `conflict` has no network.
OFFLINE = "net::ERR_INTERNET_DISCONNECTED"


async def open_view(tab: Page, view: View) -> None:
    """Load the page in the light theme, and open the view.

    A tab that is used for the next view has the scripts compiled, so it opens that one in a third of the time.
    """
    await tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    await tab.goto("/")
    tasks = TaskList(tab)
    await task_list(tasks)
    await view(tasks)


async def task_list(tasks: TaskList) -> None:
    await expect(tasks.rows.first).to_be_visible()


async def task_drawer(tasks: TaskList) -> None:
    await tasks.rows.first.get_by_role("gridcell").nth(3).get_by_role("link").click()
    await expect(tasks.dialog("Task").get_by_label("Title")).to_be_visible()


async def new_task(tasks: TaskList) -> None:
    await tasks.tab.get_by_role("banner").get_by_role("button", name="New task").click()
    await expect(tasks.dialog("New task")).to_be_visible()


async def expiry_picker(tasks: TaskList) -> None:
    """Open the picker for a new task, with a time that is typed."""
    await new_task(tasks)
    await tasks.dialog("New task").get_by_role("button", name="Expires").click()
    await tasks.dialog("Set expiry").get_by_label("Date and time").fill("in 3 days")
    await expect(tasks.dialog("Set expiry").get_by_role("status")).to_contain_text("in 3 days")


async def keyboard_help(tasks: TaskList) -> None:
    button = tasks.tab.get_by_role("button", name="Keyboard shortcuts")
    if await button.is_visible():
        await button.click()
    else:  # A phone has no keyboard, so the header of a narrow screen has no such button.
        await tasks.tab.keyboard.press("?")
    await expect(tasks.dialog("Keyboard shortcuts")).to_be_visible()


async def command_menu(tasks: TaskList) -> None:
    await tasks.tab.get_by_role("button", name="Command menu").click()
    await expect(tasks.tab.get_by_label("Command", exact=True)).to_be_visible()


async def selection(tasks: TaskList) -> None:
    await tasks.rows.first.get_by_role("checkbox").click()
    await expect(tasks.selection_toolbar).to_be_visible()


async def request_metrics(tasks: TaskList) -> None:
    await command_menu(tasks)
    await tasks.tab.keyboard.type("request metrics")
    await tasks.tab.keyboard.press("Enter")
    await expect(tasks.tab.get_by_role("complementary", name="Request metrics")).to_be_visible()


async def trash(tasks: TaskList) -> None:
    """Delete the first two tasks, and open the trash."""
    for _ in range(2):
        await tasks.rows.first.get_by_role("checkbox").click()
        await tasks.selection_toolbar.get_by_role("button", name="Delete").click()
        await expect(tasks.message("Deleted 1 task.")).to_be_visible()
        await expect(tasks.selection_toolbar).to_be_hidden()
    await tasks.tab.get_by_role("button", name="Trash").click()
    await expect(tasks.tab.get_by_role("grid", name="Deleted tasks").get_by_role("row").first).to_be_visible()


async def changes(tasks: TaskList) -> None:
    """Complete and reopen the first task (or the other way round), undo one of these changes, and open the history."""
    await expect(tasks.grid.locator("[data-task]").first).to_be_visible()
    await tasks.tab.keyboard.press("j")
    await tasks.tab.keyboard.press("x")
    await expect(
        tasks.message("Completed 1 task.").or_(tasks.message("Set the status of 1 task to To do."))
    ).to_be_visible()
    await tasks.tab.keyboard.press("x")
    await tasks.tab.keyboard.press("Control+z")
    await expect(tasks.message("Change undone.")).to_be_visible()
    await tasks.tab.get_by_role("button", name="Command menu").click()
    await tasks.tab.get_by_label("Command", exact=True).fill("changes")
    await tasks.tab.keyboard.press("Enter")
    await expect(tasks.dialog("Changes").get_by_role("listitem").first).to_be_visible()


async def conflict(tasks: TaskList) -> None:
    """Edit the title of the first task, after someone else has changed it."""
    await task_drawer(tasks)
    title = tasks.dialog("Task").get_by_label("Title")
    shown = await title.input_value()
    [id_] = parse_qs(urlsplit(tasks.tab.url).query)["task"]
    task = {"id": id_, "title": f"Theirs {shown}", "description": f"Theirs {shown}"}
    await tasks.tab.context.set_offline(True)
    await title.fill(f"Mine {shown}")
    body = {"query": _UPDATE, "variables": {"input": {"tasks": [task]}}}
    response = await tasks.tab.request.post("/graphql", data=body)
    assert (await response.json())["data"]["updateTasks"]["results"][0]["userErrors"] == []
    await title.blur()
    await tasks.tab.context.set_offline(False)
    await expect(tasks.dialog("Someone else changed this task")).to_be_visible()


async def deleted_task(tasks: TaskList) -> None:
    """Open the link of a task that was deleted."""
    await task_drawer(tasks)
    await tasks.dialog("Task").get_by_role("button", name="Delete").click()
    await expect(tasks.message("Deleted 1 task.")).to_be_visible()
    await tasks.tab.go_back()
    await expect(tasks.dialog("Task").get_by_role("button", name="Restore")).to_be_visible()


async def row_menu(tasks: TaskList) -> None:
    """Open the menu of the first row, which touch screens offer."""
    await tasks.rows.first.get_by_role("button", name="Actions").click()
    await expect(tasks.tab.get_by_role("menuitem", name="Copy link")).to_be_visible()


async def no_search_results(tasks: TaskList) -> None:
    await tasks.search_field.fill("nowhere")
    await expect(tasks.tab.get_by_role("heading", name="No matching tasks")).to_be_visible()


async def search_results(tasks: TaskList) -> None:
    title = await tasks.rows.first.get_by_role("link").inner_text()
    await tasks.search_field.fill(title[:3])
    await tasks.search_field.press("Enter")
    await expect(tasks.grid.locator("mark").first).to_be_visible()
    await expect(tasks.search_summary).to_contain_text("task")


async def recent_searches(tasks: TaskList) -> None:
    await search_results(tasks)
    await tasks.tab.keyboard.press("Escape")
    await tasks.search_field.focus()
    await expect(tasks.recent_searches).to_be_visible()


async def filter_menu(tasks: TaskList) -> None:
    """Open the menu of a list with two conditions."""
    await tasks.tab.goto("/?priority=HIGH,URGENT&created=7d")
    await expect(tasks.rows.first).to_be_visible()
    await tasks.tab.keyboard.press("f")
    await expect(tasks.dialog("Filter")).to_be_visible()


async def no_filter_matches(tasks: TaskList) -> None:
    await tasks.tab.goto("/?expires=24h")
    await expect(tasks.heading("No tasks match the filter")).to_be_visible()


VIEWS: tuple[View, ...] = (
    task_list,
    task_drawer,
    new_task,
    expiry_picker,
    keyboard_help,
    command_menu,
    selection,
    request_metrics,
    trash,
    changes,
    deleted_task,
    search_results,
    no_search_results,
    recent_searches,
    filter_menu,
    no_filter_matches,
    conflict,  # At the end: the browser keeps the unsaved text, and the next tab asks about it again.
)
