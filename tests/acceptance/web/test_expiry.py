"""Tests the expiry picker: cancelling, locales, time zones, changes of the clocks, and use by keyboard and by touch."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import TIMEOUT_MS
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.test_editing import record_mutations

EUROPEAN: dict[str, Any] = {"locale": "en-DE", "timezone_id": "Europe/Berlin"}
AMERICAN: dict[str, Any] = {"locale": "en-US", "timezone_id": "America/New_York"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

OpenAs = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def open_as(browser: Browser, site: Site, monitor: TabMonitor) -> AsyncIterator[OpenAs]:
    """Yield a function that opens a tab at a path, in a browser with another locale, time zone or screen."""
    contexts = []

    async def open_(path: str, **options: Any) -> Page:
        context = await browser.new_context(base_url=site.url, **options)
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        tab = await context.new_page()
        monitor.watch(tab)
        await tab.goto(path)
        return tab

    yield open_
    for context in contexts:
        await context.close()
    assert monitor.problems() == []


def field_of(dialog: Locator) -> Locator:
    return dialog.get_by_role("button", name="Expires")


async def open_picker(tab: Page, dialog: str = "Task") -> Locator:
    """Open the picker from the field of a dialog, and return it."""
    tasks = TaskList(tab)
    await field_of(tasks.dialog(dialog)).click()
    await expect(tasks.dialog("Set expiry").get_by_role("button", name="In an hour")).to_be_focused()
    return tasks.dialog("Set expiry")


async def set_by_typing(tab: Page, text: str) -> None:
    picker = await open_picker(tab)
    await picker.get_by_label("Date and time").fill(text)
    await tab.keyboard.press("Enter")
    await expect(picker).to_be_hidden()


async def test_a_choice_that_is_not_confirmed_changes_nothing(site: Site, open_as: OpenAs) -> None:
    [id_] = await site.create_tasks("Write the letter", expiresAt="2028-02-01T12:00:30Z")
    tab = await open_as(f"/?task={id_}", **EUROPEAN)
    drawer, mutations = TaskList(tab).dialog("Task"), record_mutations(tab)

    picker = await open_picker(tab)
    await picker.get_by_label("Date and time").fill("1.3.2028 9:00")
    await tab.keyboard.press("Escape")
    await expect(picker).to_be_hidden()
    await expect(field_of(drawer)).to_be_focused()

    picker = await open_picker(tab)
    await picker.get_by_role("button", name="Thursday, 10 February 2028").click()
    await expect(picker.get_by_role("status")).to_contain_text("Thursday, 10 February 2028 at 13:00 GMT+1")
    await picker.get_by_role("button", name="Close").click()

    picker = await open_picker(tab)
    await picker.get_by_label("Hours").fill("5")
    await tab.mouse.click(5, 400)
    await expect(picker).to_be_hidden()

    # Confirming without a change keeps the seconds, which the picker does not show.
    picker = await open_picker(tab)
    await picker.get_by_role("button", name="Set expiry").click()
    await expect(picker).to_be_hidden()
    await expect(field_of(drawer)).to_contain_text("Tue, 1 Feb 2028, 13:00")
    assert mutations == []
    assert (await site.saved_task(id_, 1))["version"] == 1


@pytest.mark.parametrize(
    ("person", "text", "shown", "expires_at", "weekdays"),
    [
        (EUROPEAN, "1.2.2028 18:30", "Tue, 1 Feb 2028, 18:30", "2028-02-01T17:30:00", "Mon Tue"),
        (AMERICAN, "2/1/2028 6:30 PM", "Tue, Feb 1, 2028, 6:30 PM", "2028-02-01T23:30:00", "Sun Mon"),
    ],
    ids=["European", "American"],
)
async def test_times_are_in_the_locale_and_the_zone_of_the_person(
    site: Site, open_as: OpenAs, person: Any, text: str, shown: str, expires_at: str, weekdays: str
) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_as(f"/?task={id_}", **person)
    picker = await open_picker(tab)
    await expect(picker).to_contain_text("cannot be restored")
    await expect(picker).to_contain_text(f"Time zone: {person['timezone_id'].replace('_', ' ')}")
    assert " ".join(await picker.get_by_role("table").locator("th").all_inner_texts()).startswith(weekdays)
    await tab.keyboard.press("Escape")
    await set_by_typing(tab, text)
    await expect(field_of(TaskList(tab).dialog("Task"))).to_contain_text(shown)
    assert (await site.saved_task(id_, 2))["expiresAt"].startswith(expires_at)


async def test_a_german_page_reads_german_dates(site: Site, open_as: OpenAs) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_as(f"/?task={id_}", locale="de-DE", timezone_id="Europe/Berlin")
    field = tab.get_by_role("button", name="Läuft ab")
    await field.click()
    picker = tab.get_by_role("dialog", name="Ablauf festlegen")
    await expect(picker).to_contain_text("kann nicht wiederhergestellt werden")
    await picker.get_by_label("Datum und Uhrzeit").fill("1. Februar 2028 18:30")
    await expect(picker.get_by_role("status")).to_contain_text("Dienstag, 1. Februar 2028 um 18:30 GMT+1")
    await tab.keyboard.press("Enter")
    await expect(field).to_contain_text("Di., 1. Feb. 2028, 18:30")
    assert (await site.saved_task(id_, 2))["expiresAt"].startswith("2028-02-01T17:30:00")


async def test_a_change_of_the_clocks(site: Site, open_as: OpenAs) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_as("about:blank", **EUROPEAN)
    await tab.clock.set_fixed_time("2027-10-30T18:00:00Z")  # The clocks go back the next night.
    await tab.goto(f"/?task={id_}")
    picker = await open_picker(tab)
    await picker.get_by_role("button", name="Tomorrow Sun, 31 Oct 2027, 09:00").click()
    assert (await site.saved_task(id_, 2))["expiresAt"].startswith("2027-10-31T08:00:00")

    picker = await open_picker(tab)
    await picker.get_by_label("Date and time").fill("31.10.2027 2:30")
    await expect(picker.get_by_role("status")).to_contain_text("02:30 exists twice on this day")
    await picker.get_by_role("radio", name="The second, 02:30 GMT+1").check()
    await picker.get_by_role("button", name="Set expiry").click()
    assert (await site.saved_task(id_, 3))["expiresAt"].startswith("2027-10-31T01:30:00")
    picker = await open_picker(tab)
    await expect(picker.get_by_role("radio", name="The second")).to_be_checked()

    await picker.get_by_label("Date and time").fill("26.3.2028 2:30")
    await expect(picker.get_by_role("status")).to_contain_text("02:30 does not exist on this day")
    await tab.keyboard.press("Enter")
    assert (await site.saved_task(id_, 4))["expiresAt"].startswith("2028-03-26T01:30:00")


async def test_text_that_is_no_time_of_expiry_is_explained(site: Site, open_as: OpenAs) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_as(f"/?task={id_}", **AMERICAN)
    mutations, picker = record_mutations(tab), await open_picker(tab)
    text_field = picker.get_by_label("Date and time")
    await text_field.focus()
    for text, problem in (
        ("", "choose a day in the calendar"),
        ("soon", "This is not a date. Type a date such as"),
        ("1/1/2020", "This time is in the past. Choose a time in the future."),
        ("1/1/2300", "Choose a time before the year 2200."),
    ):
        await text_field.fill(text)
        await tab.keyboard.press("Enter")
        await expect(text_field).to_have_accessible_description(problem_pattern(problem))
        await expect(text_field).to_be_focused()
    assert await axe_findings(tab) == []
    assert mutations == []
    await text_field.fill("in 3 days at 9:00 AM")
    await expect(picker.get_by_role("status")).to_contain_text("in 3 days")
    await tab.keyboard.press("Enter")
    await site.saved_task(id_, 2)


def problem_pattern(text: str) -> Any:
    return re.compile(re.escape(text))


async def test_a_new_task_and_a_selection_use_the_same_picker(site: Site, open_as: OpenAs) -> None:
    await site.create_tasks("Send the parcel")
    tab = await open_as("/", **AMERICAN)
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Send the parcel")
    await press("c")
    form = tasks.dialog("New task")
    await form.get_by_label("Title").fill("Write the letter")
    picker = await open_picker(tab, "New task")
    await press("Escape")
    await expect(picker).to_be_hidden()
    picker = await open_picker(tab, "New task")
    await press("Tab")
    await tab.keyboard.type("2/1/2028")
    await press("Enter")  # The task is not created yet.
    await expect(field_of(form)).to_contain_text("Tue, Feb 1, 2028, 9:00 AM")
    await form.get_by_role("button", name="Create").click()
    await tasks.expect_rows("Write the letter", "Send the parcel")
    await press("ControlOrMeta+a")
    await press("d")
    await expect(tasks.dialog("Set expiry")).to_contain_text("The tasks disappear for everyone at that time.")
    await press("1")
    for title in ("Write the letter", "Send the parcel"):
        await expect(tasks.row(title)).to_contain_text(re.compile("in 5[5-9] min"))
        await expect(tasks.row(title).locator("[data-urgency=hour]")).to_be_visible()


async def test_the_picker_on_a_phone(site: Site, open_as: OpenAs) -> None:
    in_ten_minutes = datetime.now(UTC) + timedelta(minutes=10)
    [id_] = await site.create_tasks("Write the letter", expiresAt=in_ten_minutes.isoformat())
    tab = await open_as(f"/?task={id_}", **EUROPEAN, **PHONE)
    tasks = TaskList(tab)
    await field_of(tasks.dialog("Task")).tap()
    picker = tasks.dialog("Set expiry")
    await picker.get_by_role("button", name="Later").tap()
    day = picker.get_by_role("table").get_by_role("button", name="15").first
    await day.tap()
    await expect(day).to_have_attribute("aria-pressed", "true")
    assert await picker.evaluate("element => element.scrollWidth <= element.clientWidth")
    await expect(picker.get_by_role("button", name="Set expiry")).to_be_in_viewport()
    await picker.get_by_role("button", name="Set expiry").tap()
    saved = await site.saved_task(id_, 2)
    assert saved["expiresAt"][8:10] == "15"


async def test_the_last_year_that_can_be_typed(site: Site, open_as: OpenAs) -> None:
    [id_] = await site.create_tasks("Write the letter")
    tab = await open_as(f"/?task={id_}", **AMERICAN)
    picker = await open_picker(tab)
    await picker.get_by_label("Date and time").fill("12/31/9999")
    await picker.get_by_label("Date and time").press("Enter")
    await expect(picker.get_by_text("This time is too far away.")).to_be_visible()
    await picker.get_by_label("Date and time").fill("12/31/2199")
    await expect(picker.get_by_role("button", name="Tuesday, December 31, 2199")).to_have_attribute(
        "aria-pressed", "true"
    )
