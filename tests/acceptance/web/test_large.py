"""Tests a long list: every way to scroll reaches the last row. `make test-million` runs this with a million tasks."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList


@pytest.fixture(scope="module", params=[50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def count(request: pytest.FixtureRequest, shared_site: Site) -> Iterator[int]:
    """Fill the service and yield its number of tasks. Remove the tasks after the tests of this module."""
    count: int = request.param
    shared_site.replace_tasks(count)
    yield count
    shared_site.replace_tasks(0)


@pytest.fixture
def site(count: int, shared_site: Site) -> Site:
    """Return the service, filled with `count` tasks."""
    return shared_site


async def test_last_row_is_reachable(count: int, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks, last = TaskList(tab), f"Task {count}"
    await expect(tasks.title_link("Task 1")).to_be_visible()
    await expect(tasks.grid).to_have_attribute("aria-rowcount", str(count))
    await tasks.expect_counts(All=count)

    await tab.keyboard.press("End")
    await expect(tasks.row(last)).to_be_in_viewport()
    await expect(tasks.row(last)).to_have_attribute("aria-rowindex", str(count))
    await tab.keyboard.press("Home")
    await expect(tasks.row("Task 1")).to_be_in_viewport()

    # Drag the scroll bar to its end, and to its middle.
    await tasks.grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight }")
    await expect(tasks.row(last)).to_be_in_viewport()
    await tasks.grid.evaluate("grid => { grid.scrollTop = (grid.scrollHeight - grid.clientHeight) / 2 }")
    await expect(tasks.title_link(f"Task {count // 2}")).to_be_in_viewport()

    # Go to a page by its number. A reload restores the position.
    page = tasks.page_number
    await page.fill(str(count // 100))
    await page.press("Enter")
    await expect(tasks.row(f"Task {count - 99}")).to_be_in_viewport()
    await expect(tab).to_have_url(re.compile(rf"\brow={count - 99}\b"))
    await tab.reload()
    await expect(tasks.row(f"Task {count - 99}")).to_be_in_viewport()


async def test_selected_page_number_stays_while_the_list_moves(count: int, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.title_link("Task 1")).to_be_visible()
    await tasks.page_number.click()
    await tasks.grid.evaluate("grid => { grid.scrollTop = (grid.scrollHeight - grid.clientHeight) / 2 }")
    await expect(tasks.title_link(f"Task {count // 2}")).to_be_in_viewport()
    await tab.keyboard.type("2")  # replaces what was selected
    await expect(tasks.page_number).to_have_value("2")


async def test_wheel_scrolls_row_by_row_at_any_depth(count: int, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks, middle = TaskList(tab), count // 2
    await expect(tasks.title_link("Task 1")).to_be_visible()
    page = tasks.page_number
    await page.fill(str(middle // 100))
    await page.press("Enter")
    await expect(tasks.title_link(f"Task {middle - 99}")).to_be_in_viewport()
    await tasks.grid.hover()
    height = await tasks.rows.first.evaluate("row => row.offsetHeight")
    await tab.mouse.wheel(0, height * 3)
    await expect(tasks.title_link(f"Task {middle - 96}")).to_be_in_viewport()
    await expect(tasks.title_link(f"Task {middle - 99}")).not_to_be_in_viewport()


async def test_dragging_the_scroll_bar_fetches_few_windows(count: int, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.title_link("Task 1")).to_be_visible()
    request_bodies: list[str] = []
    tab.on(
        "request", lambda request: request_bodies.append(request.post_data or "") if request.method == "POST" else None
    )
    await tasks.grid.evaluate(
        """async grid => {
             for (let step = 1; step <= 40; step += 1) {
               grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * step / 40;
               await new Promise(requestAnimationFrame);
             }
           }"""
    )
    await expect(tasks.row(f"Task {count}")).to_be_in_viewport()
    assert len([body for body in request_bodies if "TaskPage" in body]) < 20
