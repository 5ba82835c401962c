"""Tests changes whose answer is lost: the service has saved them, and the page or the browser may send them again."""

import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList


async def intercept_mutations(tab: Page, *, resend: bool) -> None:
    """Let each mutation reach the service, and lose its answer. With `resend`, send it again, as browsers do."""

    async def lose_answer(route: Route) -> None:
        if "mutation" not in (route.request.post_data or ""):
            await route.continue_()
            return
        await route.fetch()
        if resend:
            await route.continue_()
        else:
            await route.abort("connectionreset")

    await tab.route("**/graphql", lose_answer)


@pytest_asyncio.fixture(loop_scope="session")
async def tasks(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> TaskList:
    """Return a list with one task."""
    monitor.allow("ERR_CONNECTION_RESET")
    await site.create_tasks("Write the letter")
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_connected()
    await tasks.expect_rows("Write the letter")
    return tasks


async def test_change_without_an_answer_may_be_saved(tasks: TaskList) -> None:
    await intercept_mutations(tasks.tab, resend=False)
    await tasks.tab.get_by_role("button", name="Complete: Write the letter").click()
    await expect(tasks.message("The change may or may not have been saved.")).to_be_visible()
    # A live update shows that it was saved.
    await expect(tasks.tab.get_by_role("button", name="Reopen: Write the letter")).to_be_visible()


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
