"""Tests the page with a real OpenID provider: signing in, a denied access, and a switch to another workspace."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.acceptance.web.identity_site import IdentitySite
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList
from tests.support.oidc_provider import AUDIENCE, provider_process

# The pages of the provider load their styles from here.
PROVIDER_STYLES = "https://cdn.jsdelivr.net"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    claims = {"name": "Alice", "workspace": ["default", "acme"], "scope": "tasks:read tasks:write"}
    with provider_process(**claims) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def service(built: None, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentitySite]:
    folder = tmp_path_factory.mktemp("provider")
    secrets = folder / "client-secrets"
    secrets.write_text("a secret\n")
    settings = {
        "MILLITASK_IDENTITY": "tokens,oidc",
        "MILLITASK_OIDC_ISSUERS": issuer,
        "MILLITASK_OIDC_AUDIENCE": "millitask",
        "MILLITASK_OIDC_CLIENT_IDS": AUDIENCE,
        "MILLITASK_OIDC_CLIENT_SECRETS_FILE": str(secrets),
    }
    with IdentitySite(folder, **settings) as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(service: IdentitySite) -> IdentitySite:
    """Return the service with a task in each of its two workspaces."""
    await service.create_workspace("acme")
    for workspace in ("default", "acme"):
        token, _ = await service.create_token("the tests", workspace=workspace)
        service.headers = {"Authorization": f"Bearer {token}"}
        await service.create_tasks(f"Write to {workspace}", f"Call {workspace}")
    return service


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, site: IdentitySite, issuer: str) -> AsyncIterator[Page]:
    """Yield a tab of a fresh profile. The test fails if the tab logs an unexpected error."""
    context = await browser.new_context(base_url=site.url, reduced_motion="reduce")
    monitor = TabMonitor(site.url)
    monitor.allow(f"{issuer}|{PROVIDER_STYLES}|status of 40[013]")
    await context.route(f"{PROVIDER_STYLES}/**", lambda route: route.fulfill(body="", content_type="text/css"))
    context.on("page", monitor.watch)
    yield await context.new_page()
    await context.close()
    assert monitor.problems() == []


async def open_provider(tab: Page, path: str) -> None:
    await tab.goto(path)
    await tab.get_by_role("link", name="Sign in with localhost").click()
    await expect(tab.get_by_role("heading", name="Authorize Client")).to_be_visible()


async def test_person_returns_to_the_address_and_switches_the_workspace(site: IdentitySite, tab: Page) -> None:
    await open_provider(tab, "/?q=write")
    await tab.get_by_role("button", name="alice").click()
    tasks = TaskList(tab)
    await tasks.expect_rows("Write to default")
    await expect(tab).to_have_url(f"{site.url}/?q=write")
    other = await tab.context.new_page()
    await other.goto("/")
    await TaskList(other).expect_rows("Call default", "Write to default")

    await tab.get_by_role("button", name="Account").click()
    account = tab.get_by_role("dialog", name="Account")
    await expect(account).to_contain_text("Alice")
    await account.get_by_label("Switch workspace").select_option("acme")
    for each in (tab, other):
        await TaskList(each).expect_rows("Call acme", "Write to acme")
        await expect(each).to_have_url(f"{site.url}/")

    await tab.get_by_role("button", name="Account").click()
    await tab.get_by_role("dialog", name="Account").get_by_role("button", name="Sign out").click()
    for each in (tab, other):
        await expect(each.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_denied_access_is_explained(site: IdentitySite, tab: Page) -> None:
    await open_provider(tab, "/?q=write")
    await tab.get_by_role("button", name="Deny").click()
    await expect(tab.get_by_text("The sign-in was cancelled, or the provider denied the access.")).to_be_visible()
    # The next attempt returns to the same address.
    await tab.get_by_role("link", name="Sign in with localhost").click()
    await tab.get_by_role("button", name="alice").click()
    await TaskList(tab).expect_rows("Write to default")
    await expect(tab).to_have_url(f"{site.url}/?q=write")
