"""Tests keys that follow at once the key that opens a dialog or a menu, which receives the focus a moment later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Locator, Page, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

# Presses a key and then Escape, between two frames.
_PRESS_THEN_ESCAPE = """async (key) => {
    const press = (init) => document.activeElement.dispatchEvent(
        new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }));
    press(key);
    await null;  // React renders the change in a microtask.
    press({ key: 'Escape' });
}"""
# Presses Escape when the dialog appears. The focus is not in the dialog yet.
_ESCAPE_WHEN_OPENED = """() => {
    window.escaped = new Promise((resolve) => new MutationObserver((_, observer) => {
        if (!document.querySelector('[aria-modal=true], aside')) return;
        observer.disconnect();
        document.activeElement.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }));
        resolve();
    }).observe(document.body, { childList: true, subtree: true }));
}"""


@asynccontextmanager
async def escape_when_opened(tab: Page) -> AsyncIterator[None]:
    """Press Escape as soon as the body has opened a dialog or a panel, before that can take the focus."""
    await tab.evaluate(_ESCAPE_WHEN_OPENED)
    yield
    await tab.evaluate("window.escaped")


def modal_dialogs(tab: Page) -> Locator:
    return tab.locator("[aria-modal=true]")


@pytest.mark.parametrize("key", [{"key": "c"}, {"key": "?"}, {"key": "k", "ctrlKey": True}, {"key": "f"}])
async def test_early_escape_leaves_the_open_task_open(site: Site, open_tab: OpenTab, key: dict[str, object]) -> None:
    await site.create_tasks("Write the letter", "Send the parcel")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await press("Home")
    await press("Enter")
    await expect(tasks.dialog("Task")).to_be_focused()
    for _ in range(2):  # the second dialog is loaded
        await tab.evaluate(_PRESS_THEN_ESCAPE, key)
        await expect(modal_dialogs(tab)).to_have_count(0)
        await expect(tasks.dialog("Task")).to_be_focused()
    await press("j")
    await expect(tasks.row("Write the letter")).to_have_attribute("data-active", "true")
    await press("Escape")
    await expect(tasks.grid).to_be_focused()


@pytest.mark.parametrize("key", ["c", "?", "Control+k"])
async def test_focus_returns_from_a_dialog_that_is_closed_at_once(site: Site, open_tab: OpenTab, key: str) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Write the letter")
    await press("Home")
    for _ in range(2):
        async with escape_when_opened(tab):
            await press(key)
        await expect(modal_dialogs(tab)).to_have_count(0)
        await expect(tasks.grid).to_be_focused()


async def test_early_escape_closes_a_menu_and_keeps_the_selection(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter", "Send the parcel")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await press("Control+a")
    await expect(tasks.selection_toolbar).to_contain_text("2 selected")
    for key in ("s", "p", "d"):
        await tab.evaluate(_PRESS_THEN_ESCAPE, {"key": key})
        await expect(tab.get_by_role("menu").or_(tab.get_by_role("dialog"))).to_have_count(0)
        await expect(tasks.grid).to_be_focused()
    await expect(tasks.selection_toolbar).to_contain_text("2 selected")


async def test_keys_that_follow_at_once_do_not_reach_the_list(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_rows("Write the letter")
    await press("Home")
    await tab.evaluate(_PRESS_THEN_ESCAPE.replace("'Escape'", "'x'"), {"key": "c"})
    await expect(tasks.dialog("New task").get_by_label("Title")).to_be_focused()
    await press("Escape")
    await expect(tasks.grid).to_be_focused()
    await tasks.expect_counts(All=1, Done=0)


async def test_focus_returns_from_a_declined_delete(site: Site, open_tab: OpenTab) -> None:
    await asyncio.to_thread(site.replace_tasks, 1_001)
    tab = await open_tab("/")
    tasks, press = TaskList(tab), tab.keyboard.press
    await expect(tasks.row("Task 1")).to_be_visible()
    await press("Home")
    await press("Control+a")
    await expect(tasks.selection_toolbar).to_contain_text("1,001 selected")
    for _ in range(2):
        await press("Delete")
        await expect(tab.get_by_role("button", name="Cancel")).to_be_focused()
        await press("Escape")
        await expect(modal_dialogs(tab)).to_have_count(0)
        await expect(tasks.grid).to_be_focused()
    await tasks.expect_counts(All=1_001)
