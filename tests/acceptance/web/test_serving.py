"""The built page in a browser: it runs under its content security policy, and speaks to its own service alone."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.acceptance.web.chromium import chromium
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.watch import Watch
from tools.page import WEB


async def test_the_page_has_a_name(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    await expect(tab).to_have_title(re.compile("Millitask"))


async def test_a_page_that_is_not_there(site: Site, open_tab: OpenTab, watch: Watch) -> None:
    watch.allow("404")
    tab = await open_tab("/nowhere")
    await expect(tab.get_by_text("404").first).to_be_visible()


async def test_a_script_that_was_not_built_does_not_run(open_tab: OpenTab, watch: Watch) -> None:
    tab = await open_tab("/")
    await tab.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'stolen = 1' }))")
    assert await tab.evaluate("typeof stolen") == "undefined"
    assert len(watch.problems()) == 1
    watch.allow("Content Security Policy")


def test_the_lock_names_no_registry() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry" not in lock


def test_without_a_browser_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(FileNotFoundError, match="apt-get install chromium"):
        chromium()
