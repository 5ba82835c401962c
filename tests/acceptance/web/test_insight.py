"""Tests the Insight page: with the usage of a month, without any, degraded, away, and without the permission."""

import asyncio
import re

import httpx
import psycopg
import pytest
from playwright.async_api import BrowserContext, Page, Request, expect

from tests.acceptance.web.axe import axe_findings_in_both_themes, use_theme
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.identity_site import IdentitySite, sign_in
from tests.acceptance.web.layout import overflowing
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.test_parts import hold_later_chunks
from tests.support.usage_rows import store_usage

PATH = "/insight/"
STORED_SECONDS = 60


@pytest.fixture
def no_usage(site: Site) -> None:
    """Remove what earlier tests have counted."""
    with psycopg.connect(site.urls.database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE usage_count")


async def key_figure(tab: Page, name: str) -> str:
    """Return one of the figures at the top."""
    figure = tab.locator("dl > div").filter(has=tab.locator("dt", has_text=re.compile(f"^{name}$")))
    return await figure.locator("dd").first.inner_text()


@pytest.mark.usefixtures("no_usage")
async def test_month_is_shown_in_charts_and_tables(site: Site, open_tab: OpenTab) -> None:
    await store_usage(site.urls.database_url)
    tab = await open_tab(f"{PATH}?range=30d")
    await expect(tab.get_by_role("img", name="Chart: Hit rate")).to_be_visible()
    assert await key_figure(tab, "Hit rate") == "95%"
    # With the keyboard, the table of the first chart.
    await tab.get_by_role("button", name="Show table").first.press("Enter")
    rows = tab.get_by_role("region", name="Table: Hit rate").get_by_role("row")
    await expect(rows).to_have_count(31)
    await expect(rows.nth(1)).to_contain_text("95%")
    operations = tab.get_by_role("region", name="Table: Operations with the most points").get_by_role("row")
    await expect(operations.nth(1)).to_contain_text("TaskPage")
    await expect(tab.get_by_text("The index grows by")).to_be_visible()
    assert await axe_findings_in_both_themes(tab) == []
    await use_theme(tab, "light")
    await tab.set_viewport_size({"width": 320, "height": 700})
    assert await overflowing(tab) == []


@pytest.mark.usefixtures("no_usage")
async def test_range_is_chosen_by_keyboard_and_is_in_the_url(open_tab: OpenTab) -> None:
    tab = await open_tab(f"{PATH}?range=2026-01-01..2026-01-02")
    await expect(tab.get_by_text("Nothing was counted in this period. Workers")).to_be_visible()
    for missing in ("No operations in this period.", "No search terms in this period. The service stores them only if"):
        await expect(tab.get_by_text(missing)).to_be_visible()
    await expect(tab.get_by_text("Not enough data yet").first).to_be_visible()
    assert await axe_findings_in_both_themes(tab) == []
    await tab.get_by_label("From", exact=True).fill("2026-01-05")
    await tab.get_by_label("To", exact=True).fill("2026-01-06")
    await tab.keyboard.press("Enter")
    await expect(tab).to_have_url(re.compile(r"\?range=2026-01-05\.\.2026-01-06$"))
    await expect(tab.get_by_text("compared with Jan 3")).to_be_visible()
    await tab.get_by_role("radio", name="Custom").press("ArrowLeft")
    await expect(tab).to_have_url(re.compile(r"\?range=30d$"))
    await expect(tab.get_by_role("radio", name="30 days")).to_be_focused()
    await tab.go_back()
    await expect(tab.get_by_label("From", exact=True)).to_have_value("2026-01-05")


async def test_figures_are_requested_once_while_the_code_is_loaded(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("about:blank")
    release = await hold_later_chunks(tab, f"{site.url}{PATH}")
    sent: list[str] = []

    def note(request: Request) -> None:
        if "query Insight" in (request.post_data or ""):
            sent.append(request.url)

    tab.on("request", note)
    async with tab.expect_request(lambda request: "query Insight" in (request.post_data or "")):
        await tab.goto(PATH, wait_until="commit")
    await release()
    await expect(tab.get_by_role("heading", name="Rebuilds of the index")).to_be_visible()
    assert len(sent) == 1


async def requests_in_metrics(site: Site, operation: str) -> float:
    async with httpx.AsyncClient(verify=False) as http:
        text = (await http.get(f"{site.url}/metrics")).text
    counts = re.findall(rf'^millitask_requests_total{{[^}}]*operation="{operation}"[^}}]*}} (\S+)$', text, re.MULTILINE)
    return sum(map(float, counts))


@pytest.mark.usefixtures("no_usage")
async def test_figures_agree_with_metrics(site: Site, open_tab: OpenTab) -> None:
    for _ in range(3):
        await site.execute("query CountedOperation { tasks(first: 5) { nodes { id title } } }")
    tab = await open_tab(f"{PATH}?range=hour")
    operations = tab.get_by_role("region", name="Table: Operations with the most points")
    row = operations.get_by_role("row").filter(has_text="CountedOperation")
    async with asyncio.timeout(STORED_SECONDS):  # workers store their counts every ten seconds
        while not await row.is_visible():
            await tab.get_by_role("button", name="Refresh").click()
            await asyncio.sleep(0.2)
    # Its requests may be stored in two parts.
    counted = await requests_in_metrics(site, "CountedOperation")
    assert counted >= 3
    async with asyncio.timeout(STORED_SECONDS):
        while await row.get_by_role("cell").first.inner_text() != f"{counted:,.0f}":
            await tab.get_by_role("button", name="Refresh").click()
            await asyncio.sleep(0.2)


async def test_degraded_service_and_one_that_is_away_are_named(
    site: Site, open_tab: OpenTab, monitor: TabMonitor
) -> None:
    monitor.allow("ERR_INTERNET_DISCONNECTED")
    tab = await open_tab(PATH)
    await expect(tab.get_by_role("heading", name="Hit rate", exact=True)).to_be_visible()
    site.stop_redis()
    try:
        # The service notices with the next read.
        await site.execute("{ tasks(first: 1) { nodes { id } } }")
        await expect(tab.get_by_text("The service is degraded.")).to_be_visible()
        assert await axe_findings_in_both_themes(tab) == []
    finally:
        site.start_redis()
    await expect(tab.get_by_text("The service is degraded.")).to_be_hidden()
    await tab.context.set_offline(True)
    await tab.get_by_role("button", name="Refresh").click()
    await expect(tab.get_by_text("These figures are of")).to_be_visible()
    await tab.context.set_offline(False)
    await expect(tab.get_by_text("These figures are of")).to_be_hidden()


async def test_permission_is_needed(identity: IdentitySite, profile: BrowserContext) -> None:
    token, _ = await identity.create_token("Reader", ["tasks:read"])
    tab = await profile.new_page()
    await tab.goto(PATH)
    await sign_in(tab, token)
    await expect(tab.get_by_role("heading", name="You may not see this page")).to_be_visible()
    assert await axe_findings_in_both_themes(tab) == []
    await tab.get_by_role("link", name="Tasks").click()
    await tab.get_by_role("button", name="Command menu").click()
    await tab.get_by_label("Command", exact=True).fill("insight")
    await expect(tab.get_by_text("No matching commands")).to_be_visible()
