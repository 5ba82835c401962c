"""Tests the habits of daily use: links, a panel beside the list, menus by key, and changes of thousands of tasks."""

import asyncio
import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.async_api import Page, Route, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

THOUSANDS = 3_300


@pytest.fixture
def large_site(site: Site) -> Iterator[Site]:
    """Yield the service with thousands of tasks, a third of each status."""
    site.replace_tasks(THOUSANDS)
    yield site
    site.replace_tasks(0)


async def test_a_task_is_a_link(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tab).to_have_title("All tasks – Millitask")
    for button, modifiers in (("left", ["ControlOrMeta"]), ("middle", [])):
        async with tab.context.expect_page() as opened:
            await tasks.title_link("Write the letter").click(button=button, modifiers=modifiers)  # type: ignore[arg-type]
        other = await opened.value
        await expect(other).to_have_title("Write the letter – Millitask")
        await expect(TaskList(other).dialog("Task").get_by_label("Title")).to_have_value("Write the letter")
        await other.close()
    await expect(tasks.dialog("Task")).to_be_hidden()

    await tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.keyboard.press("j")
    await tab.keyboard.press("l")
    await expect(tasks.message("Link copied.")).to_be_visible()
    assert await tab.evaluate("navigator.clipboard.readText()") == f"{site.url}/?task={id_}"


