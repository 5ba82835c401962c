"""Tests changes whose answer is lost: the service has saved them, and the page or the browser may send them again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList


async def intercept_mutations(tab: Page, *, arrives: bool = True, resend: bool = False) -> None:
    """Lose the answer of each mutation, or already the request. With `resend`, send it again, as browsers do."""

    async def lose_answer(route: Route) -> None:
        if "mutation" not in (route.request.post_data or ""):
            await route.continue_()
            return
        if arrives:
            await route.fetch()
        if resend:
            await route.continue_()
        else:
            await route.abort("connectionreset")

    await tab.route("**/graphql", lose_answer)


async def hold_mutations(tab: Page) -> Callable[[], Awaitable[Route]]:
    """Hold every mutation. Returns a function that waits for the next one, and raises TimeoutError after 30 s."""
    held = asyncio.Queue[Route]()

    async def hold(route: Route) -> None:
        if "mutation" in (route.request.post_data or ""):
            await held.put(route)
        else:
            await route.continue_()

    await tab.route("**/graphql", hold)
    return lambda: asyncio.wait_for(held.get(), 30)


@pytest_asyncio.fixture(loop_scope="session")
async def tasks(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> TaskList:
    """Return a list with one task."""
    monitor.allow("ERR_CONNECTION_RESET")
    await site.create_tasks("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_connected()
    await tasks.expect_rows("Write the letter")
    return tasks


async def test_change_without_an_answer_is_read_again(tasks: TaskList) -> None:
    await intercept_mutations(tasks.tab)
    await tasks.tab.get_by_role("button", name="Complete: Write the letter").click()
    message = tasks.message("Completed 1 task.")
    await expect(message).to_be_visible()
    await expect(tasks.tab.get_by_role("button", name="Reopen: Write the letter")).to_be_visible()
    await tasks.tab.unroute_all()
    await message.get_by_role("button", name="Undo").click()
    await expect(tasks.tab.get_by_role("button", name="Complete: Write the letter")).to_be_visible()


async def test_change_that_did_not_arrive_can_be_tried_again(tasks: TaskList) -> None:
    await intercept_mutations(tasks.tab, arrives=False)
    await tasks.tab.get_by_role("button", name="Complete: Write the letter").click()
    message = tasks.message("Your change was not saved.")
    await expect(message).to_be_visible()
    await expect(tasks.tab.get_by_role("button", name="Complete: Write the letter")).to_be_visible()
    await tasks.tab.unroute_all()
    await message.get_by_role("button", name="Try again").click()
    await expect(tasks.message("Completed 1 task.")).to_be_visible()


async def test_delete_and_create_without_an_answer_are_read_again(tasks: TaskList) -> None:
    await intercept_mutations(tasks.tab)
    await tasks.tab.keyboard.press("Home")
    await tasks.tab.keyboard.press("Delete")
    await expect(tasks.message("Deleted 1 task.")).to_be_visible()
    await expect(tasks.rows).to_have_count(0)
    await tasks.tab.keyboard.press("c")
    await tasks.dialog("New task").get_by_label("Title").fill("Send the parcel")
    await tasks.tab.keyboard.press("Enter")
    await expect(tasks.message("Task created.")).to_be_visible()
    await tasks.expect_rows("Send the parcel")


async def test_task_that_was_not_created_is_sent_again(tasks: TaskList) -> None:
    await intercept_mutations(tasks.tab, arrives=False)
    await tasks.tab.keyboard.press("c")
    dialog = tasks.dialog("New task")
    await dialog.get_by_label("Title").fill("Send the parcel")
    await dialog.get_by_label("Priority").select_option("High")
    await dialog.get_by_role("button", name="Create task").click()
    await expect(dialog).to_be_hidden()
    await expect(tasks.message("The task is not created yet.")).to_be_visible()
    await expect(tasks.tab.get_by_role("button", name="1 not saved yet")).to_be_visible()
    await tasks.tab.unroute_all()
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await expect(tasks.tab.get_by_role("button", name="not saved yet")).to_be_hidden()


async def test_form_never_refuses_a_key_while_a_task_is_created(tasks: TaskList) -> None:
    """The form closes at once. Opened again, it is empty, and what is typed belongs to the next task."""
    tab = tasks.tab
    next_held = await hold_mutations(tab)
    await tab.keyboard.press("c")
    title = tasks.dialog("New task").get_by_label("Title")
    await title.fill("Send the parcel")
    await tab.keyboard.press("Enter")
    first = await next_held()
    await expect(title).to_be_hidden()
    await tab.keyboard.press("c")
    await tab.keyboard.type("Buy stamps")
    await expect(title).to_have_value("Buy stamps")
    await first.continue_()
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await expect(title).to_have_value("Buy stamps")
    await tab.keyboard.press("Enter")
    await (await next_held()).continue_()
    await tasks.expect_rows("Buy stamps", "Send the parcel", "Write the letter")


async def test_created_task_takes_nobody_away_from_what_they_do(tasks: TaskList) -> None:
    """An answer that arrives late neither moves the active row nor replaces a page number that is being typed."""
    tab = tasks.tab
    next_held = await hold_mutations(tab)
    await tab.keyboard.press("c")
    await tab.keyboard.type("Send the parcel")
    await expect(tasks.dialog("New task").get_by_label("Title")).to_have_value("Send the parcel")
    await tab.keyboard.press("Enter")
    create = await next_held()
    await expect(tasks.dialog("New task")).to_be_hidden()
    await tab.keyboard.press("Home")
    await expect(tasks.row("Write the letter")).to_have_attribute("data-active", "true")
    await tasks.page_number.click()
    await tab.keyboard.type("7")
    await create.continue_()
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await expect(tasks.row("Write the letter")).to_have_attribute("data-active", "true")
    await expect(tasks.page_number).to_have_value("7")
    await expect(tasks.page_number).to_be_focused()


async def test_change_that_is_sent_twice_is_no_conflict(tasks: TaskList) -> None:
    await intercept_mutations(tasks.tab, resend=True)
    await tasks.tab.get_by_role("button", name="Complete: Write the letter").click()
    await expect(tasks.message("Completed 1 task.")).to_be_visible()
    await expect(tasks.dialog("Someone else changed this task")).to_be_hidden()


async def test_delete_that_is_sent_twice_is_no_error(tasks: TaskList) -> None:
    await intercept_mutations(tasks.tab, resend=True)
    await tasks.tab.keyboard.press("Home")
    await tasks.tab.keyboard.press("Delete")
    await tasks.message("Deleted 1 task.").get_by_role("button", name="Undo").click()
    await tasks.expect_rows("Write the letter")
