"""Tests undo, retries and drafts: a person can recover every change and every unsaved text."""

import asyncio

from playwright.async_api import Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList


async def test_undo_goes_back_step_by_step(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.edit_title("Write the letter", "Write two letters")
    await tasks.expect_rows("Write two letters")
    await tab.keyboard.press("Home")
    await tab.keyboard.press("x")
    await tasks.expect_counts(Done=1)
    await tab.keyboard.press("Control+z")
    await tasks.expect_counts(Done=0)
    await tab.keyboard.press("Control+z")
    await tasks.expect_rows("Write the letter")
    await tab.keyboard.press("Control+z")
    await expect(tasks.message("Nothing to undo.")).to_be_visible()


async def test_undo_during_a_change_undoes_that_change(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.edit_title("Write the letter", "Write two letters")
    await tasks.expect_rows("Write two letters")
    may_answer = asyncio.Event()

    async def hold_answer(route: Route) -> None:
        response = await route.fetch()
        if "mutation" in (route.request.post_data or ""):
            await may_answer.wait()
        await route.fulfill(response=response)

    await tab.route("**/graphql", hold_answer)
    await tab.keyboard.press("Home")
    await tab.keyboard.press("x")
    await tasks.expect_counts(Done=1)  # The live update arrives before the answer.
    await tab.keyboard.press("Control+z")
    may_answer.set()
    await tasks.expect_counts(Done=0)
    await tasks.expect_rows("Write two letters")


async def test_undo_does_not_conflict_with_a_later_own_edit(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter")
    await tab.keyboard.press("j")
    await tab.keyboard.press("x")
    done = tasks.message("Completed 1 task.")
    await done.hover()  # Under the pointer, a message stays.
    await tab.keyboard.press("e")
    field = tasks.grid.get_by_role("textbox", name="Title")
    await expect(field).to_be_focused()
    await field.fill("Write two letters")
    await field.press("Enter")
    await done.get_by_role("button", name="Undo").click()
    await expect(tasks.message("Change undone.")).to_be_visible()
    await tasks.expect_counts(Done=0)
    await tasks.expect_rows("Write two letters")
    await expect(tab.get_by_role("dialog")).to_be_hidden()


async def test_title_that_could_not_be_saved_is_sent_again(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    monitor.allow("net::ERR|Failed to load resource")
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_connected()

    async def abort(route: Route) -> None:
        await route.abort("connectionfailed")

    await tab.route("**/graphql", abort)
    await tasks.edit_title("Write the letter", "Write two letters")
    await expect(tasks.row("Write the letter")).to_contain_text("Unsaved")
    await tab.unroute("**/graphql")
    await tasks.expect_rows("Write two letters")
    await expect(tasks.rows).not_to_contain_text(["Unsaved"])


async def test_draft_of_a_new_task_survives_closing_the_dialog(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tab.keyboard.press("c")
    dialog = tasks.dialog("New task")
    await dialog.get_by_label("Title").fill("Write the letter")
    await dialog.get_by_label("Priority").select_option("High")
    await tab.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await tab.keyboard.press("c")
    await expect(dialog.get_by_label("Title")).to_have_value("Write the letter")
    await expect(dialog.get_by_label("Priority")).to_have_value("HIGH")
    await dialog.get_by_role("button", name="Create").click()
    await tasks.expect_rows("Write the letter")
    # After a success, the same input creates a second task instead of counting as a retry.
    await tab.keyboard.press("c")
    await expect(dialog.get_by_label("Title")).to_have_value("")
    await dialog.get_by_label("Title").fill("Write the letter")
    await dialog.get_by_label("Priority").select_option("High")
    await dialog.get_by_role("button", name="Create").click()
    await tasks.expect_rows("Write the letter", "Write the letter")
