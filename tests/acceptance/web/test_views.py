"""Tests the sidebar with lists and saved views, and filters by list, assignee and label. By keyboard and by mouse."""

import re
from typing import Literal

import pytest
from playwright.async_api import Locator, Page, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

ARCHIVE = """mutation ($id: ID!) {
  updateTaskList(input: { id: $id, expectedVersion: 1, archived: true }) { userErrors { code } }
}"""


def sidebar(tab: Page) -> Locator:
    return tab.get_by_role("navigation", name="Lists and saved views")


def entry(tab: Page, name: str) -> Locator:
    return sidebar(tab).get_by_role("link", name=name)


def chip(tab: Page, name: str) -> Locator:
    return tab.get_by_role("group", name="Active filters").get_by_role("button", name=name, exact=True)


async def lists_with_tasks(site: Site) -> tuple[str, str]:
    """Create the lists Garden, with two open tasks and a finished one, and House, with a task."""
    garden, house = await site.create_list("Garden"), await site.create_list("House")
    await site.create_tasks("Sow the beans", "Water the roses", listId=garden)
    await site.create_tasks("Cut the grass", listId=garden, status="DONE")
    await site.create_tasks("Sweep the floor", listId=house)
    return garden, house


async def test_a_list_in_the_sidebar_shows_its_tasks(site: Site, open_tab: OpenTab) -> None:
    garden, _ = await lists_with_tasks(site)
    old = await site.create_list("Balcony")
    await site.create_tasks("Buy pots", listId=old)
    await site.execute(ARCHIVE, id=old)
    await site.create_tasks("Call back")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await expect(entry(tab, "All tasks")).to_have_text("All tasks6")
    await expect(entry(tab, "All tasks")).to_have_attribute("aria-current", "page")
    await expect(entry(tab, "Garden")).to_have_text("Garden3")
    await expect(entry(tab, "Balcony")).to_be_hidden()
    await sidebar(tab).get_by_role("button", name="Archived lists (1)").press("Enter")
    await expect(entry(tab, "Balcony")).to_have_text("Balcony1")

    # V moves the focus to the sidebar, and the arrow keys move it there.
    await tasks.grid.focus()
    await press("v")
    await expect(entry(tab, "All tasks")).to_be_focused()
    await entry(tab, "Garden").focus()
    await press("Enter")
    await tasks.expect_rows("Cut the grass", "Water the roses", "Sow the beans")
    await expect(tab).to_have_url(re.compile(f"list={garden}"))
    await expect(tab).to_have_title(re.compile("List: .*Garden"))
    await tasks.expect_counts(All=3, To_do=2, Done=1)
    await expect(tab.get_by_role("contentinfo")).to_contain_text("Row 1 of 3")
    await tasks.status_tab("To do").click()
    await tasks.expect_rows("Water the roses", "Sow the beans")
    await expect(entry(tab, "Garden")).to_have_text("Garden2")
    await tab.get_by_label("Sort order").select_option("OLDEST")
    await tasks.expect_rows("Sow the beans", "Water the roses")
    await tab.reload()
    await tasks.expect_rows("Sow the beans", "Water the roses")
    await entry(tab, "All tasks").click()
    await expect(tasks.rows).to_have_count(5)
    await tab.go_back()
    await tasks.expect_rows("Sow the beans", "Water the roses")

    await entry(tab, "Garden").focus()
    await press("v")
    await expect(sidebar(tab)).to_be_hidden()
    await tab.reload()
    await tasks.expect_rows("Sow the beans", "Water the roses")
    await expect(sidebar(tab)).to_be_hidden()


async def test_numbers_and_rows_follow_changes(site: Site, open_tab: OpenTab) -> None:
    garden, house = await lists_with_tasks(site)
    tab = await open_tab(f"/?list={garden}")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    await expect(entry(tab, "House")).to_have_text("House1")
    [id_] = await site.create_tasks("Rake the leaves", listId=house)
    await expect(entry(tab, "House")).to_have_text("House2")
    await expect(tasks.rows).to_have_count(3)
    move = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { message } } }"
    await site.execute(move, input={"id": id_, "listId": garden})
    await expect(tasks.row("Rake the leaves")).to_be_visible()
    await expect(entry(tab, "Garden")).to_have_text("Garden4")
    await tasks.expect_counts(All=4)


async def test_tasks_are_dragged_onto_a_list(site: Site, open_tab: OpenTab) -> None:
    await lists_with_tasks(site)
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(entry(tab, "House")).to_have_text("House1")

    async def drag(title: str, to: str) -> None:
        await tasks.row(title).hover()
        await tab.mouse.down()
        await entry(tab, to).hover()
        await expect(tab.get_by_text(re.compile(f"^Move .*{to}"))).to_be_visible()

    await drag("Water the roses", "House")
    await tab.mouse.up()
    await expect(entry(tab, "House")).to_have_text("House2")
    await expect(tab).to_have_url(re.compile("/$|/[?]row=1$"))  # a drag is no click
    await tab.keyboard.press("ControlOrMeta+z")
    await expect(entry(tab, "House")).to_have_text("House1")
    # Escape cancels. A selected row takes the selection along.
    await drag("Water the roses", "House")
    await tab.keyboard.press("Escape")
    await tab.mouse.up()
    await tasks.checkbox("Water the roses").click()
    await tasks.checkbox("Sow the beans").click()
    await expect(entry(tab, "House")).to_have_text("House1")
    await drag("Sow the beans", "House")
    await expect(tab.get_by_text(re.compile("^Move 2 tasks to .*House"))).to_be_visible()
    await tab.mouse.up()
    await expect(entry(tab, "House")).to_have_text("House3")
    await expect(entry(tab, "Garden")).to_have_text("Garden1")


