"""Tests the dialogs and panels whose code is loaded later: offline, after a deployment, and when a new build exists."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.test_escape import escape_when_opened
from tests.acceptance.web.test_live import CONNECTION_ERRORS

CHUNKS = re.compile(r"/_next/static/chunks/")
NOT_LOADED = "This part of the page could not be loaded"
# Resolves when every part is loaded. The policy of the page forbids what Playwright's wait_for_function does.
PARTS_LOADED = """new Promise((resolve) =>
    new PerformanceObserver((list) => list.getEntriesByName('parts loaded').length > 0 && resolve())
        .observe({ type: 'mark', buffered: true }))"""
NEW_VERSION = "A new version of this page is available."


def open_parts(tab: Page) -> Locator:
    return tab.get_by_role("dialog").or_(tab.get_by_role("complementary"))


async def hold_later_chunks(tab: Page, url: str) -> Callable[[], Awaitable[None]]:
    """Hold the files of the build that the page itself does not name. Returns a function that lets them through."""
    html = await (await tab.request.get(url, headers={"Accept": "text/html"})).text()
    released = asyncio.Event()

    async def answer(route: Route) -> None:
        if urlsplit(route.request.url).path not in html:
            await released.wait()
        await route.continue_()

    async def release() -> None:
        released.set()

    await tab.route(CHUNKS, answer)
    return release


async def remove_later_chunks(tab: Page, url: str) -> Callable[[], Awaitable[None]]:
    """Answer 404 for every file of the build that the page itself does not name. Returns a function that ends this."""
    html = await (await tab.request.get(url, headers={"Accept": "text/html"})).text()

    async def answer(route: Route) -> None:
        if urlsplit(route.request.url).path in html:
            await route.continue_()
        else:
            await route.fulfill(status=HTTPStatus.NOT_FOUND, content_type="text/plain", body="Not Found")

    await tab.route(CHUNKS, answer)
    return lambda: tab.unroute(CHUNKS, answer)


def new_version(tasks: TaskList) -> Locator:
    return tasks.message(NEW_VERSION)


async def test_every_part_opens_offline(
    site: Site, context: BrowserContext, open_tab: OpenTab, monitor: TabMonitor
) -> None:
    monitor.allow(CONNECTION_ERRORS)
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Write the letter")
    await tab.evaluate(PARTS_LOADED)
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    await press("Home")
    command = tab.get_by_label("Command", exact=True)
    metrics = tab.get_by_role("complementary", name="Request metrics")
    for key, part, focused in (
        ("c", tasks.dialog("New task"), tasks.dialog("New task").get_by_label("Title")),
        ("Enter", tasks.dialog("Task"), tasks.dialog("Task")),
        ("?", tasks.dialog("Keyboard shortcuts"), tab.get_by_role("button", name="Close", exact=True)),
        ("Control+k", command, command),
        ("i", metrics, metrics),
    ):
        await press(key)
        await expect(part).to_be_visible()
        await expect(focused).to_be_focused()
        await press("Escape")
        await expect(part).to_be_hidden()
        await expect(tasks.grid).to_be_focused()
    await tasks.expect_rows("Write the letter")


@pytest.mark.parametrize("key", ["c", "Enter", "?", "Control+k", "i"])
async def test_part_that_is_gone_fails_alone(site: Site, open_tab: OpenTab, monitor: TabMonitor, key: str) -> None:
    monitor.allow("404")
    await site.create_tasks("Write the letter", "Send the parcel")
    tab = await open_tab("about:blank")
    bring_back = await remove_later_chunks(tab, site.url)
    await tab.goto("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await press("Home")
    await press(key)
    failure = tasks.dialog(NOT_LOADED)
    await expect(failure).to_contain_text("Your unsaved text is kept.")
    await expect(failure).to_be_focused()
    assert await axe_findings(tab) == []
    # What the person types into the missing part does not reach the list.
    await tab.keyboard.type("x")
    await press("Delete")
    await press("Escape")
    await expect(failure).to_be_hidden()
    await expect(tasks.grid).to_be_focused()
    await press("j")
    await expect(tasks.row("Write the letter")).to_have_attribute("data-active", "true")
    await tasks.expect_counts(All=2, Done=0)

    await press(key)
    await expect(failure).to_be_visible()
    await bring_back()
    async with escape_when_opened(tab):
        await failure.get_by_role("button", name="Try again").press("Enter")
    await expect(failure).to_be_hidden()
    await expect(open_parts(tab)).to_have_count(0)
    await expect(tasks.grid).to_be_focused()
    await press(key)
    await expect(open_parts(tab)).to_have_count(1)
    await press("Escape")
    await expect(open_parts(tab)).to_have_count(0)
    await expect(tasks.grid).to_be_focused()


@pytest.mark.parametrize("key", ["c", "Enter", "?", "Control+k", "i"])
async def test_part_that_is_closed_while_it_loads_stays_closed(site: Site, open_tab: OpenTab, key: str) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("about:blank")
    release = await hold_later_chunks(tab, site.url)
    await tab.goto("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Write the letter")
    await press("Home")
    await press(key)
    await expect(tasks.dialog("Loading…")).to_be_focused()
    await press("Escape")
    await release()
    await expect(tasks.grid).to_be_focused()
    await tab.evaluate(PARTS_LOADED)
    await expect(open_parts(tab)).to_have_count(0)
    await expect(tasks.grid).to_be_focused()


@pytest.mark.parametrize(("key", "field"), [("c", "Title"), ("Control+k", "Command")])
async def test_text_typed_while_a_part_loads_is_in_its_field(
    site: Site, open_tab: OpenTab, key: str, field: str
) -> None:
    tab = await open_tab("about:blank")
    release = await hold_later_chunks(tab, site.url)
    await tab.goto("/")
    await expect(TaskList(tab).heading("No tasks yet")).to_be_visible()
    await tab.keyboard.press(key)
    await tab.keyboard.type("New tal")
    await tab.keyboard.press("Backspace")
    await release()
    await tab.keyboard.type("sk")
    await expect(tab.get_by_role("dialog").get_by_label(field)).to_have_value("New task")


async def test_reload_after_a_failure_keeps_drafts(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    monitor.allow("404")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await expect(tasks.heading("No tasks yet")).to_be_visible()
    await press("c")
    await expect(tasks.dialog("New task").get_by_label("Title")).to_be_focused()
    await tab.keyboard.type("Typed before the deployment")
    await press("Escape")
    bring_back = await remove_later_chunks(tab, site.url)
    await tab.reload()
    await tasks.expect_connected()
    await press("?")
    failure = tasks.dialog(NOT_LOADED)
    await expect(failure).to_be_visible()
    await bring_back()
    async with tab.expect_navigation():
        await failure.get_by_role("button", name="Reload").click()
    await tasks.expect_connected()
    await press("c")
    await expect(tasks.dialog("New task").get_by_label("Title")).to_have_value("Typed before the deployment")


async def test_playground_that_is_gone_offers_to_try_again(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    monitor.allow("404")
    tab = await open_tab("about:blank")
    bring_back = await remove_later_chunks(tab, f"{site.url}/graphql")
    await tab.goto("/graphql")
    failure = TaskList(tab).dialog(NOT_LOADED)
    await expect(failure).to_be_visible()
    await tab.keyboard.press("Escape")
    await expect(failure).to_be_visible()
    await bring_back()
    await failure.get_by_role("button", name="Try again").click()
    await expect(tab.get_by_role("button", name="Execute query")).to_be_visible()


async def test_new_build_is_offered_after_a_deployment(
    site: Site, context: BrowserContext, open_tab: OpenTab, monitor: TabMonitor
) -> None:
    monitor.allow(CONNECTION_ERRORS)
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.expect_connected()
    served = (await (await tab.request.get("/build.json")).json())["build"]
    await expect(tab.locator("html")).to_have_attribute("data-build", served)

    await tab.route("**/build.json", lambda route: route.fulfill(json={"build": "another"}))
    await tab.evaluate("window.notReloaded = true")
    # A deployment breaks the connection of the page.
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    await expect(new_version(tasks)).to_be_hidden()
    await context.set_offline(False)
    await expect(new_version(tasks)).to_be_visible()
    assert await axe_findings(tab) == []
    await tab.get_by_role("button", name="Later").click()
    await expect(new_version(tasks)).to_be_hidden()

    await tab.route("**/build.json", lambda route: route.fulfill(json={"build": "a third one"}))
    await context.set_offline(True)
    await expect(tasks.banner).to_contain_text("Offline")
    await context.set_offline(False)
    await expect(new_version(tasks)).to_be_visible()
    assert await tab.evaluate("window.notReloaded")
    await tab.unroute_all()
    async with tab.expect_navigation():
        await new_version(tasks).get_by_role("button", name="Reload").press("Enter")
    await tasks.expect_rows("Write the letter")
    await tasks.expect_connected()
    await expect(new_version(tasks)).to_be_hidden()
    assert await tab.evaluate("window.notReloaded") is None
