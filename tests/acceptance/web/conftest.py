"""Fixtures of the browser tests. All tests share a build, a service and a browser. Each test has its own tabs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from pytest_asyncio import is_async_test

from tests.acceptance.web.chromium import ARGUMENTS, chromium
from tests.acceptance.web.identity_site import IdentitySite
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tools import page as building

# The limit suits a busy machine. An expectation returns as soon as it is met.
TIMEOUT_MS = 30_000
_HERE = Path(__file__).parent

OpenTab = Callable[[str], Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def built() -> None:
    """Build the web page from the current sources and return its folder."""
    building.build(building.WEB)


@pytest.fixture(scope="session")
def shared_site(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the service that all tests share, with the tasks that earlier tests left."""
    with Site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def site(shared_site: Site) -> Site:
    """Return the shared service after removing its tasks."""
    await shared_site.delete_all_tasks()
    return shared_site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, site: Site) -> AsyncIterator[BrowserContext]:
    """Yield a fresh browser profile. The tabs of one test share its storage."""
    context = await browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    await context.close()


@pytest.fixture
def monitor(site: Site) -> TabMonitor:
    return TabMonitor(site.url)


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(context: BrowserContext, monitor: TabMonitor) -> AsyncIterator[OpenTab]:
    """Yield a function that opens a tab at a path. The test fails if a tab logs an error or contacts another host."""

    async def open_(path: str) -> Page:
        tab = await context.new_page()
        monitor.watch(tab)
        await tab.goto(path)
        return tab

    yield open_
    assert monitor.problems() == []


@pytest.fixture(scope="session")
def identity_service(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentitySite]:
    with IdentitySite(tmp_path_factory.mktemp("identity")) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def identity(identity_service: IdentitySite) -> IdentitySite:
    """Return the service with identity, after removing the tasks of the workspace `default`."""
    if not identity_service.headers:
        token, _ = await identity_service.create_token("the tests")
        identity_service.headers = {"Authorization": f"Bearer {token}"}
    await identity_service.delete_all_tasks()
    return identity_service


@pytest_asyncio.fixture(loop_scope="session")
async def profile(browser: Browser, identity: IdentitySite) -> AsyncIterator[BrowserContext]:
    """Yield a fresh browser profile. The test fails if a tab logs an unexpected error."""
    context = await browser.new_context(base_url=identity.url, reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT_MS)
    monitor = TabMonitor(identity.url)
    monitor.allow("status of (40[13]|429)")  # what a browser logs when the service refuses a request
    context.on("page", monitor.watch)
    yield context
    await context.close()
    assert monitor.problems() == []