async def test_conditions_are_combined(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Fix the gate", assignee="maria", labels=["repair", "garden"])
    await site.create_tasks("Fix the door", assignee="maria", labels=["repair"], priority="HIGH")
    await site.create_tasks("Paint the door", assignee="leo", labels=["repair"], dueAt="2020-01-01T12:00:00Z")
    await site.create_tasks("Sweep the floor")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await expect(tasks.rows).to_have_count(4)
    await press("f")
    await tasks.dialog("Filter").get_by_role("button", name="Assignee: any").press("Enter")
    picker = tasks.dialog("Assignee")
    await expect(picker.get_by_role("option")).to_have_text(["any", re.compile("maria2"), re.compile("leo1")])
    await press("m")
    await press("Enter")
    await tasks.expect_rows("Fix the door", "Fix the gate")
    await expect(tab.get_by_role("contentinfo")).to_contain_text("Row 1 of 2")
    await tasks.expect_counts(All=2, To_do=2, Done=0)

    # The service does not count an assignee with a label: the list has no total.
    await press("f")
    await tasks.dialog("Filter").get_by_role("button", name="Label: any").press("Enter")
    await expect(tasks.dialog("Label")).to_contain_text("The numbers count all tasks")
    await tasks.dialog("Label").get_by_role("option", name="garden").click()
    await tasks.expect_rows("Fix the gate")
    await expect(tab).to_have_url(re.compile("assignee=maria&label=garden"))
    await tab.reload()
    await tasks.expect_rows("Fix the gate")
    await chip(tab, "Assignee: maria").press("Enter")
    await tasks.dialog("Assignee").get_by_role("option", name="any").click()
    await tasks.expect_rows("Fix the gate")
    await expect(tab.get_by_role("contentinfo")).to_contain_text("Row 1 of 1")
    await tab.goto("/?due=overdue&label=repair")
    await tasks.expect_rows("Paint the door")
    await expect(chip(tab, "Due: overdue")).to_be_visible()


async def test_a_view_is_saved_renamed_and_removed(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Fix the gate", labels=["repair"], assignee="maria")
    await site.create_tasks("Sweep the floor")
    tab = await open_tab("/?label=repair&order=OLDEST")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Fix the gate")
    await tab.get_by_role("button", name="Save view…").press("Enter")
    await tasks.dialog("Saved views").get_by_label("Name of this view").fill("Repairs")
    await press("Enter")
    await expect(entry(tab, "Repairs")).to_have_attribute("aria-current", "page")
    await entry(tab, "All tasks").click()
    await expect(tasks.rows).to_have_count(2)
    await tab.reload()
    await entry(tab, "Repairs").press("Enter")
    await tasks.expect_rows("Fix the gate")
    await expect(tab.get_by_label("Sort order")).to_have_value("OLDEST")
    await sidebar(tab).get_by_role("button", name="Manage saved views").click()
    name = tasks.dialog("Saved views").get_by_label("Name of the view")
    await name.fill("House repairs")
    await name.press("Enter")
    await expect(entry(tab, "House repairs")).to_have_count(1)
    await tasks.dialog("Saved views").get_by_role("button", name="Remove the view").click()
    await press("Escape")
    await expect(entry(tab, "House repairs")).to_have_count(0)
    await tab.get_by_role("button", name="Undo").click()
    await expect(entry(tab, "House repairs")).to_be_visible()


async def test_pickers_offer_values_of_tasks_that_are_not_loaded(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Fix the gate", labels=["repair"], assignee="maria")
    await site.create_tasks("Sweep the floor", status="DONE")
    tab = await open_tab("/?status=DONE")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Sweep the floor")
    await press("j")
    await press("a")
    await expect(tasks.dialog("Set assignee").get_by_role("option", name="maria")).to_be_visible()
    await press("Escape")
    await press("b")
    await expect(tasks.dialog("Set labels").get_by_role("option", name="repair")).to_be_visible()


async def test_a_selection_of_all_ends_when_its_tasks_lose_the_label(site: Site, open_tab: OpenTab) -> None:
    """It would stand for the tasks that enter the view later, and the next change would reach them."""
    await site.create_tasks("Fix the gate", "Fix the door", labels=["repair"])
    tab = await open_tab("/?label=repair")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Fix the door", "Fix the gate")
    await press("ControlOrMeta+a")
    await expect(tasks.row("Fix the gate")).to_have_attribute("aria-selected", "true")
    await press("b")
    for _ in range(2):  # some may have the label, all shall have it, none shall have it
        await tasks.dialog("Set labels").get_by_role("option", name="repair").click()
    await tasks.dialog("Set labels").get_by_role("button", name="Save").click()
    await expect(tasks.rows).to_have_count(0)
    await site.create_tasks("Repair the fence", labels=["repair"])
    await expect(tasks.row("Repair the fence")).to_have_attribute("aria-selected", "false")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_sidebar_on_a_phone(site: Site, open_tab: OpenTab, scheme: Literal["light", "dark"]) -> None:
    await lists_with_tasks(site)
    tab = await open_tab("about:blank")
    await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await tab.goto("/?label=none")
    tasks = TaskList(tab)
    await expect(entry(tab, "House")).to_have_text("House1")
    assert await axe_findings(tab) == []
    await tab.set_viewport_size({"width": 390, "height": 844})
    await tab.goto("/")
    await expect(tasks.rows).to_have_count(4)
    await expect(sidebar(tab)).to_be_hidden()
    await tab.get_by_role("button", name="Lists and saved views").click()
    await expect(entry(tab, "House")).to_have_text("House1")
    assert await axe_findings(tab) == []
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 390
    await entry(tab, "House").click()
    await expect(sidebar(tab)).to_be_hidden()
    await tasks.expect_rows("Sweep the floor")
    assert await axe_findings(tab) == []
