"""Tests editing in place, in the drawer and in bulk, with optimistic updates, rollback, conflicts and undo."""

import asyncio

from playwright.async_api import Page, Request, Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
TASK = "query ($id: ID!) { task(id: $id) { title description status priority expiresAt version } }"


def record_mutations(tab: Page) -> list[str]:
    """Return a list, and append to it the name of each mutation that the tab sends from now on."""
    sent: list[str] = []

    def on_request(request: Request) -> None:
        body = request.post_data_json if request.url.endswith("/graphql") and request.method == "POST" else None
        if body and "mutation" in body["query"]:
            sent.append(body["operationName"])

    tab.on("request", on_request)
    return sent


async def test_created_task_is_removed_by_undo(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.heading("No tasks yet")).to_be_visible()
    await tab.keyboard.press("c")
    dialog = tasks.dialog("New task")
    await dialog.get_by_label("Title").fill("Write the letter")
    await dialog.get_by_label("Priority").select_option("High")
    await dialog.get_by_role("button", name="Create").click()
    await tasks.expect_rows("Write the letter")
    await tasks.message("Task created.").get_by_role("button", name="Undo").click()
    await expect(tasks.rows).to_have_count(0)


async def test_title_is_edited_in_its_row(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.edit_title("Write the letter", "Write two letters")
    await tasks.expect_rows("Write two letters")
    await tasks.tab.reload()
    await tasks.expect_rows("Write two letters")
    assert (await site.execute(TASK, id=id_))["task"]["version"] == 2


async def test_drawer_saves_every_field(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    drawer = TaskList(tab).dialog("Task")
    await drawer.get_by_label("Title").fill("Write two letters")
    await tab.keyboard.press("Tab")
    await site.saved_task(id_, 2)
    await drawer.get_by_label("Description").fill("To the office")
    await tab.keyboard.press("Tab")
    await site.saved_task(id_, 3)
    await drawer.get_by_label("Status").select_option("In progress")
    await drawer.get_by_label("Priority").select_option("Urgent")
    await drawer.get_by_role("button", name="Expires").click()
    await tab.get_by_role("button", name="In a week").click()
    await site.saved_task(id_, 6)
    await tab.reload()
    await expect(TaskList(tab).description).to_contain_text("To the office")
    task = (await site.execute(TASK, id=id_))["task"]
    assert (task["title"], task["status"], task["priority"]) == ("Write two letters", "IN_PROGRESS", "URGENT")
    assert task["expiresAt"] is not None


async def test_quick_edits_of_several_fields_do_not_conflict(site: Site, open_tab: OpenTab) -> None:
    """Each edit builds on the version of the previous edit, even while the previous edit is in flight."""

    async def delay(route: Route) -> None:
        await asyncio.sleep(0.3)
        await route.continue_()

    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    drawer = tasks.dialog("Task")
    await tab.route("**/graphql", delay)
    await drawer.get_by_label("Title").fill("Write two letters")
    await drawer.get_by_label("Description").fill("To the office")
    await drawer.get_by_label("Status").focus()
    await drawer.get_by_label("Status").select_option("In progress")
    await drawer.get_by_label("Title").fill("Write three letters")
    await site.saved_task(id_, version=4)  # The first title is saved while the second one is being typed.
    await drawer.get_by_label("Priority").focus()
    await drawer.get_by_label("Priority").select_option("High")
    await expect(drawer).not_to_contain_text("Discard text")
    task = await site.saved_task(id_, version=6)
    assert (task["title"], task["description"]) == ("Write three letters", "To the office")
    assert (task["status"], task["priority"]) == ("IN_PROGRESS", "HIGH")


async def test_task_is_completed_and_reopened_by_keyboard(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter")
    await tab.keyboard.press("j")
    await tab.keyboard.press("x")
    await expect(tasks.message("Completed 1 task.")).to_be_visible()
    await tasks.expect_counts(Done=1, To_do=0)
    await tab.keyboard.press("Control+z")
    await expect(tasks.message("Change undone.")).to_be_visible()
    await tasks.expect_counts(Done=0, To_do=1)


async def test_deleted_task_is_restored_by_undo(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter", "Send the parcel")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await tab.keyboard.press("j")
    await tab.keyboard.press("Delete")
    await tasks.expect_rows("Write the letter")
    await tasks.message("Deleted 1 task.").get_by_role("button", name="Undo").click()
    await tasks.expect_rows("Send the parcel", "Write the letter")


async def test_bulk_action_sends_one_mutation(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks(*(f"Task {number}" for number in range(5)))
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Task 4", "Task 3", "Task 2", "Task 1", "Task 0")
    sent = record_mutations(tab)
    await tasks.checkbox("Task 4").click()
    await tasks.checkbox("Task 2").click(modifiers=["Shift"])
    await expect(tasks.selection_toolbar).to_contain_text("3 selected")
    await tasks.selection_toolbar.get_by_role("button", name="Complete").click()
    await tasks.expect_counts(Done=3, To_do=2)
    assert sent == ["UpdateTasks"]

    await tasks.checkbox("Task 1").click()
    await tasks.checkbox("Task 0").click(modifiers=["Shift"])
    await tasks.selection_toolbar.get_by_role("button", name="Delete").click()
    await tasks.expect_rows("Task 4", "Task 3", "Task 2")
    assert sent == ["UpdateTasks", "DeleteTasks"]
    await tasks.message("Deleted 2 tasks.").get_by_role("button", name="Undo").click()
    await tasks.expect_rows("Task 4", "Task 3", "Task 2", "Task 1", "Task 0")


async def test_bulk_action_reports_a_conflict_and_can_overwrite(site: Site, open_tab: OpenTab) -> None:
    """The action changes the tasks without a conflict. The message offers to overwrite the task with a conflict."""
    first, _ = await site.create_tasks("Write the letter", "Send the parcel")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await tab.route_web_socket("**/graphql", lambda _: None)  # The tab receives no live updates from here on.
    await tab.reload()
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await site.execute(UPDATE, input={"id": first, "title": "Write two letters", "status": "IN_PROGRESS"})
    await tasks.checkbox("Send the parcel").click()
    await tasks.checkbox("Write the letter").click(modifiers=["Shift"])
    await tasks.selection_toolbar.get_by_role("button", name="Complete").click()
    message = tasks.message("1 of 2 tasks could not be changed.")
    await expect(message).to_be_visible()
    assert (await site.execute(TASK, id=first))["task"]["status"] == "IN_PROGRESS"
    await message.get_by_role("button", name="Overwrite").click()
    await expect(tasks.title_link("Write two letters")).to_be_visible()
    await expect(tab.get_by_role("button", name="Reopen: Write two letters")).to_be_visible()
    assert (await site.saved_task(first, version=3))["status"] == "DONE"


async def test_refused_edit_is_rolled_back_with_a_message(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_rows("Write the letter")
    # Remove the limit of the form, so that the service refuses the title.
    field = await tasks.start_title_edit("Write the letter")
    await field.evaluate("field => field.removeAttribute('maxlength')")
    await field.fill("x" * 501)
    await field.press("Enter")
    await expect(tasks.tab.get_by_role("alert").filter(has_text="500")).to_be_visible()
    await expect(tasks.row("Write the letter")).to_be_visible()
    assert (await site.execute(TASK, id=id_))["task"]["version"] == 1


async def test_typing_continues_when_the_row_comes_back(site: Site, open_tab: OpenTab) -> None:
    """The next key must not replace the text, as it does at the start of an edit."""
    ids = await site.create_tasks(*(f"Task {number}" for number in range(120)))
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await expect(tasks.row("Task 118")).to_be_visible()
    await tasks.grid.focus()
    for key in ("Home", "j", "e", "End"):
        await press(key)
    await tab.keyboard.type(" is")
    await tasks.grid.hover()
    await tab.mouse.wheel(0, 100_000)
    detached = tasks.dialog("Edit title: Task 118").get_by_label("Title")
    await expect(detached).to_be_focused()
    await tab.keyboard.type(" late")
    await press("ArrowLeft")
    await tab.mouse.wheel(0, -100_000)
    in_row = tasks.grid.get_by_role("textbox", name="Title")
    await expect(in_row).to_be_focused()
    await expect(detached).to_be_hidden()
    await press("t")
    await press("Enter")
    assert (await site.saved_task(ids[118], 2))["title"] == "Task 118 is latte"
