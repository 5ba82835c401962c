"""Nobody is kept out: axe finds nothing serious on any page, in either theme; and it works at 200% and on a phone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site
from tools.page import WEB

AXE = WEB / "node_modules/axe-core/axe.min.js"
# The page's policy has no eval, which waiting in the page itself would need.
MOVING = "document.getAnimations().some(({ playState }) => playState === 'running')"
LONG = "A title that goes on, word after word, much longer than any row of a list can be " * 5


async def findings(tab: Page) -> list[str]:
    """What axe finds that is serious or critical, once nothing moves. It is no part of the page, and let past its policy."""
    while await tab.evaluate(MOVING):  # noqa: ASYNC110 - another process, which sets no event
        await asyncio.sleep(0.05)
    if await tab.evaluate("typeof axe") == "undefined":
        await tab.evaluate(AXE.read_text())
    result: dict[str, Any] = await tab.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{found['id']} ({found['impact']}): {', '.join(str(node['target'][0]) for node in found['nodes'])}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]


async def listed(tasks: TaskList) -> None:
    await expect(tasks.rows.first).to_be_visible()


async def drawer(tasks: TaskList) -> None:
    await tasks.rows.first.get_by_role("gridcell").nth(3).get_by_role("button").first.click()
    await expect(tasks.dialog("Task").get_by_label("Title")).to_be_visible()


async def new(tasks: TaskList) -> None:
    await tasks.tab.get_by_role("banner").get_by_role("button", name="New task").click()
    await expect(tasks.dialog("New task")).to_be_visible()


async def help_(tasks: TaskList) -> None:
    await tasks.tab.get_by_role("button", name="Keyboard help").click()
    await expect(tasks.dialog("Keyboard")).to_be_visible()


async def palette(tasks: TaskList) -> None:
    await tasks.tab.get_by_role("button", name="Commands").click()
    await expect(tasks.tab.get_by_label("Command", exact=True)).to_be_visible()


async def selecting(tasks: TaskList) -> None:
    await tasks.rows.first.get_by_role("checkbox").click()
    await expect(tasks.selected).to_be_visible()


async def insight(tasks: TaskList) -> None:
    await tasks.tab.get_by_role("button", name="Insight").click()
    await expect(tasks.tab.get_by_role("complementary", name="Insight")).to_be_visible()


async def found_nothing(tasks: TaskList) -> None:
    await tasks.tab.get_by_role("searchbox", name="Search tasks").fill("nowhere")
    await expect(tasks.tab.get_by_role("heading", name="Nothing found")).to_be_visible()


VIEWS: list[Callable[[TaskList], Awaitable[None]]] = [
    *(listed, drawer, new, help_, palette, selecting, insight, found_nothing)
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_view(site: Site, open_tab: OpenTab, scheme: Literal["light", "dark"]) -> None:
    await site.create(LONG, "Write the letter", status="DONE", priority="HIGH")
    found: dict[str, list[str]] = {}
    for view in VIEWS:
        tab = await open_tab("about:blank")
        await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await tab.goto("/")
        tasks = TaskList(tab)
        await listed(tasks)
        await view(tasks)
        found[view.__name__] = await findings(tab)
        await tab.close()
    assert found == {view.__name__: [] for view in VIEWS}


@pytest.mark.parametrize(("width", "height"), [(390, 844), (640, 400)], ids=["phone", "at 200%"])
async def test_it_fits(site: Site, open_tab: OpenTab, width: int, height: int) -> None:
    await site.create(LONG, "Write the letter")
    tab = await open_tab("about:blank")
    await tab.set_viewport_size({"width": width, "height": height})
    await tab.goto("/")
    tasks = TaskList(tab)
    await expect(tasks.row("Write the letter")).to_be_in_viewport()
    assert await tab.evaluate("document.documentElement.scrollWidth") <= width
    await tasks.title("Write the letter").click()
    await expect(tasks.dialog("Task").get_by_label("Title")).to_be_in_viewport()
    assert await tab.evaluate("document.documentElement.scrollWidth") <= width
