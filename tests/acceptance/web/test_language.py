"""Tests the languages of the page: the browser's, a chosen one, and their numbers."""

import re

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site

TASKS = 1_234


@pytest_asyncio.fixture(loop_scope="session")
async def context(context: BrowserContext, browser: Browser, site: Site) -> BrowserContext:
    """Return a browser profile of an Austrian who reads German."""
    await context.close()
    size = {"width": 1280, "height": 800}
    return await browser.new_context(base_url=site.url, viewport=size, locale="de-AT")


async def test_a_german_browser_gets_german_and_a_choice_lasts(site: Site, open_tab: OpenTab) -> None:
    await site.create_many(TASKS)
    tab = await open_tab("/")
    await _record_languages(tab)
    await _expect_german(tab)
