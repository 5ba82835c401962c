"""Tests the Insight page: with the usage of a month, without any, degraded, and without the permission."""

import json
import re

import psycopg
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.acceptance.web.axe import axe_findings_in_both_themes, use_theme
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.identity_site import IdentitySite, sign_in
from tests.acceptance.web.layout import overflowing
from tests.acceptance.web.site import Site
from tests.support.usage_rows import store_usage

PATH = "/insight/"
_FIGURES = """query ($range: InsightsRange!) { insights(range: $range, resolution: DAY) {
  requests { total } points { total } cache { hitRate { total } sqlQueriesSaved { total } } } }"""


@pytest.fixture
def no_usage(site: Site) -> None:
    """Remove what earlier tests have counted."""
    with psycopg.connect(site.urls.database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE usage_count")


def figure(tab: Page, name: str) -> re.Pattern[str]:
    return re.compile(re.escape(name))


async def key_figure(tab: Page, name: str) -> str:
    value = tab.locator("dl > div").filter(has=tab.locator("dt", has_text=re.compile(f"^{name}$"))).locator("dd").first
    return await value.inner_text()


@pytest.mark.usefixtures("no_usage")
async def test_month_is_shown_in_charts_and_tables(site: Site, open_tab: OpenTab) -> None:
    await store_usage(site.urls.database_url)
    tab = await open_tab(f"{PATH}?range=30d")
    await expect(tab.get_by_role("img", name="Chart: Hit rate")).to_be_visible()
    assert await key_figure(tab, "Hit rate") == "95%"
    request = json.loads(await tab.evaluate("JSON.stringify(performance.getEntriesByType('resource').length)"))
    assert request > 0
    await tab.get_by_role("region", name="Hit rate").or_(tab.locator("section", has_text="Hit rate")).first.scroll_into_view_if_needed()
    # By keyboard: the table of the first chart.
    toggle = tab.get_by_role("button", name="Show table").first
    await toggle.focus()
    await tab.keyboard.press("Enter")
    table = tab.get_by_role("region", name="Table: Hit rate")
    await expect(table.get_by_role("row")).to_have_count(31)
    await expect(table.get_by_role("row").nth(1)).to_contain_text("95%")
    operations = tab.get_by_role("region", name="Table: Operations with the most points").get_by_role("row")
    await expect(operations.nth(1)).to_contain_text("TaskPage")
    await expect(tab.get_by_text("At this rate it no longer fits into Redis on")).to_be_visible()
    assert await axe_findings_in_both_themes(tab) == []
    await use_theme(tab, "light")
    await tab.set_viewport_size({"width": 320, "height": 700})
    assert await overflowing(tab) == []


@pytest.mark.usefixtures("no_usage")
async def test_range_is_chosen_by_keyboard_and_is_in_the_url(open_tab: OpenTab) -> None:
    tab = await open_tab(PATH)
    await expect(tab.get_by_text("Nothing was counted in this period. Workers")).to_be_visible()
    await tab.get_by_role("radio", name="Day", exact=True).focus()
    await tab.keyboard.press("ArrowRight")
    await expect(tab).to_have_url(re.compile(r"\?range=7d$"))
    await expect(tab.get_by_role("radio", name="7 days")).to_be_focused()
    await tab.get_by_role("radio", name="Custom").check()
    await tab.get_by_label("From").fill("2026-01-05")
    await tab.get_by_label("To").fill("2026-01-06")
    await tab.keyboard.press("Enter")
    await expect(tab).to_have_url(re.compile(r"\?range=2026-01-05\.\.2026-01-06$"))
    await expect(tab.get_by_text("Jan 5 – 6, 2026, compared with Jan 3 – 4, 2026.")).to_be_visible()
    assert await axe_findings_in_both_themes(tab) == []
    await tab.go_back()
    await expect(tab.get_by_role("radio", name="7 days")).to_be_checked()


async def test_permission_is_needed(identity: IdentitySite, profile: BrowserContext) -> None:
    token, _ = await identity.create_token("Reader", ["tasks:read"])
    tab = await profile.new_page()
    await tab.goto(PATH)
    await sign_in(tab, token)
    await expect(tab.get_by_role("heading", name="You may not see this page")).to_be_visible()
    await tab.get_by_role("link", name="Tasks").click()
    await tab.get_by_role("button", name="Command menu").click()
    await tab.get_by_label("Command", exact=True).fill("insight")
    await expect(tab.get_by_text("Nothing found")).to_be_visible()
