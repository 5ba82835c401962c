"""Editing: in place, in the drawer, many at once; at once on screen, taken back where it was refused or regretted."""

import asyncio
from typing import Any

from playwright.async_api import Page, Request, Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site
from tests.acceptance.web.test_access import findings

UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
TASK = "query ($id: ID!) { task(id: $id) { title description status priority expiresAt version } }"


def mutations(tab: Page) -> list[str]:
    """Collects the names of the mutations that the tab sends from now on."""
    sent: list[str] = []

    def note(request: Request) -> None:
        body = request.post_data_json if request.url.endswith("/graphql") and request.method == "POST" else None
        if body and "mutation" in body["query"]:
            sent.append(body["operationName"])

    tab.on("request", note)
    return sent


async def saved(site: Site, id_: str, version: int) -> Any:
    """The task, once the service has that version of it; on screen it is there before."""
    async with asyncio.timeout(30):
        while (task := (await site.ask(TASK, id=id_))["task"])["version"] < version:  # noqa: ASYNC110 (nobody tells when)
            await asyncio.sleep(0.05)
    return task


async def test_a_task_is_added_and_taken_back(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tab.get_by_role("heading", name="No tasks yet")).to_be_visible()
    await tab.keyboard.press("c")
    dialog = tasks.dialog("New task")
    await dialog.get_by_label("Title").fill("Write the letter")
    await dialog.get_by_label("Priority").select_option("High")
    await dialog.get_by_role("button", name="Create").click()
    await tasks.shows("Write the letter")
    await tasks.says("Task added.").get_by_role("button", name="Undo").click()
    await expect(tasks.rows).to_have_count(0)


