"""Tests the trash, the history of changes, and redo."""

import asyncio
import re

from playwright.async_api import Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList

CREATE = "mutation ($tasks: [CreateTaskInput!]!) { createTasks(input: { tasks: $tasks }) { results { task { id } } } }"
DELETE = "mutation ($ids: [DeleteTaskInput!]!) { deleteTasks(input: { tasks: $ids }) { userErrors { message } } }"


async def delete_tasks(site: Site, ids: list[str]) -> None:
    await site.execute(DELETE, ids=[{"id": id_} for id_ in ids])


async def test_trash_restores_by_keyboard_and_follows_other_tabs(site: Site, open_tab: OpenTab) -> None:
    ids = await site.create_tasks("Keep", "Letter", "Parcel", "Stamp")
    await delete_tasks(site, ids[1:3])
    tab = await open_tab("/?trash=1")
    tasks = TaskList(tab)
    trash = tasks.dialog("Trash")
    rows = trash.get_by_role("row")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("Deleted just now")
    await expect(rows.first).to_contain_text(re.compile(r"Purged in (29|30) days"))
    # A delete elsewhere shows without a reload.
    await delete_tasks(site, ids[3:])
    await expect(rows).to_have_count(3)
    await expect(rows.first).to_contain_text("Stamp")
    await rows.first.focus()
    await tab.keyboard.press("Space")
    await tab.keyboard.press("ArrowDown")
    await tab.keyboard.press("Space")
    await trash.get_by_role("button", name="Restore 2 selected").click()
    await expect(rows).to_have_count(1)
    await rows.first.focus()
    await tab.keyboard.press("Control+z")  # the restore can be undone as well
    await expect(rows).to_have_count(3)
    await rows.first.focus()
    await tab.keyboard.press("r")
    await expect(rows).to_have_count(2)
    await tab.keyboard.press("Escape")
    await expect(trash).to_be_hidden()
    await expect(tasks.rows).to_have_count(2)
    assert "trash" not in tab.url


async def test_trash_loads_more_while_it_is_scrolled(site: Site, open_tab: OpenTab) -> None:
    created = await site.execute(CREATE, tasks=[{"title": f"Task {number}"} for number in range(250)])
    await delete_tasks(site, [result["task"]["id"] for result in created["createTasks"]["results"]])
    tab = await open_tab("/?trash=1")
    rows = TaskList(tab).dialog("Trash").get_by_role("row")
    await expect(rows.first).to_be_visible()
    await rows.first.focus()
    for loaded in (100, 200):
        await expect(rows).to_have_count(loaded)
        await tab.keyboard.press("End")
    await expect(rows).to_have_count(250)
    assert len(set(await rows.all_text_contents())) == 250


async def test_deleted_task_that_is_opened_by_its_link_can_be_restored(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter")
    await delete_tasks(site, [id_])
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    drawer = tasks.dialog("Task")
    await expect(drawer).to_contain_text("This task is in the trash.")
    await drawer.get_by_role("button", name="Restore").click()
    await expect(drawer.get_by_label("Title")).to_have_value("Write the letter")
    await tasks.expect_counts(All=1)


async def test_empty_trash_and_failed_load_say_so(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    monitor.allow("net::ERR|Failed to load resource")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    aborted: list[str] = []

    async def abort(route: Route) -> None:
        aborted.append(str(route.request.post_data))
        await asyncio.sleep(0.2)  # the end of the list is seen, and asks for more, before the failure
        await route.abort("connectionfailed")

    await tab.route("**/graphql", abort)
    await tab.get_by_role("button", name="Trash").click()
    trash = tasks.dialog("Trash")
    await expect(trash.get_by_role("alert")).to_contain_text("The deleted tasks could not be loaded.")
    await tab.wait_for_timeout(500)
    assert len([body for body in aborted if "DeletedTasks" in body]) == 1, "a failed load repeats itself"
    await tab.unroute("**/graphql")
    await trash.get_by_role("button", name="Try again").click()
    await expect(trash).to_contain_text("The trash is empty.")


async def test_history_undoes_up_to_a_change_and_redo_repeats_it(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter")
    await tab.keyboard.press("j")
    await tab.keyboard.press("x")
    await tasks.expect_counts(Done=1)
    await tab.keyboard.press("Delete")
    await tasks.expect_counts(All=0)
    # Messages replace each other.
    await expect(tasks.message("Deleted 1 task.")).to_be_visible()
    await expect(tasks.message("Completed 1 task.")).to_be_hidden()
    await tab.keyboard.press("Control+k")
    await tab.get_by_label("Command", exact=True).fill("changes")
    await tab.keyboard.press("Enter")
    history = tasks.dialog("Changes")
    entries = history.get_by_role("listitem")
    await expect(entries).to_contain_text(["Deleted “Write the letter”", "Completed “Write the letter”"])
    await history.get_by_role("button", name="Undo 2 changes").click()
    await tasks.expect_counts(All=1, To_do=1)
    await expect(history.get_by_role("region", name="Undone").get_by_role("listitem")).to_have_count(2)
    await tab.keyboard.press("Escape")
    await expect(history).to_be_hidden()
    await tab.keyboard.press("Control+Shift+z")
    await tasks.expect_counts(Done=1)
    await tab.keyboard.press("Control+y")
    await tasks.expect_counts(All=0)
    await tab.keyboard.press("Control+y")
    await expect(tasks.message("Nothing to redo.")).to_be_visible()
