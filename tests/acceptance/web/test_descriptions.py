"""Tests that a description shows its Markdown, is safe to look at, and becomes a text field to edit it."""

from typing import Literal

import pytest
from playwright.async_api import Route, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList

MARKDOWN = """# Before Monday
Call **Ada**, not *Bob*:
- [x] tickets
- [ ] see https://tickets.example/list and [the plan](https://plan.example)

> as agreed

1. `make run`

مرحبا بالعالم
"""
ATTACK = """<img src=x onerror="document.title='attacked'"> ![a](https://attack.example/a.png)
[a](javascript:document.title='attacked') <script>document.title='attacked'</script>
[bank.example](https://attack.example) https://аррӏе.example
"""
ELEMENTS = "text => [...text.querySelectorAll('*')].map(({ localName }) => localName)"


async def open_task(site: Site, open_tab: OpenTab, description: str) -> tuple[str, TaskList]:
    [id_] = await site.create_tasks("Write the letter", description=description)
    tasks = TaskList(await open_tab(f"/?task={id_}"))
    await tasks.expect_connected()
    return id_, tasks


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_markdown_is_displayed(site: Site, open_tab: OpenTab, scheme: Literal["light", "dark"]) -> None:
    [id_] = await site.create_tasks("Write the letter", description=MARKDOWN)
    tab = await open_tab("about:blank")
    await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await tab.goto(f"/?task={id_}")
    text = TaskList(tab).description
    await expect(text.get_by_role("heading", name="Before Monday")).to_be_visible()
    await expect(text.locator("strong")).to_have_text("Ada")
    await expect(text.get_by_role("checkbox", name="Done", exact=True)).to_be_checked()
    await expect(text.get_by_role("link")).to_have_text(["https://tickets.example/list", "the plan"])
    await expect(text.locator("p[dir]").last).to_have_css("direction", "rtl")
    assert await axe_findings(tab) == []


async def test_hostile_description_runs_and_requests_nothing(site: Site, open_tab: OpenTab) -> None:
    """The test fails also if the tab contacts another host."""
    _, tasks = await open_task(site, open_tab, ATTACK)
    await expect(tasks.description.get_by_role("link")).to_have_count(3)
    await expect(tasks.description).to_contain_text("bank.example (attack.example)")
    await expect(tasks.description).to_contain_text("https://аррӏе.example (xn--80ak6aa92e.example)")
    assert not {"img", "script"} & set(await tasks.description.evaluate(ELEMENTS))
    await expect(tasks.tab).to_have_title("Write the letter – Millitask")


async def test_link_opens_and_selected_text_stays(site: Site, open_tab: OpenTab) -> None:
    _, tasks = await open_task(site, open_tab, "one two three\n\n[this list](http://127.0.0.1:1/)")
    tab = tasks.tab
    link = tasks.description.get_by_role("link", name="this list")
    await tab.context.route("http://127.0.0.1:1/", lambda route: route.fulfill(body="opened"))
    async with tab.context.expect_page() as opened:
        await link.click()
    assert await (await opened.value).evaluate("window.opener") is None
    field = tasks.dialog("Task").get_by_role("textbox", name="Description")
    await expect(field).to_be_hidden()
    box = await tasks.description.get_by_text("one two three").bounding_box()
    assert box is not None
    await tab.mouse.move(box["x"] + 1, box["y"] + 8)
    await tab.mouse.down()
    await tab.mouse.move(box["x"] + 60, box["y"] + 8, steps=4)
    await tab.mouse.up()
    assert await tab.evaluate("window.getSelection().toString()")
    await expect(field).to_be_hidden()


async def test_description_is_edited_by_keyboard(site: Site, open_tab: OpenTab) -> None:
    id_, tasks = await open_task(site, open_tab, "Call *Ada*, [the plan](https://plan.example)")
    tab, press = tasks.tab, tasks.tab.keyboard.press
    field = tasks.dialog("Task").get_by_role("textbox", name="Description")
    await expect(tasks.description.get_by_role("link")).to_be_visible()
    await tasks.dialog("Task").get_by_label("Title").focus()
    await press("Tab")
    await expect(tasks.description.get_by_role("button", name="Edit")).to_be_focused()
    await press("Tab")
    await expect(tasks.description.get_by_role("link")).to_be_focused()
    await press("e")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("Call *Ada*, [the plan](https://plan.example)")
    await tab.keyboard.type(" today")
    await press("Tab")
    await expect(tasks.description).to_contain_text("Call Ada, the plan today")
    await expect(tasks.description).to_contain_text("Saved")
    assert (await site.saved_task(id_, 2))["description"] == "Call *Ada*, [the plan](https://plan.example) today"
    await tasks.description.get_by_role("button", name="Edit").press("Enter")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("Call *Ada*, [the plan](https://plan.example) today")


async def test_click_that_leaves_the_field_is_not_lost(site: Site, open_tab: OpenTab) -> None:
    """The text is much lower than the text field, so what is below the field moves up when the field is left."""
    _, tasks = await open_task(site, open_tab, "*short*" + "\n\n" * 40)
    await tasks.description.get_by_text("short").click()
    field = tasks.dialog("Task").get_by_role("textbox", name="Description")
    await expect(field).to_be_focused()
    await tasks.dialog("Task").get_by_role("button", name="Delete").click()
    await expect(tasks.message("Deleted 1 task.")).to_be_visible()


async def test_text_is_plain_if_its_code_is_missing(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    monitor.allow("ERR_FAILED")
    [id_] = await site.create_tasks("Write the letter", description="Call **Ada**\ntoday")
    tab = await open_tab("about:blank")

    async def drop_parser(route: Route) -> None:
        response = await route.fetch()
        await (route.abort() if "softbreak" in await response.text() else route.fulfill(response=response))

    await tab.route("**/*.js", drop_parser)
    await tab.goto(f"/?task={id_}")
    text = TaskList(tab).description
    await expect(text).to_contain_text("Call **Ada**")
    assert await text.locator("p[dir]").inner_text() == "Call **Ada**\ntoday"
    await expect(tab.get_by_role("dialog")).to_have_count(0)
    field = await TaskList(tab).edit_description()
    await expect(field).to_have_value("Call **Ada**\ntoday")
    await tab.unroute_all(behavior="ignoreErrors")  # the page may still fetch code
