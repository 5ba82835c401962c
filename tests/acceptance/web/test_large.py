"""A list of many: its last row is reached by every way there is. A million in `make test-million`."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site


@pytest.fixture(scope="module", params=[50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def count(request: pytest.FixtureRequest, whole_site: Site) -> Iterator[int]:
    """So many tasks, which are gone afterwards."""
    count: int = request.param
    whole_site.fill(count)
    yield count
    whole_site.fill(0)


@pytest.fixture
def site(count: int, whole_site: Site) -> Site:
    """The service as it is: not emptied."""
    return whole_site


async def test_the_last_row_is_reached(count: int, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks, last = TaskList(tab), f"Task {count}"
    await expect(tasks.title("Task 1")).to_be_visible()
    await expect(tasks.grid).to_have_attribute("aria-rowcount", str(count))
    await tasks.counts(All=count)

    await tab.keyboard.press("End")
    await expect(tasks.row(last)).to_be_in_viewport()
    await expect(tasks.row(last)).to_have_attribute("aria-rowindex", str(count))
    await tab.keyboard.press("Home")
    await expect(tasks.row("Task 1")).to_be_in_viewport()

    # By the bar: all the way down, and to its middle.
    await tasks.grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight }")
    await expect(tasks.row(last)).to_be_in_viewport()
    await tasks.grid.evaluate("grid => { grid.scrollTop = (grid.scrollHeight - grid.clientHeight) / 2 }")
    await expect(tasks.title(f"Task {count // 2}")).to_be_in_viewport()

    # By the number of its page; a reload comes back to the place.
    page = tab.get_by_label("Go to page")
    await page.fill(str(count // 100))
    await page.press("Enter")
    await expect(tasks.row(f"Task {count - 99}")).to_be_in_viewport()
    await expect(tab).to_have_url(re.compile(rf"\brow={count - 99}\b"))
    await tab.reload()
    await expect(tasks.row(f"Task {count - 99}")).to_be_in_viewport()


async def test_the_wheel_goes_row_by_row_at_any_depth(count: int, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks, middle = TaskList(tab), count // 2
    await expect(tasks.title("Task 1")).to_be_visible()
    page = tab.get_by_label("Go to page")
    await page.fill(str(middle // 100))
    await page.press("Enter")
    await expect(tasks.title(f"Task {middle - 99}")).to_be_in_viewport()
    await tasks.grid.hover()
    height = await tasks.rows.first.evaluate("row => row.offsetHeight")
    await tab.mouse.wheel(0, height * 3)
    await expect(tasks.title(f"Task {middle - 96}")).to_be_in_viewport()
    await expect(tasks.title(f"Task {middle - 99}")).not_to_be_in_viewport()


async def test_a_drag_of_the_bar_asks_for_little(count: int, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await expect(tasks.title("Task 1")).to_be_visible()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.post_data or "") if request.method == "POST" else None)
    await tasks.grid.evaluate(
        """async grid => {
             for (let step = 1; step <= 40; step += 1) {
               grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * step / 40;
               await new Promise(requestAnimationFrame);
             }
           }"""
    )
    await expect(tasks.row(f"Task {count}")).to_be_in_viewport()
    assert len([body for body in asked if "TaskPage" in body]) < 20
