"""Tests the languages of the page: that of the browser, a chosen one, and their numbers."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.acceptance.web.conftest import TIMEOUT_MS, OpenTab
from tests.acceptance.web.site import Site
from tools.page import WEB

TASKS = 1_234
# Collects every name that the button of the trash ever has, from the first moment of the page.
_RECORD_NAMES = """
    window.trashNames = [];
    const record = () => {
      for (const button of document.querySelectorAll('footer button[aria-label]')) {
        if (!window.trashNames.includes(button.ariaLabel)) window.trashNames.push(button.ariaLabel);
      }
    };
    new MutationObserver(record).observe(document, { subtree: true, childList: true, attributes: true });
"""
# Returns the texts that their element cuts off. Titles of tasks are cut off on purpose.
_CUT_OFF = """
    [...document.querySelectorAll('button, label, footer span, kbd, th, h2, h3, p, [role=tab]')]
      .filter((e) => e.checkVisibility() && e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1)
      .map((e) => e.textContent)
"""

# Returns the visible texts, the options of selects, and what screen readers and the mouse pointer tell. Names of
# operations are no texts of the page: once its usage is stored, a table of Insight has that of its query, "Insight".
_TEXTS = """
    [document.title, ...[...document.querySelectorAll('body *:not(th[scope=row] > [dir=auto])')].flatMap((e) => [
      ...(e.checkVisibility() || e.matches('option') ? [...e.childNodes] : [])
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.data.trim()),
      ...['aria-label', 'title', 'placeholder', 'aria-description'].map((name) => e.getAttribute(name) ?? ''),
    ])]
