"""Tests the number of new tasks: it is right after an outage, for the tab's own tasks, and in every view."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import BrowserContext, Locator, Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.test_live import CONNECTION_ERRORS

# More than fit on the screen. "Task 1" is the newest one.
TASKS = 120


@pytest.fixture(scope="module")
def long_site(shared_site: Site) -> Iterator[Site]:
    yield shared_site
    shared_site.replace_tasks(0)


@pytest.fixture
def site(long_site: Site) -> Site:
    """Return the service with a list that can be scrolled."""
    long_site.replace_tasks(TASKS)
    return long_site


def new_tasks(tasks: TaskList, count: int) -> Locator:
    return tasks.tab.get_by_role("button", name=f"Show {count} new {'task' if count == 1 else 'tasks'}", exact=True)


def any_new_tasks(tasks: TaskList) -> Locator:
    return tasks.tab.get_by_role("button", name="Show")


async def create_here(tasks: TaskList, title: str) -> None:
    await tasks.tab.keyboard.press("c")
    await expect(tasks.dialog("New task").get_by_label("Title")).to_be_focused()
    await tasks.tab.keyboard.type(title)
    await tasks.tab.keyboard.press("Enter")
    await expect(tasks.dialog("New task")).to_be_hidden()


async def delete(site: Site, *ids: str) -> None:
    document = "mutation ($input: DeleteTasksInput!) { deleteTasks(input: $input) { userErrors { code } } }"
    await site.execute(document, input={"tasks": [{"id": id_} for id_ in ids]})


async def test_outage_of_the_network_is_counted_exactly(
    site: Site, context: BrowserContext, open_tab: OpenTab, monitor: TabMonitor
) -> None:
    monitor.allow(CONNECTION_ERRORS)
    tasks = TaskList(await open_tab("/"))
    await expect(tasks.row("Task 1")).to_be_in_viewport()
    await tasks.expect_connected()
    await site.create_tasks("Before the outage")
    await expect(new_tasks(tasks, 1)).to_be_visible()
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    ids = await site.create_tasks("One", "Two", "Three")
    await delete(site, ids[0])
    await context.set_offline(False)
    await expect(tasks.banner).to_be_hidden()
    await expect(new_tasks(tasks, 3)).to_be_visible()
    await expect(tasks.row("Task 1")).to_be_in_viewport()
    await expect(tasks.row("Three")).not_to_be_in_viewport()
    # Another outage without a new task changes nothing.
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    await delete(site, ids[1])
    await context.set_offline(False)
    await expect(new_tasks(tasks, 2)).to_be_visible()
    await new_tasks(tasks, 2).click()
    await expect(tasks.row("Three")).to_be_in_viewport()
    await expect(tasks.row("Before the outage")).to_be_in_viewport()
    await expect(any_new_tasks(tasks)).to_be_hidden()


async def test_count_ends_when_new_tasks_are_deleted_or_seen(site: Site, open_tab: OpenTab) -> None:
    tasks = TaskList(await open_tab("/"))
    await expect(tasks.row("Task 1")).to_be_in_viewport()
    await tasks.expect_connected()
    ids = await site.create_tasks("One", "Two")
    await expect(new_tasks(tasks, 2)).to_be_visible()
    await delete(site, ids[0])
    # The list is fetched again, and keeps its place.
    await expect(new_tasks(tasks, 1)).to_be_visible()
    await expect(tasks.row("Two")).not_to_be_in_viewport()
    await tasks.grid.evaluate("grid => { grid.scrollTop = 0 }")
    await expect(tasks.row("Two")).to_be_in_viewport()
    await expect(any_new_tasks(tasks)).to_be_hidden()
    await site.create_tasks("Three")
    await expect(new_tasks(tasks, 1)).to_be_visible()


async def test_own_tasks_are_not_new(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/?order=OLDEST")
    tasks = TaskList(tab)
    await expect(tasks.row(f"Task {TASKS}")).to_be_in_viewport()
    await tasks.expect_connected()
    await create_here(tasks, "Created here")
    await site.create_tasks("Created elsewhere")
    await expect(new_tasks(tasks, 1)).to_be_visible()
    await new_tasks(tasks, 1).click()
    await expect(tasks.row("Created elsewhere")).to_be_in_viewport()
    await expect(any_new_tasks(tasks)).to_be_hidden()

    await tasks.tab.get_by_label("Sort order").select_option("Newest first")
    await expect(tasks.row("Created elsewhere")).to_be_in_viewport()
    await tasks.grid.focus()
    await tab.keyboard.press("Home")
    await tab.keyboard.press("Delete")
    await expect(tasks.row("Created elsewhere")).to_be_hidden()
    await tasks.message("Deleted 1 task.").get_by_role("button", name="Undo").click()
    await expect(tasks.message("Restored 1 task.")).to_be_visible()
    await expect(tasks.row("Created elsewhere")).to_have_count(1)
    # The next task of another person is counted alone.
    await site.create_tasks("Last")
    await expect(new_tasks(tasks, 1)).to_be_visible()


async def test_only_tasks_of_the_view_are_new(
    site: Site, context: BrowserContext, open_tab: OpenTab, monitor: TabMonitor
) -> None:
    monitor.allow(CONNECTION_ERRORS)
    done, found = TaskList(await open_tab("/?status=DONE")), TaskList(await open_tab("/?q=Task"))
    deep = TaskList(await open_tab("/?row=60"))
    for tasks in (done, found, deep):
        await expect(tasks.rows.first).to_be_visible()
        await tasks.expect_connected()
    await site.create_tasks("Task to do", status="TODO")
    await expect(new_tasks(deep, 1)).to_be_visible()
    await site.create_tasks("Task done", status="DONE")
    await expect(new_tasks(done, 1)).to_be_visible()
    await expect(new_tasks(deep, 2)).to_be_visible()
    await context.set_offline(True)
    for tasks in (done, found, deep):
        await expect(tasks.banner).to_contain_text("Offline")
    await site.create_tasks("Another task to do", status="TODO")
    await context.set_offline(False)
    await expect(new_tasks(deep, 3)).to_be_visible()
    await done.expect_counts(All=TASKS + 3)
    await expect(new_tasks(done, 1)).to_be_visible()
    # A search is fetched again after an outage. What it finds then is not announced.
    await expect(found.row("Another task to do")).to_have_count(1)
    await expect(any_new_tasks(found)).to_be_hidden()


async def test_a_jump_while_an_own_task_is_fetched_is_kept(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.row("Task 1")).to_be_in_viewport()
    await tasks.expect_connected()
    held, released = asyncio.Event(), asyncio.Event()

    async def hold_first_page(route: Route) -> None:
        if "TaskPage" in (route.request.post_data or "") and not held.is_set():
            held.set()
            await released.wait()
        await route.continue_()

    await tab.route("**/graphql", hold_first_page)
    await create_here(tasks, "Created here")
    await held.wait()
    await tasks.page_number.fill("2")
    await tasks.page_number.press("Enter")
    await expect(tasks.row("Task 110")).to_be_in_viewport()
    # The list is fetched once more, because the first fetch may have begun before the task was created.
    async with tab.expect_response(lambda response: "TaskPage" in (response.request.post_data or "")):
        released.set()
    await tasks.expect_counts(All=TASKS + 1)
    await tab.wait_for_timeout(500)  # longer than the page waits before it scrolls
    await expect(tasks.row("Task 110")).to_be_in_viewport()
    await expect(tasks.row("Created here")).to_be_hidden()
