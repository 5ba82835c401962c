"""Tests that text typed into a task that is deleted or expires stays on screen, with the ways to save it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from playwright.async_api import expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

EXPIRE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
DELETE = "mutation ($id: ID!) { deleteTask(input: { id: $id }) { userErrors { code } } }"
TASK = "query ($id: ID!) { task(id: $id) { title description status priority version } }"
TASKS = "{ tasks(first: 10) { nodes { title description priority } } }"


async def test_text_in_the_drawer_is_restored_with_its_task(site: Site, open_tab: OpenTab) -> None:
    """Someone else deletes the task between two keys."""
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    drawer = tasks.dialog("Task")
    description = drawer.get_by_label("Description")
    await description.press_sequentially("To the ")
    await site.execute(DELETE, id=id_)
    await expect(drawer.get_by_role("alert")).to_have_text(
        "This task was deleted. Your text is kept in this browser, but it is not saved."
    )
    await expect(description).to_be_focused()
    await tab.keyboard.type("office")
    await expect(description).to_have_value("To the office")
    await drawer.get_by_role("button", name="Restore and save").click()
    await expect(drawer.get_by_label("Status")).to_be_visible()
    # The delete, the restore and the edit have created a version each.
    task = await site.saved_task(id_, version=4)
    await expect(tab.get_by_text("You have unsaved text")).to_be_hidden()
    assert (task["title"], task["description"]) == ("Write the letter", "To the office")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_is_offered_after_a_reload(site: Site, open_tab: OpenTab, scheme: Literal["light", "dark"]) -> None:
    """A banner leads to the text of a task that the list does not show any more."""
    [id_] = await site.create_tasks("Write the letter", priority="HIGH")
    tab = await open_tab("about:blank")
    await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await tab.goto(f"/?task={id_}")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    drawer = tasks.dialog("Task")
    await drawer.get_by_label("Description").fill("To the office")
    await site.execute(DELETE, id=id_)
    await expect(drawer.get_by_role("alert")).to_contain_text("This task was deleted.")
    await tab.reload()
    await expect(drawer.get_by_role("alert")).to_contain_text("This task was deleted.")
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")
    await expect(drawer.get_by_role("textbox", name="Description")).to_have_value("To the office")
    assert await axe_findings(tab) == []
    await drawer.get_by_role("button", name="Close task").click()
    banner = tab.get_by_role("status").filter(has_text="You have unsaved text for “Write the letter”")
    await expect(banner).to_be_visible()
    assert await axe_findings(tab) == []
    await banner.get_by_role("button", name="Show text").click()
    await drawer.get_by_role("button", name="Save as new task").click()
    await expect(drawer).to_be_hidden()
    await tasks.expect_rows("Write the letter")
    await expect(banner).to_be_hidden()
    nodes = (await site.execute(TASKS))["tasks"]["nodes"]
    assert nodes == [{"title": "Write the letter", "description": "To the office", "priority": "HIGH"}]


async def test_text_in_an_expired_task_is_not_restorable(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab(f"/?task={id_}")
    await tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tasks = TaskList(tab)
    await tasks.expect_connected()
    drawer = tasks.dialog("Task")
    await drawer.get_by_label("Title").fill("Write two letters")
    # Only now, so that the task does not expire before a slow browser shows it.
    expires_at = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    await site.execute(EXPIRE, input={"id": id_, "expiresAt": expires_at})
    await expect(drawer.get_by_role("alert")).to_contain_text("This task has expired and cannot be restored.")
    await expect(drawer.get_by_label("Title")).to_have_value("Write two letters")
    await expect(drawer.get_by_role("button", name="Restore and save")).to_be_hidden()
    await drawer.get_by_role("button", name="Copy text").click()
    await expect(tasks.message("Copied.")).to_be_visible()
    assert await tab.evaluate("navigator.clipboard.readText()") == "Write two letters"


async def test_title_in_a_row_stays_on_screen(site: Site, open_tab: OpenTab) -> None:
    """The row disappears between two keys, while the cursor is inside the title."""
    first, second, _ = await site.create_tasks("Write the letter", "Send the parcel", "Buy milk")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    field = await tasks.start_title_edit("Send the parcel")
    await field.press("Home")
    await tab.keyboard.type("Now ")
    await site.execute(DELETE, id=second)
    card = tab.get_by_role("dialog", name="Edit title: Send the parcel")
    await expect(card.get_by_role("alert")).to_contain_text("This task was deleted.")
    await expect(card.get_by_label("Title")).to_be_focused()
    await tab.keyboard.type("x c ")
    await expect(card.get_by_label("Title")).to_have_value("Now x c Send the parcel")
    await card.get_by_role("button", name="Restore and save").click()
    await expect(card).to_be_hidden()
    await tasks.expect_rows("Buy milk", "Now x c Send the parcel", "Write the letter")

    # A row that leaves the list without being deleted is no different.
    await tasks.status_tab("To do").click()
    field = await tasks.start_title_edit("Write the letter")
    await tab.keyboard.press("End")
    await tab.keyboard.type(" n")
    complete = "mutation ($id: ID!) { completeTask(input: { id: $id }) { userErrors { code } } }"
    await site.execute(complete, id=first)
    card = tab.get_by_role("dialog", name="Edit title: Write the letter")
    await expect(card.get_by_label("Title")).to_be_focused()
    await tab.keyboard.type("ow")
    await tab.keyboard.press("Enter")
    await expect(card).to_be_hidden()
    async with asyncio.timeout(30):
        while (await site.execute(TASK, id=first))["task"]["title"] != "Write the letter now":  # noqa: ASYNC110 - the API has no event for this
            await asyncio.sleep(0.05)
