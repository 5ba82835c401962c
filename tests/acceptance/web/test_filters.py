"""Tests filters by priority, creation and expiry: chips in the URL, their list, and bulk changes. By keyboard."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList

HUNDREDS = 1_000
UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { message } } }"


@pytest.fixture
def large_site(site: Site) -> Iterator[Site]:
    """Yield the service with hundreds of tasks of each priority."""
    site.replace_tasks(HUNDREDS)
    yield site
    site.replace_tasks(0)


def chips(tab: Page) -> Locator:
    return tab.get_by_role("group", name="Active filters")


async def set_priority(site: Site, id_: str, priority: str) -> None:
    await site.execute(UPDATE, input={"id": id_, "priority": priority})


async def choose_priority(tab: Page, name: str) -> None:
    """Set the priority of the selected tasks, or else of the active one."""
    await tab.keyboard.press("p")
    await tab.get_by_role("menuitem", name=name).press("Enter")


async def test_conditions_are_chips_in_the_url(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter", priority="HIGH")
    await site.create_tasks("Send the parcel", priority="URGENT", status="DONE")
    await site.create_tasks("Sweep the floor", priority="LOW")
    tab = await open_tab("/?priority=TOP&created=9d&expires=soon")
    tasks, press = TaskList(tab), tab.keyboard.press
    menu = tasks.dialog("Filter")
    await tasks.expect_rows("Sweep the floor", "Send the parcel", "Write the letter")
    await expect(chips(tab)).to_be_hidden()

    await press("j")
    await press("f")
    await expect(menu.get_by_role("button", name="List: any")).to_be_focused()
    await menu.get_by_label("High").focus()
    await press(" ")
    await menu.get_by_label("Urgent").focus()
    await press(" ")
    await expect(menu.get_by_role("group", name="Expires")).to_contain_text("Cannot be combined with “Priority”.")
    await expect(menu.get_by_label("within 24 hours")).to_be_disabled()
    await menu.get_by_role("group", name="Created").get_by_label("any time").focus()
    await press("ArrowRight")
    await press("ArrowRight")
    await press("Escape")
    await expect(menu).to_be_hidden()
    await expect(tasks.grid).to_be_focused()
    await expect(tab).to_have_url(re.compile(r"priority=HIGH,URGENT&created=7d"))
    await expect(tab).to_have_title("All tasks · Priority: High, Urgent · Created: last 7 days – Millitask")
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await tab.reload()
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await tasks.status_tab("Done").click()
    await tasks.expect_rows("Send the parcel")

    # Delete on a chip removes the chip, and no task.
    await chips(tab).get_by_role("button", name="Created: last 7 days").focus()
    await press("Delete")
    await expect(chips(tab).get_by_role("button", name="Priority: High, Urgent")).to_be_focused()
    await tab.go_back()
    await expect(chips(tab)).to_contain_text("Created: last 7 days")
    await chips(tab).get_by_role("button", name="Clear all").press("Enter")
    await expect(chips(tab)).to_be_hidden()
    await expect(tab.get_by_role("button", name="Filter", exact=True)).to_be_focused()
    await tasks.expect_rows("Send the parcel")


async def test_a_custom_range_and_a_search(site: Site, open_tab: OpenTab) -> None:
    soon, later = (datetime.now(UTC) + timedelta(days=days) for days in (2, 9))
    await site.create_tasks("Soon", expiresAt=soon.isoformat())
    await site.create_tasks("Later", expiresAt=later.isoformat())
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    menu = tasks.dialog("Filter")
    await expect(tasks.rows).to_have_count(2)
    await press("f")
    await menu.get_by_role("group", name="Expires").get_by_label("custom range").check()
    await menu.get_by_label("From").press("Enter")
    await expect(menu.get_by_role("alert")).to_have_text("Choose a first or a last day.")
    await menu.get_by_label("From").fill(f"{later:%Y-%m-%d}")
    await menu.get_by_label("To", exact=True).fill(f"{soon:%Y-%m-%d}")
    await press("Enter")
    await expect(menu.get_by_role("alert")).to_have_text("The first day must not be after the last day.")
    await menu.get_by_label("From").fill("")
    await press("Enter")
    await expect(menu).to_be_hidden()
    await tasks.expect_rows("Soon")
    await expect(tab.get_by_label("Sort order")).to_have_value("EXPIRING_SOON")
    await expect(tab).to_have_url(re.compile(rf"expires=\.\.{soon:%Y-%m-%d}"))

    # A search leaves the filter aside, and its end brings the filter back.
    await tasks.search_field.fill("later")
    await tasks.expect_rows("Later")
    await expect(chips(tab)).to_contain_text("Not applied to a search.")
    await tasks.search_field.fill("")
    await tasks.expect_rows("Soon")
    await tasks.search_field.fill("later")
    await tasks.expect_rows("Later")
    await tasks.search_field.press("Enter")
    await press("f")
    await expect(menu).to_contain_text("Choosing one ends the search.")
    await menu.get_by_label("within 7 days").press(" ")
    await expect(tasks.search_field).to_have_value("")
    await press("Escape")
    await tasks.expect_rows("Soon")


async def test_tasks_enter_and_leave_a_filtered_list(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter", priority="URGENT")
    await site.create_tasks("Send the parcel", priority="URGENT")
    tab = await open_tab("/?priority=URGENT")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_connected()
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await set_priority(site, id_, "LOW")
    await expect(tasks.rows).to_have_count(1)
    await set_priority(site, id_, "URGENT")
    await expect(tasks.rows).to_have_count(2)

    await site.create_tasks("Sweep the floor", priority="LOW")
    await site.create_tasks("Call back", priority="URGENT")
    await tab.get_by_role("button", name="Show 1 new task").click()
    await expect(tasks.row("Call back")).to_be_visible()
    # The person's own change takes the active task out of the list.
    await press("Home")
    await choose_priority(tab, "Low")
    await expect(tasks.rows).to_have_count(2)
    await press("ControlOrMeta+a")
    await expect(tasks.selection_toolbar).to_contain_text("2 selected")
    await choose_priority(tab, "Medium")
    await expect(tasks.heading("No tasks match the filter")).to_be_visible()
    await expect(tasks.selection_toolbar).to_be_hidden()
    await tab.get_by_role("button", name="Clear filters").press("Enter")
    await expect(tasks.rows).to_have_count(4)
    await expect(tasks.grid).to_be_focused()


async def test_all_matches_of_a_filter_are_changed(large_site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/?priority=LOW&row=500")
    tasks, press = TaskList(tab), tab.keyboard.press
    await expect(tasks.row("Task 1")).to_be_visible()
    await expect(tab.get_by_role("contentinfo")).to_contain_text("Row 1 of 100+")
    await press("ControlOrMeta+a")
    await choose_priority(tab, "Urgent")
    await expect(tasks.message(f"{HUNDREDS // 5:,} tasks")).to_be_visible()
    await expect(tasks.heading("No tasks match the filter")).to_be_visible()


async def test_a_filter_that_fails_says_so(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    await site.create_tasks("Write the letter", priority="URGENT")
    tab = await open_tab("about:blank")

    async def abort(route: Route) -> None:
        if "FilterTasks" in (route.request.post_data or ""):
            await route.abort()
        else:
            await route.fallback()

    monitor.allow(r"net::ERR_FAILED")
    await tab.route("**/graphql", abort)
    await tab.goto("/?priority=URGENT")
    tasks = TaskList(tab)
    await tasks.expect_connected()  # A new connection fetches the list again.
    await expect(tab.get_by_text("The list could not be loaded")).to_be_visible()
    await expect(tasks.grid.locator("[aria-busy=true]")).to_have_count(0)
    await tab.unroute("**/graphql")
    await tab.get_by_role("button", name="Try again").press("Enter")
    await tasks.expect_rows("Write the letter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_filters_on_a_phone(site: Site, open_tab: OpenTab, scheme: Literal["light", "dark"]) -> None:
    await site.create_tasks("Write the letter", priority="URGENT")
    tab = await open_tab("about:blank")
    await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await tab.set_viewport_size({"width": 390, "height": 844})
    await tab.goto("/?priority=LOW,MEDIUM,HIGH,URGENT&created=30d")
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter")
    await tab.get_by_role("button", name="Filter", exact=True).click()
    await expect(tasks.dialog("Filter").get_by_role("button", name="Done")).to_be_in_viewport(ratio=1)
    assert await axe_findings(tab) == []
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 390
    await tasks.dialog("Filter").get_by_role("button", name="Clear all").click()
    await tasks.dialog("Filter").get_by_label("within 24 hours").click()
    await tasks.dialog("Filter").get_by_role("button", name="Done").click()
    await expect(tasks.heading("No tasks match the filter")).to_be_in_viewport()
    assert await axe_findings(tab) == []
