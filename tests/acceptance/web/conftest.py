"""One build of the page, one service and one browser for all tests of the web page; tabs of its own for each."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from pytest_asyncio import is_async_test

from tests.acceptance.web.chromium import (ARGUMENTS, chromium)
from tests.acceptance.web.site import Site
from tests.acceptance.web.watch import Watch
from tools import page as building

# Long enough for a machine that does ten things at once: nothing waits for it that comes sooner.
PATIENCE_MS = 30_000
_HERE = Path(__file__).parent

OpenTab = Callable[[str], Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def built() -> None:
    """The page, of the sources as they are."""
    building.build(building.WEB)


@pytest.fixture(scope="session")
def whole_site(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def site(whole_site: Site) -> Site:
    """The service, without tasks."""
    await whole_site.empty()
    return whole_site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, site: Site) -> AsyncIterator[BrowserContext]:
    """A person: the tabs have their storage in common, and share it with no other test."""
    context = await browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


@pytest.fixture
def watch(site: Site) -> Watch:
    return Watch(site.url)


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(context: BrowserContext, watch: Watch) -> AsyncIterator[OpenTab]:
    """Opens a tab at a path. In the end, none of them may have had an error or asked another host."""

    async def open_(path: str) -> Page:
        tab = await context.new_page()
        watch.follow(tab)
        await tab.goto(path)
        return tab

    yield open_
    assert watch.problems() == []
