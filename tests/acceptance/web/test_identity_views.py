"""Tests that the views of a service with identity are accessible, and fit a narrow screen."""

from typing import Literal

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.acceptance.web.axe import axe_findings, axe_findings_in_both_themes, use_theme
from tests.acceptance.web.identity_site import IdentitySite, sign_in
from tests.acceptance.web.identity_views import IDENTITY_VIEWS
from tests.acceptance.web.layout import overflowing


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_views_of_identity_are_accessible_and_fit_a_narrow_screen(
    identity: IdentitySite, profile: BrowserContext, scheme: Literal["light", "dark"]
) -> None:
    token, _ = await identity.create_token("Ada " * 40)
    found: dict[str, list[str]] = {}
    tab = await profile.new_page()
    await tab.emulate_media(color_scheme=scheme)
    await tab.set_viewport_size({"width": 320, "height": 640})
    for view in IDENTITY_VIEWS:
        await tab.goto("/")
        await view(tab, token)
        found[view.__name__] = [*await axe_findings(tab), *await overflowing(tab)]
    assert found == {view.__name__: [] for view in IDENTITY_VIEWS}


async def open_list(tab: Page, name: str) -> Locator:
    """Open a view of the account and its second page with the keyboard, and return the items."""
    await tab.get_by_role("button", name="Account").press("Enter")
    await tab.get_by_role("button", name=name).press("Enter")
    dialog = tab.get_by_role("dialog", name=name)
    items = dialog.get_by_role("listitem")
    await expect(items).to_have_count(50)
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    await tab.keyboard.press("Shift+Tab")
    await expect(dialog.get_by_role("button", name="Load more")).to_be_focused()
    await tab.keyboard.press("Enter")
    await expect(items).to_have_count(100)
    await expect(items.nth(50)).to_be_focused()
    return items


async def test_long_lists_of_an_administrator_keep_the_focus(identity: IdentitySite, profile: BrowserContext) -> None:
    token = await identity.create_busy_workspace("busy", tokens=119, entries=3000)
    tab = await profile.new_page()
    await tab.set_viewport_size({"width": 390, "height": 844})
    await tab.goto("/")
    await sign_in(tab, token)
    items = await open_list(tab, "API tokens")
    item, press = items.nth(50), tab.keyboard.press
    await expect(item).to_contain_text("Script 50")
    await press("Tab")
    await press("Enter")
    assert [*await axe_findings_in_both_themes(tab), *await overflowing(tab)] == []
    await expect(item.get_by_role("button", name="Cancel")).to_be_focused()
    await press("Enter")
    await expect(item.get_by_role("button", name="Revoke Script 50")).to_be_focused()
    await press("Enter")
    await press("Tab")
    await press("Enter")
    await expect(item).to_contain_text("Revoked")
    await expect(item).to_be_focused()
    await expect(items).to_have_count(100)
    await tab.get_by_role("button", name="Load more").press("Enter")
    await expect(items).to_have_count(120)  # the button is gone
    await expect(items.nth(100)).to_be_focused()
    await press("Escape")
    await expect(tab.get_by_role("button", name="Account")).to_be_focused()
    await tab.set_viewport_size({"width": 1280, "height": 800})
    await use_theme(tab, "light")
    items = await open_list(tab, "Audit log")
    for text in ("Revoked an API token", "By API token “Ada”", "On API token “Script 50”"):
        await expect(items.first).to_contain_text(text)
    assert [*await axe_findings_in_both_themes(tab), *await overflowing(tab)] == []