async def test_a_title_is_edited_in_its_row(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.edit("Write the letter", "Write two letters")
    await tasks.shows("Write two letters")
    await tasks.tab.reload()
    await tasks.shows("Write two letters")
    assert (await site.ask(TASK, id=id_))["task"]["version"] == 2


async def test_all_fields_in_the_drawer(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    drawer = TaskList(tab).dialog("Task")
    await drawer.get_by_label("Title").fill("Write two letters")
    await tab.keyboard.press("Tab")
    await expect(drawer).to_contain_text("version 2")
    await drawer.get_by_label("Description").fill("To the office")
    await tab.keyboard.press("Tab")
    await expect(drawer).to_contain_text("version 3")
    await drawer.get_by_label("Status").select_option("In progress")
    await drawer.get_by_label("Priority").select_option("Urgent")
    await drawer.get_by_role("button", name="Expires").click()
    await tab.get_by_role("button", name="In a week").click()
    await tab.keyboard.press("Escape")
    await expect(drawer).to_contain_text("version 6")
    await tab.reload()
    await expect(drawer.get_by_label("Description")).to_have_value("To the office")
    task = (await site.ask(TASK, id=id_))["task"]
    assert (task["title"], task["status"], task["priority"]) == ("Write two letters", "IN_PROGRESS", "URGENT")
    assert task["expiresAt"] is not None


async def test_fields_that_are_left_in_a_hurry_do_not_meet(site: Site, open_tab: OpenTab) -> None:
    """Each change stands on the one before, also while that is on its way."""

    async def late(route: Route) -> None:
        await asyncio.sleep(0.3)
        await route.continue_()

    [id_] = await site.create("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    await tasks.connected()
    drawer = tasks.dialog("Task")
    await tab.route("**/graphql", late)
    await drawer.get_by_label("Title").fill("Write two letters")
    await drawer.get_by_label("Description").fill("To the office")
    await drawer.get_by_label("Status").focus()
    await drawer.get_by_label("Status").select_option("In progress")
    await drawer.get_by_label("Title").fill("Write three letters")
    await asyncio.sleep(1)  # the first title is saved, and this one is being typed
    await drawer.get_by_label("Priority").focus()
    await drawer.get_by_label("Priority").select_option("High")
    await expect(drawer).to_contain_text("version 6")
    await expect(drawer).not_to_contain_text("Drop what I typed")
    task = await saved(site, id_, version=6)
    assert (task["title"], task["description"]) == ("Write three letters", "To the office")
    assert (task["status"], task["priority"]) == ("IN_PROGRESS", "HIGH")


async def test_complete_and_undo_by_the_keyboard(site: Site, open_tab: OpenTab) -> None:
    await site.create("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.shows("Write the letter")
    await tab.keyboard.press("j")
    await tab.keyboard.press("x")
    await expect(tasks.says("Completed 1 task.")).to_be_visible()
    await tasks.counts(Done=1, To_do=0)
    await tab.keyboard.press("Control+z")
    await expect(tasks.says("Taken back.")).to_be_visible()
    await tasks.counts(Done=0, To_do=1)


async def test_delete_and_undo(site: Site, open_tab: OpenTab) -> None:
    await site.create("Write the letter", "Send the parcel")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.shows("Send the parcel", "Write the letter")
    await tab.keyboard.press("j")
    await tab.keyboard.press("Delete")
    await tasks.shows("Write the letter")
    await tasks.says("Deleted 1 task.").get_by_role("button", name="Undo").click()
    await tasks.shows("Send the parcel", "Write the letter")


async def test_many_at_once_in_one_mutation(site: Site, open_tab: OpenTab) -> None:
    await site.create(*(f"Task {number}" for number in range(5)))
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.shows("Task 4", "Task 3", "Task 2", "Task 1", "Task 0")
    sent = mutations(tab)
    await tasks.row("Task 4").get_by_role("checkbox").click()
    await tasks.row("Task 2").get_by_role("checkbox").click(modifiers=["Shift"])
    await expect(tasks.selected).to_contain_text("3 selected")
    await tasks.selected.get_by_role("button", name="Complete").click()
    await tasks.counts(Done=3, To_do=2)
    assert sent == ["UpdateTasks"]

    await tasks.row("Task 1").get_by_role("checkbox").click()
    await tasks.row("Task 0").get_by_role("checkbox").click(modifiers=["Shift"])
    await tasks.selected.get_by_role("button", name="Delete").click()
    await tasks.shows("Task 4", "Task 3", "Task 2")
    assert sent == ["UpdateTasks", "DeleteTasks"]
    await tasks.says("Deleted 2 tasks.").get_by_role("button", name="Undo").click()
    await tasks.shows("Task 4", "Task 3", "Task 2", "Task 1", "Task 0")


async def test_many_of_which_one_was_changed_meanwhile(site: Site, open_tab: OpenTab) -> None:
    """The others are done; that one is said, and done as well if one insists."""
    first, _ = await site.create("Write the letter", "Send the parcel")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.shows("Send the parcel", "Write the letter")
    await tab.route_web_socket("**/graphql", lambda _: None)  # it hears of nothing from here on
    await tab.reload()
    await tasks.shows("Send the parcel", "Write the letter")
    await site.ask(UPDATE, input={"id": first, "title": "Write two letters"})
    await tasks.row("Send the parcel").get_by_role("checkbox").click()
    await tasks.row("Write the letter").get_by_role("checkbox").click(modifiers=["Shift"])
    await tasks.selected.get_by_role("button", name="Complete").click()
    said = tasks.says("1 of 2 were not changed.")
    await expect(said).to_be_visible()
    assert (await site.ask(TASK, id=first))["task"]["status"] == "TODO"
    await said.get_by_role("button", name="Change anyway").click()
    await expect(tasks.title("Write two letters")).to_be_visible()
    await expect(tab.get_by_role("button", name="Reopen: Write two letters")).to_be_visible()
    assert (await saved(site, first, version=3))["status"] == "DONE"


async def conflict(site: Site, tasks: TaskList) -> None:
    """Somebody else is faster, between the tab's last look and its edit."""
    [id_] = await site.create("Write the letter")
    tab = tasks.tab
    await tab.goto("/")
    await tasks.connected()
    await tasks.row("Write the letter").hover()
    await tasks.row("Write the letter").get_by_role("button", name="Edit title: Write the letter").click()
    field = tasks.grid.get_by_role("textbox", name="Title")
    await field.fill("Mine")
    await site.ask(UPDATE, input={"id": id_, "title": "Theirs"})
    await field.press("Enter")
    dialog = tasks.dialog("Somebody else has changed this task")
    await expect(dialog.get_by_role("cell", name="Mine")).to_be_visible()
    await expect(dialog.get_by_role("cell", name="Theirs", exact=True)).to_be_visible()
    assert await findings(tab) == []


async def test_a_conflict_shows_both_and_mine_is_kept(site: Site, open_tab: OpenTab) -> None:
    tasks = TaskList(await open_tab("/"))
    await conflict(site, tasks)
    await tasks.tab.get_by_role("button", name="Keep mine").click()
    await expect(tasks.says("Your version was saved.")).to_be_visible()
    await tasks.shows("Mine")


async def test_a_conflict_shows_both_and_theirs_is_taken(site: Site, open_tab: OpenTab) -> None:
    tasks = TaskList(await open_tab("/"))
    await conflict(site, tasks)
    await tasks.tab.get_by_role("button", name="Take theirs").click()
    await tasks.shows("Theirs")


async def test_what_is_refused_is_rolled_back_with_a_message(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.shows("Write the letter")
    # Past the limits of the form, as a service with other limits would refuse it.
    await tasks.row("Write the letter").hover()
    await tasks.row("Write the letter").get_by_role("button", name="Edit title: Write the letter").click()
    field = tasks.grid.get_by_role("textbox", name="Title")
    await field.evaluate("field => field.removeAttribute('maxlength')")
    await field.fill("x" * 501)
    await field.press("Enter")
    await expect(tasks.tab.get_by_role("alert").filter(has_text="500")).to_be_visible()
    await expect(tasks.row("Write the letter")).to_be_visible()
    assert (await site.ask(TASK, id=id_))["task"]["version"] == 1
