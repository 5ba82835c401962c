"""Tests that the views of a service with identity are accessible, and fit a narrow screen."""

from typing import Literal

import pytest
from playwright.async_api import BrowserContext

from tests.acceptance.web.axe import axe_findings
from tests.acceptance.web.identity_site import IdentitySite
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