async def test_the_open_task_follows_the_list(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("First", "Second", "Third")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.title_link("Third").click()
    title = tasks.dialog("Task").get_by_label("Title")
    for key, expected in (("j", "Second"), ("ArrowDown", "First"), ("k", "Second")):
        await press(key)
        await expect(title).to_have_value(expected)
        await expect(tab).to_have_title(f"{expected} – Millitask")
    # The list stays usable: a click on a row opens its task, and keys change it.
    await tasks.row("First").get_by_role("gridcell").last.click()
    await expect(title).to_have_value("First")
    await press("s")
    await expect(tab.get_by_role("menuitem", name="To do")).to_be_focused()
    await press("2")
    await expect(tasks.dialog("Task").get_by_label("Status")).to_have_value("IN_PROGRESS")
    await title.focus()
    await press("End")
    await tab.keyboard.type(" j")
    await expect(title).to_have_value("First j")
    await press("Escape")
    await expect(tasks.dialog("Task")).to_be_hidden()
    await expect(tasks.grid).to_be_focused()
    await expect(tasks.row("First j")).to_have_attribute("data-active", "true")
    await expect(tab).to_have_title("All tasks – Millitask")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_menus_set_a_field_by_key(site: Site, open_tab: OpenTab, scheme: Literal["light", "dark"]) -> None:
    await site.create_tasks("Write the letter", "Send the parcel")
    tab = await open_tab("/")
    await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    tasks, press = TaskList(tab), tab.keyboard.press
    await expect(tasks.rows).to_have_count(2)
    await press("Home")
    await press("s")
    await expect(tab.get_by_role("menuitem", name="To do")).to_be_focused()
    assert await axe_findings(tab) == []
    await press("3")
    await expect(tab.get_by_role("button", name="Reopen: Send the parcel")).to_be_visible()
    await expect(tasks.grid).to_be_focused()

    await press("ControlOrMeta+a")
    await expect(tasks.selection_toolbar).to_contain_text("2 selected")
    await press("p")
    await expect(tab.get_by_role("menuitem", name="No priority")).to_be_focused()
    await press("ArrowUp")
    await press("Enter")
    await expect(tasks.row("Write the letter")).to_contain_text("Urgent")
    await expect(tasks.row("Send the parcel")).to_contain_text("Urgent")
    await press("d")
    await tab.get_by_role("button", name="In a week").click()
    await expect(tasks.row("Write the letter")).to_contain_text("Expires in")
    await press("d")
    await tab.get_by_role("button", name="Never").click()
    await expect(tasks.row("Write the letter")).not_to_contain_text("Expires in")


async def test_clicks_anywhere_on_a_row_select(large_site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.row("Task 1").get_by_role("gridcell").last.click(modifiers=["ControlOrMeta"])
    await tasks.row("Task 3").get_by_role("gridcell").last.click(modifiers=["ControlOrMeta"])
    await expect(tasks.selection_toolbar).to_contain_text("2 selected")
    await tasks.title_link("Task 6").click(modifiers=["Shift"])
    await expect(tasks.selection_toolbar).to_contain_text("5 selected")
    # The rows in between were never loaded, and are more than one mutation takes.
    await tab.keyboard.press("End")
    await tasks.title_link(f"Task {THOUSANDS}").click(modifiers=["Shift"])
    await expect(tasks.selection_toolbar).to_contain_text(f"{THOUSANDS - 2:,} selected")
    await tasks.row(f"Task {THOUSANDS - 1}").get_by_role("checkbox").click()
    await expect(tasks.selection_toolbar).to_contain_text(f"{THOUSANDS - 3:,} selected")
    await tasks.selection_toolbar.get_by_role("button", name=f"Select all {THOUSANDS:,}").click()
    await expect(tasks.selection_toolbar).to_contain_text(f"{THOUSANDS:,} selected")


async def test_all_tasks_of_a_view_change_and_change_back(large_site: Site, open_tab: OpenTab) -> None:
    third = THOUSANDS // 3
    tab = await open_tab("/?status=TODO")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_counts(To_do=third)
    await press("Home")
    await press("ControlOrMeta+a")
    await expect(tasks.selection_toolbar).to_contain_text(f"{third:,} selected")
    # Every task leaves the view when it is changed. The first one is left out.
    await tasks.rows.first.get_by_role("checkbox").click()
    await press("x")
    await expect(tasks.message(f"Completed {third - 1:,} tasks.")).to_be_visible()
    await tasks.expect_counts(To_do=1, In_progress=third, Done=2 * third - 1)
    await press("ControlOrMeta+z")
    await expect(tasks.message(f"Undone for {third - 1:,} tasks.")).to_be_visible()
    await tasks.expect_counts(To_do=third, In_progress=third, Done=third)


async def hold_second_delete(tab: Page) -> asyncio.Event:
    """Hold the second request that deletes tasks, until the event is set."""
    may_continue, seen = asyncio.Event(), 0

    async def hold(route: Route) -> None:
        nonlocal seen
        seen += "BulkDelete" in (route.request.post_data or "")
        if seen == 2:
            await may_continue.wait()
        await route.continue_()

    await tab.route("**/graphql", hold)
    return may_continue


async def test_a_bulk_delete_is_confirmed_stopped_and_undone(large_site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_counts(All=THOUSANDS)
    may_continue = await hold_second_delete(tab)
    await press("ControlOrMeta+a")
    await press("Delete")
    dialog = tasks.dialog(f"Delete {THOUSANDS:,} tasks?")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await dialog.get_by_role("button", name="Delete").click()
    progress = tab.get_by_role("region", name="Bulk change")
    await expect(progress).to_contain_text(f"Deleting 1,000 of {THOUSANDS:,} tasks")
    assert await axe_findings(tab) == []
    await progress.get_by_role("button", name="Stop").click()
    may_continue.set()
    message = tasks.message("Stopped. Deleted 2,000 tasks.")
    await tasks.expect_counts(All=THOUSANDS - 2_000)
    await message.get_by_role("button", name="Undo").click()
    await tasks.expect_counts(All=THOUSANDS)
    await expect(progress).to_be_hidden()


async def test_a_busy_service_and_a_conflict_do_not_stop_the_others(large_site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/?status=DONE")
    tasks, press = TaskList(tab), tab.keyboard.press
    third, refused = THOUSANDS // 3, 0
    await tasks.expect_counts(Done=third)
    await expect(tasks.rows.first).to_have_attribute("data-task", re.compile("."))
    first = await tasks.rows.first.get_attribute("data-task")
    waiting_seen = asyncio.Event()

    async def interfere(route: Route) -> None:
        nonlocal refused
        if "BulkUpdate" not in (route.request.post_data or ""):
            await route.continue_()
        elif not refused:
            refused += 1
            update = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
            await large_site.execute(update, input={"id": first, "status": "IN_PROGRESS"})
            busy = {"message": "The service is busy.", "extensions": {"code": "WRITES_BUSY", "retryAfterSeconds": 1}}
            await route.fulfill(json={"data": None, "errors": [busy]})
        else:
            await waiting_seen.wait()
            await route.continue_()

    await tab.route("**/graphql", interfere)
    await press("ControlOrMeta+a")
    await press("s")
    await tab.get_by_role("menuitem", name="To do").click()
    await expect(tab.get_by_text("Waiting to try again.")).to_be_visible()
    waiting_seen.set()
    await expect(tasks.message(f"Set the status of {third - 1:,} tasks to To do.")).to_be_visible()
    await expect(tasks.message("1 task was not changed. Someone else changed the same field.")).to_be_visible()
    await tasks.expect_counts(To_do=2 * third - 1, In_progress=third + 1, Done=0)


async def test_a_phone_opens_a_task_by_a_tap_on_its_row(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("about:blank")
    phone = await tab.context.browser.new_context(  # type: ignore[union-attr]
        base_url=site.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    try:
        page = await phone.new_page()
        await page.goto("/")
        tasks = TaskList(page)
        await tasks.row("Write the letter").get_by_role("gridcell").nth(-2).tap()
        await expect(tasks.dialog("Task").get_by_label("Title")).to_have_value("Write the letter")
        await expect(page).to_have_url(re.compile("task="))
        await expect(tasks.grid).to_be_hidden()
        await tasks.dialog("Task").get_by_role("button", name="Close task").tap()
        await expect(tasks.row("Write the letter")).to_be_visible()
    finally:
        await phone.close()
