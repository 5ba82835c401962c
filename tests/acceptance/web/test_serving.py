"""Tests the served page: its title, its content security policy, and that its build is reproducible."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.acceptance.web.chromium import chromium
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tools.page import WEB


async def test_page_has_a_title(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    await expect(tab).to_have_title(re.compile("Millitask"))


async def test_unknown_path_shows_404(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    monitor.allow("404")
    tab = await open_tab("/nowhere")
    await expect(tab.get_by_text("404").first).to_be_visible()


async def test_injected_inline_script_does_not_run(open_tab: OpenTab, monitor: TabMonitor) -> None:
    tab = await open_tab("/")
    await tab.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { text: 'injected = 1' }))"
    )
    assert await tab.evaluate("typeof injected") == "undefined"
    assert len(monitor.problems()) == 1
    monitor.allow("Content Security Policy")


def test_lock_file_contains_no_registry_address() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry" not in lock


def test_missing_browser_error_says_how_to_install_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(FileNotFoundError, match="apt-get install chromium"):
        chromium()
