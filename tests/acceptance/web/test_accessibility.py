"""Tests accessibility: axe reports no serious finding in any view or theme, and 200% zoom or a phone clips nothing."""

import pytest
from playwright.async_api import expect

from tests.acceptance.web.axe import axe_findings_in_both_themes
from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.views import OFFLINE, VIEWS, open_view

LONG_TITLE = "A title with many more words than a row of the list can ever show in one line " * 5


async def test_no_view_has_a_serious_axe_finding(site: Site, open_tab: OpenTab, monitor: TabMonitor) -> None:
    """Each view is checked in the light theme, and then in the dark one. All are opened in one tab: see `views.py`."""
    monitor.allow(OFFLINE)
    await site.create_tasks("Send it", "Call back", LONG_TITLE, "Write the letter", status="DONE", priority="HIGH")
    found: dict[str, list[str]] = {}
    tab = await open_tab("about:blank")
    for view in VIEWS:
        await open_view(tab, view)
        found[view.__name__] = await axe_findings_in_both_themes(tab)
    assert found == {view.__name__: [] for view in VIEWS}


@pytest.mark.parametrize(("width", "height"), [(390, 844), (640, 400)], ids=["phone", "at 200%"])
async def test_content_fits_the_viewport(site: Site, open_tab: OpenTab, width: int, height: int) -> None:
    await site.create_tasks(LONG_TITLE, "Write the letter")
    tab = await open_tab("about:blank")
    await tab.set_viewport_size({"width": width, "height": height})
    await tab.goto("/")
    tasks = TaskList(tab)
    await expect(tasks.row("Write the letter")).to_be_in_viewport()
    assert await tab.evaluate("document.documentElement.scrollWidth") <= width
    await tasks.title_link("Write the letter").click()
    await expect(tasks.dialog("Task").get_by_label("Title")).to_be_in_viewport()
    assert await tab.evaluate("document.documentElement.scrollWidth") <= width
