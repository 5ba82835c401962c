"""Tests the list, the assignee, the labels and the due date of tasks: in rows, drawer and form, and in bulk."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.web.axe import axe_findings, axe_findings_in_both_themes
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.layout import overflowing, without_direction
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

ARABIC, JAPANESE = "عاجل جدا", "重要な仕事"
LONG_NAME = "A list with a name that is much longer than a row can show " * 3
LABELS = [ARABIC, JAPANESE, *(f"a rather long label with the number {n}" for n in range(18))]
UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
WIDTHS = pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])


async def pick(tasks: TaskList, dialog: str, text: str) -> None:
    """Type a text into an open picker, and choose the first match."""
    picker = tasks.dialog(dialog)
    field = picker.get_by_role("combobox")
    await expect(field).to_be_focused()
    await field.fill(text)
    await expect(picker.get_by_role("option").filter(has_text=text).first).to_have_attribute("data-active", "true")
    await field.press("Enter")


async def pick_label(tasks: TaskList, text: str) -> None:
    """Tick a label in the open picker, and save."""
    await pick(tasks, "Set labels", text)
    field = tasks.dialog("Set labels").get_by_role("combobox")
    await expect(field).to_have_value("")
    await field.press("Enter")
    await expect(tasks.dialog("Set labels")).to_be_hidden()


def button_of(dialog: Locator, name: str) -> Locator:
    """Return the button of a field."""
    return dialog.get_by_role("button", name=re.compile(f"^{name} "))


def details(saved: Any) -> list[Any]:
    return [saved["listId"], saved["assignee"], saved["labels"]]


@WIDTHS
async def test_rows_show_the_fields_and_keep_their_height(site: Site, open_tab: OpenTab, width: int) -> None:
    list_id = await site.create_list(LONG_NAME)
    due = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    fields = {"listId": list_id, "labels": LABELS, "assignee": "maria.lopez@example.com", "dueAt": due}
    await site.create_tasks("Plain", "Send the parcel")
    await site.create_tasks("Write the letter " * 8, expiresAt="2199-01-01T00:00:00Z", **fields)
    tab = await open_tab("about:blank")
    await tab.set_viewport_size({"width": width, "height": 800})
    await tab.goto("/")
    tasks = TaskList(tab)
    row = tasks.rows.first
    await expect(row).to_contain_text("3 days ago")
    await expect(row.get_by_title("maria.lopez@example.com")).to_have_text("Assigned to maria.lopez@example.com")
    await expect(row.get_by_title(LONG_NAME)).to_be_visible()
    await expect(row.get_by_text("+18" if width == 1280 else "+19", exact=True)).to_be_visible()
    boxes = [await each.bounding_box() for each in (row, tasks.row("Plain"))]
    assert {box["height"] for box in boxes if box} == {44 if width == 1280 else 60} or len(
        {b["height"] for b in boxes if b}
    ) == 1
    assert await overflowing(tab) == []
    assert await without_direction(tab, ARABIC) == []
    assert await axe_findings_in_both_themes(tab) == []


async def test_the_drawer_sets_each_field(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter")
    list_id = await site.create_list("Office")
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    drawer = tasks.dialog("Task")
    await button_of(drawer, "List").click()
    await pick(tasks, "Set list", "Office")
    await expect(button_of(drawer, "List")).to_be_focused()
    await button_of(drawer, "Assignee").click()
    await pick(tasks, "Set assignee", "maria")
    await button_of(drawer, "Labels").click()
    await pick_label(tasks, JAPANESE)
    await button_of(drawer, "Due").click()
    picker = tasks.dialog("Set due date")
    await expect(picker).to_contain_text("Nothing happens to the task at that time")
    await picker.get_by_label("Date and time").fill("1/31/2020")  # A due date can be in the past.
    await tab.keyboard.press("Enter")
    await expect(button_of(drawer, "Due")).to_contain_text("on Jan 31, 2020")
    saved = await site.saved_task(id_, 5)
    assert details(saved) == [list_id, "maria", [JAPANESE]]
    assert saved["dueAt"].startswith("2020-")
    assert await axe_findings(tab) == []
    # The undo takes back one field after the other.
    await drawer.get_by_role("button", name="Close task").focus()
    for _ in range(4):
        await tab.keyboard.press("Control+z")
    saved = await site.saved_task(id_, 9)
    assert details(saved) == [None, None, []]
    assert saved["dueAt"] is None
    await tab.keyboard.press("Control+Shift+z")
    await expect(button_of(drawer, "List")).to_contain_text("Office")


async def test_a_new_task_has_the_fields_of_the_form_also_after_a_reload(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.heading("No tasks yet")).to_be_visible()
    await tab.keyboard.press("c")
    form = tasks.dialog("New task")
    await form.get_by_label("Title").fill("Write the letter")
    await button_of(form, "List").click()
    await pick(tasks, "Set list", "Home")  # It does not exist yet.
    await expect(button_of(form, "List")).to_contain_text("Home")
    await button_of(form, "Labels").click()
    await pick_label(tasks, ARABIC)
    await button_of(form, "Assignee").click()
    await pick(tasks, "Set assignee", "anna")
    await tab.reload()
    await tab.keyboard.press("c")
    await expect(button_of(form, "List")).to_contain_text("Home")
    await form.get_by_role("button", name="Create").click()
    row = tasks.row("Write the letter")
    await expect(row).to_contain_text("Home")
    await expect(row).to_contain_text(ARABIC)
    await expect(row).to_contain_text("Assigned to anna")


async def test_keys_set_the_fields_of_all_selected_tasks(site: Site, open_tab: OpenTab) -> None:
    first, second = await site.create_tasks("Send the parcel", "Write the letter", labels=["home"])
    list_id = await site.create_list("Office")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Write the letter", "Send the parcel")
    await press("ControlOrMeta+a")
    await press("m")
    await pick(tasks, "Set list", "Office")
    await expect(tasks.message("Moved 2 tasks to the list “Office”.")).to_be_visible()
    await press("a")
    await pick(tasks, "Set assignee", "anna")
    await expect(tasks.message("Assigned 2 tasks to anna.")).to_be_visible()
    await press("t")
    await tasks.dialog("Set due date").get_by_role("button", name="Tomorrow").click()
    await expect(tasks.message("Changed the due date of 2 tasks.")).to_be_visible()
    await expect(tasks.row("Send the parcel")).to_contain_text("tomorrow")
    await press("b")
    await pick_label(tasks, "urgent")
    await expect(tasks.message("Changed the labels of 2 tasks.")).to_be_visible()
    for id_ in (first, second):
        assert details(await site.saved_task(id_, 5)) == [list_id, "anna", ["home", "urgent"]]
    await press("Control+z")
    assert [(await site.saved_task(id_, 6))["labels"] for id_ in (first, second)] == [["home"], ["home"]]


async def test_the_picker_of_labels_adds_and_removes(site: Site, open_tab: OpenTab) -> None:
    """A label of some tasks stays unless it is ticked."""
    [first] = await site.create_tasks("Send the parcel", labels=["home", "slow"])
    [second] = await site.create_tasks("Write the letter", labels=["home"])
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter", "Send the parcel")
    await tasks.checkbox("Write the letter").click()
    await tasks.checkbox("Send the parcel").click()
    await tasks.selection_toolbar.get_by_role("button", name="Labels").click()
    picker = tasks.dialog("Set labels")
    await expect(picker.get_by_role("option", name="home")).to_have_attribute("aria-selected", "true")
    await expect(picker.get_by_role("option", name="slow")).to_contain_text("on some of the tasks")
    await picker.get_by_role("option", name="home").click()
    assert await axe_findings(tab) == []
    await picker.get_by_role("button", name="Save").click()
    await expect(tasks.message("Changed the labels of 2 tasks.")).to_be_visible()
    assert [(await site.saved_task(id_, 2))["labels"] for id_ in (first, second)] == [["slow"], []]


async def test_lists_are_created_renamed_and_archived(site: Site, open_tab: OpenTab) -> None:
    list_id = await site.create_list("Office")
    await site.create_tasks("Write the letter", listId=list_id)
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.row("Write the letter")).to_contain_text("Office")
    await tab.keyboard.press("j")
    await tab.keyboard.press("m")
    await tasks.dialog("Set list").get_by_role("button", name="Manage lists…").click()
    dialog = tasks.dialog("Lists")
    await dialog.get_by_label("Name of the new list").fill("Home")
    await dialog.get_by_label("Name of the new list").press("Enter")
    await expect(dialog.get_by_label("Name of the list Home")).to_be_visible()
    await dialog.get_by_label("Name of the list Office").fill("Work")
    await dialog.get_by_label("Name of the list Office").press("Enter")
    await expect(dialog.get_by_label("Name of the list Work")).to_be_visible()
    await dialog.get_by_role("button", name="Archive the list Home").click()
    await expect(dialog.get_by_role("button", name="Use the list Home again")).to_be_visible()
    assert await axe_findings(tab) == []
    await tab.keyboard.press("Escape")
    await expect(tasks.row("Write the letter")).to_contain_text("Work")
    await tab.keyboard.press("Control+z")
    await tab.keyboard.press("Control+z")
    await expect(tasks.row("Write the letter")).to_contain_text("Office")
    await tab.keyboard.press("m")
    await expect(tasks.dialog("Set list").get_by_role("option")).to_have_text(["No list", "Home", "Office"])


async def test_changes_of_others_appear_and_conflict_by_field(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks("Write the letter", labels=["home"])
    tab = await open_tab(f"/?task={id_}")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    drawer = tasks.dialog("Task")
    await site.execute(UPDATE, input={"id": id_, "assignee": "bo", "labels": ["home", "new"]})
    await expect(button_of(drawer, "Labels")).to_contain_text("new")
    await expect(tasks.row("Write the letter")).to_contain_text("Assigned to bo")
    # Without live updates, the drawer still shows the earlier labels.
    await tab.route_web_socket("**/graphql", lambda _: None)
    await tab.reload()
    await expect(button_of(drawer, "Labels")).to_contain_text("new")
    await site.execute(UPDATE, input={"id": id_, "labels": ["theirs"], "assignee": None})
    await button_of(drawer, "Labels").click()
    await pick_label(tasks, "mine")
    dialog = tasks.dialog("Someone else changed this task")
    await expect(dialog.get_by_role("group", name="Yours")).to_contain_text("home, new, mine")
    await expect(dialog.get_by_role("group", name="Theirs")).to_contain_text("theirs")
    await dialog.get_by_role("button", name="Keep mine").click()
    saved = await site.saved_task(id_, 4)
    assert details(saved) == [None, None, ["home", "new", "mine"]]


async def test_the_fields_in_german(site: Site, open_tab: OpenTab) -> None:
    due = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    await site.create_tasks("Brief", dueAt=due, assignee="anna")
    tab = await open_tab("about:blank")
    await tab.add_init_script("Object.defineProperty(navigator, 'languages', { get: () => ['de-DE'] })")
    await tab.goto("/")
    row = tab.get_by_role("row").first
    await expect(row).to_contain_text("gestern")
    await expect(row).to_contain_text("Zugewiesen an anna")