"""
# The path of a view, the keys that open it, and a text that it shows.
GERMAN_VIEWS = {
    "tasks": ("/", "", "1 von 1.234"),
    "status": ("/?status=DONE&order=OLDEST", "", "Älteste zuerst"),
    "command menu": ("/", "Control+k", "Tastenkürzel anzeigen"),
    "keyboard help": ("/", "?", "Aufgabe öffnen"),
    "new task": ("/", "c", "Aufgabe anlegen"),
    "filter": ("/?priority=HIGH", "f", "eigener Zeitraum"),
    "open task": ("/", "j Enter", "Geändert am"),
    "missing task": ("/?task=01a00000-0000-7000-8000-000000000000", "", "Diese Aufgabe gibt es nicht"),
    "selection": ("/", "j Space", "1 ausgewählt"),
    "set priority": ("/", "j p", "Dringend"),
    "set expiry": ("/", "j d", "Zeitzone"),
    "request metrics": ("/", "i", "Cache-Treffer"),
    "no results": ("/?q=nirgendwo", "", "Keine passenden Aufgaben"),
    "no word": ("/?q=!", "", "keinen Buchstaben"),
    "no matches": ("/?expires=24h", "", "Keine Aufgabe passt zum Filter"),
    "no expiring tasks": ("/?order=EXPIRING_SOON", "", "Hier erscheinen Aufgaben."),
    "insight": ("/insight/", "", "Treffer"),
    "insight without data": ("/insight/?range=2026-01-01..2026-01-02", "", "gab es keine Operationen."),
    "trash": ("/?trash=1", "", "Der Papierkorb ist leer."),
}


def _messages(language: str) -> dict[str, str]:
    """Return the messages of a language, by key."""

    def flat(key: str, node: Any) -> dict[str, str]:
        if isinstance(node, str):
            return {key: node}
        return {name: text for part, child in node.items() for name, text in flat(f"{key}.{part}", child).items()}

    return flat("", json.loads((WEB / "messages" / f"{language}.json").read_text()))


@pytest.fixture
def many_tasks(site: Site) -> Iterator[None]:
    site.replace_tasks(TASKS)
    yield
    site.replace_tasks(0)


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, site: Site, many_tasks: None) -> AsyncIterator[BrowserContext]:
    """Yield the browser profile of a person in Germany."""
    size = {"width": 1280, "height": 800}
    context = await browser.new_context(base_url=site.url, viewport=size, locale="de-DE")  # type: ignore[arg-type]
    context.set_default_timeout(TIMEOUT_MS)
    await context.add_init_script(_RECORD_NAMES)
    yield context
    await context.close()


async def expect_language(tab: Page, language: str, position: str, trash: str) -> None:
    footer = tab.get_by_role("contentinfo")
    await expect(footer).to_contain_text(position)
    await expect(tab.locator("html")).to_have_attribute("lang", language)
    assert await tab.evaluate("window.trashNames") == [trash]


async def test_the_browser_decides_the_language_until_the_person_does(open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    await expect_language(tab, "de", "1 von 1.234", "Papierkorb")
    await expect(tab.get_by_role("tab").first).to_contain_text("1.234")
    await tab.keyboard.press("Control+k")
    await expect(tab.get_by_text("Sprache: English")).to_be_visible()
    await tab.keyboard.type("english")
    await tab.keyboard.press("Enter")
    await expect_language(tab, "en", "1 of 1,234", "Trash")
    await tab.reload()
    await expect_language(tab, "en", "1 of 1,234", "Trash")
    other_tab = await open_tab("/")
    await expect_language(other_tab, "en", "1 of 1,234", "Trash")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)], ids=["phone", "desktop"])
async def test_german_texts_fit(open_tab: OpenTab, width: int, height: int) -> None:
    tab = await open_tab("/")
    await tab.set_viewport_size({"width": width, "height": height})
    press = tab.keyboard.press
    await expect(tab.get_by_role("contentinfo")).to_contain_text("1.234")
    await press("j")
    await press(" ")
    toolbar = tab.get_by_role("toolbar", name="Ausgewählte Aufgaben")
    await expect(toolbar).to_contain_text("1 ausgewählt")
    assert await _cut_off(tab, width) == []
    await press("Delete")
    await expect(tab.get_by_role("status").filter(has_text="1 Aufgabe gelöscht.")).to_be_visible()
    await tab.get_by_role("button", name="Papierkorb").click()
    await expect(tab.get_by_role("grid", name="Gelöschte Aufgaben").get_by_role("row").first).to_be_visible()
    assert await _cut_off(tab, width) == []
    await press("Escape")
    await expect(tab.get_by_role("dialog")).to_be_hidden()
    await press("?")
    await expect(tab.get_by_role("dialog", name="Tastenkürzel")).to_contain_text("Strg Umschalt Z")
    assert await _cut_off(tab, width) == []


async def _cut_off(tab: Page, width: int) -> list[str]:
    """Return the texts that are cut off. The page itself must not scroll sideways."""
    assert await tab.evaluate("document.documentElement.scrollWidth") <= width
    cut_off: list[str] = await tab.evaluate(_CUT_OFF)
    return cut_off


async def _english_left(tab: Page, english: set[str]) -> set[str]:
    """Return the English texts that stay. The title of the static page is English until the page has chosen."""
    for _ in range(100):
        left = english.intersection(await tab.evaluate(_TEXTS))
        if not left:
            break
        await tab.wait_for_timeout(100)
    return left


async def test_no_english_text_is_left(open_tab: OpenTab) -> None:
    german = set(_messages("de").values())
    english = {text for text in _messages("en").values() if text not in german and "{" not in text}
    left: dict[str, set[str]] = {}
    tab = await open_tab("/")
    for view, (path, keys, shown) in GERMAN_VIEWS.items():
        await tab.goto(path)
        # Keys work once the list is there, and the list says where it is. Insight is a page without the list.
        if not path.startswith("/insight/"):
            await expect(tab.get_by_role("contentinfo").get_by_text("Papierkorb")).to_be_visible()
        if keys:
            await expect(tab.locator("[data-task]").first).to_be_visible()
        for key in keys.split():
            await tab.keyboard.press(key)
        await expect(tab.locator("body")).to_contain_text(shown)
        left[view] = await _english_left(tab, english)
    assert {view: texts for view, texts in left.items() if texts} == {}
