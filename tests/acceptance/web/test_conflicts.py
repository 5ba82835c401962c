"""Tests concurrent edits of a task: edits of different fields combine, and for edits of one field a dialog asks."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from playwright.async_api import Locator, Route, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
TASK = "query ($id: ID!) { task(id: $id) { title description status priority version } }"
TEXT = "Buy milk\n\n- eggs\n- bread\n"
MINE = "Buy milk and butter\n\n- eggs\n- bread\n"
THEIRS = "Buy fresh milk\n\n- eggs\n- bread\n"


async def read_task(site: Site, id_: str) -> Any:
    return (await site.execute(TASK, id=id_))["task"]


async def edit_elsewhere(site: Site, id_: str, **values: str) -> None:
    await site.execute(UPDATE, input={"id": id_} | values)


async def open_drawer(tasks: TaskList, id_: str) -> Locator:
    await tasks.tab.goto(f"/?task={id_}")
    await tasks.expect_connected()
    return tasks.dialog("Task")


async def test_edits_of_different_fields_do_not_conflict(site: Site, open_tab: OpenTab) -> None:
    """Someone else sets the priority while a title is typed, and the description while the status is undone."""
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    field = await tasks.start_title_edit("Write the letter")
    await field.fill("Write two letters")
    await edit_elsewhere(site, id_, priority="URGENT")
    await expect(tasks.rows).to_contain_text(["Urgent"])
    await field.press("Enter")
    await tasks.expect_rows("Write two letters")
    await expect(tasks.rows).not_to_contain_text(["Unsaved"])
    await tasks.tab.keyboard.press("Home")
    await tasks.tab.keyboard.press("x")
    await tasks.expect_counts(Done=1)
    await edit_elsewhere(site, id_, description="To the office")
    await tasks.tab.keyboard.press("Control+z")
    await tasks.expect_counts(Done=0)
    await expect(tab.get_by_role("dialog")).to_be_hidden()
    await site.saved_task(id_, version=6)
    assert await read_task(site, id_) == {
        "title": "Write two letters",
        "description": "To the office",
        "status": "TODO",
        "priority": "URGENT",
        "version": 6,
    }


async def cause_conflict(site: Site, tasks: TaskList) -> tuple[str, Locator]:
    """Edit a description in the drawer and elsewhere. Return the id of the task and the conflict dialog."""
    [id_] = await site.create_tasks("Shopping", description=TEXT)
    drawer = await open_drawer(tasks, id_)
    field = await tasks.edit_description()
    await field.fill(MINE)
    await edit_elsewhere(site, id_, description=THEIRS)
    await expect(drawer).to_contain_text("Someone else has changed this text since you started.")
    await field.press("Control+Enter")
    dialog = tasks.dialog("Someone else changed this task")
    await expect(dialog.get_by_role("group", name="Comparison")).to_be_focused()
    return id_, dialog


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_conflict_shows_what_each_side_changed(
    site: Site, open_tab: OpenTab, scheme: Literal["light", "dark"]
) -> None:
    tab = await open_tab("about:blank")
    await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    _, dialog = await cause_conflict(site, TaskList(tab))
    mine, theirs = (dialog.get_by_role("group", name=name) for name in ("Yours", "Theirs"))
    await expect(mine.get_by_role("insertion")).to_have_text("and butter")
    await expect(theirs.get_by_role("insertion")).to_have_text("fresh")
    assert "\n- eggs\n- bread" in await theirs.inner_text()
    assert await axe_findings(tab) == []


async def test_enter_and_escape_decide_nothing(site: Site, open_tab: OpenTab) -> None:
    """The text that was typed stays in its field, and the drawer stays open."""
    tab = await open_tab("/")
    tasks = TaskList(tab)
    id_, dialog = await cause_conflict(site, tasks)
    await tab.keyboard.press("Enter")
    await expect(dialog).to_be_visible()
    await tab.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(tasks.dialog("Task").get_by_role("textbox", name="Description")).to_have_value(MINE)
    assert (await read_task(site, id_))["description"] == THEIRS
    await tab.reload()
    await expect(tasks.dialog("Task").get_by_role("textbox", name="Description")).to_have_value(MINE)


async def test_conflict_is_resolved_by_keeping_mine(site: Site, open_tab: OpenTab) -> None:
    tasks = TaskList(await open_tab("/"))
    id_, dialog = await cause_conflict(site, tasks)
    await dialog.get_by_role("button", name="Keep mine").click()
    await expect(tasks.message("Your version was saved.")).to_be_visible()
    assert (await read_task(site, id_))["description"] == MINE


async def test_conflict_is_resolved_by_keeping_theirs(site: Site, open_tab: OpenTab) -> None:
    tasks = TaskList(await open_tab("/"))
    id_, dialog = await cause_conflict(site, tasks)
    await dialog.get_by_role("button", name="Keep theirs").click()
    field = tasks.dialog("Task").get_by_role("textbox", name="Description")
    await expect(field).to_have_value(THEIRS)
    await tasks.message("Your text was discarded.").get_by_role("button", name="Bring it back").click()
    await expect(field).to_have_value(MINE)
    assert (await read_task(site, id_))["description"] == THEIRS


@pytest.mark.parametrize("addition", ["", "- salt"])
async def test_conflict_is_resolved_by_combining_both(site: Site, open_tab: OpenTab, addition: str) -> None:
    tasks = TaskList(await open_tab("/"))
    id_, dialog = await cause_conflict(site, tasks)
    await dialog.get_by_role("button", name="Combine both…").click()
    field = dialog.get_by_label("Description, combined")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("Buy fresh milk and butter\n\n- eggs\n- bread\n")
    await field.press("Control+End")
    await field.type(addition)
    await field.press("Control+Enter")
    await expect(tasks.message("The combined text was saved.")).to_be_visible()
    combined = f"Buy fresh milk and butter\n\n- eggs\n- bread\n{addition}"
    assert (await read_task(site, id_))["description"] == combined
    # No draft of the earlier text is left.
    await expect(tasks.dialog("Task").get_by_role("textbox", name="Description")).to_have_value(combined)


async def test_bulk_action_combines_with_edits_of_other_fields(site: Site, open_tab: OpenTab) -> None:
    first, _ = await site.create_tasks("Write the letter", "Send the parcel")
    tab = await open_tab("about:blank")
    await tab.route_web_socket("**/graphql", lambda _: None)  # The tab receives no live updates.
    await tab.goto("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await edit_elsewhere(site, first, title="Write two letters")
    await tasks.checkbox("Send the parcel").click()
    await tasks.checkbox("Write the letter").click(modifiers=["Shift"])
    await tasks.selection_toolbar.get_by_role("button", name="Complete").click()
    await expect(tasks.message("Completed 2 tasks.")).to_be_visible()
    await expect(tab.get_by_role("button", name="Reopen: Write two letters")).to_be_visible()


async def test_conflict_waits_until_the_person_stops_typing(site: Site, open_tab: OpenTab) -> None:
    """The dialog takes the focus, so a key between two others would be lost."""
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab("about:blank")
    await tab.clock.install()
    tasks = TaskList(tab)
    drawer = await open_drawer(tasks, id_)
    title = drawer.get_by_label("Title")
    held, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        if "mutation" in (route.request.post_data or ""):
            held.set()
            await released.wait()
        await route.continue_()

    await tab.route("**/graphql", hold)
    # The clock of the page stands still, so that no pause between two keys is long, however slow the machine is.
    await tab.clock.pause_at(datetime.now(UTC) + timedelta(seconds=2))
    await title.fill("Write two letters")
    await title.press("Enter")
    await held.wait()
    await edit_elsewhere(site, id_, title="Write no letter")
    async with tab.expect_response(lambda response: "mutation" in (response.request.post_data or "")):
        released.set()
    await title.press_sequentially(" and send them by train tomorrow")
    await expect(title).to_have_value("Write two letters and send them by train tomorrow")
    dialog = tasks.dialog("Someone else changed this task")
    await expect(dialog).to_be_hidden()
    await tab.clock.resume()
    await expect(dialog).to_be_visible()
