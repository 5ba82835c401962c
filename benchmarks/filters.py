"""Suite `filters`: the time from the choice of a filter in the web page until its tasks and its total are drawn.

The tasks are those of the suite `views`, and the service declares its default views. Each sample chooses a value that
was not chosen before: a list in the sidebar, or an assignee or a label in the dialog of the chip.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import LiteralString

import psycopg
from playwright.async_api import Browser, Page, expect

from benchmarks.browser import site_and_browser
from benchmarks.report import Report, percentile
from benchmarks.view_rows.stand import DECLARED, Stand, insert_tasks
from tests.acceptance.web.site import Site

SAMPLES = 30  # of each kind of filter
# Waits until the page has loaded the parts that it needs later. The policy of the page forbids `wait_for_function`.
PARTS_LOADED = """new Promise((resolve) =>
    new PerformanceObserver((list) => list.getEntriesByName('parts loaded').length > 0 && resolve())
        .observe({ type: 'mark', buffered: true }))"""
# Notes when the person presses Enter or clicks.
NOTE_CHOICES = """
for (const type of ['keydown', 'click'])
  addEventListener(type, (event) => {
    if (type === 'click' || event.key === 'Enter') window.chosenAt = event.timeStamp;
  }, true);
"""
# Begins to wait for the frame after the one that shows the first task of the view, its length and its total.
WATCH = """
([id, count]) => {
  const total = count.toLocaleString('en');
  const drawn = () =>
    document.querySelector(`[role=row][aria-rowindex="1"][data-task="${id}"]`) !== null &&
    document.querySelector('[role=grid]')?.ariaRowCount === String(count) &&
    document.querySelector('[role=tab][aria-selected=true]')?.textContent.includes(total);
  window.drawnAfter = (async () => {
    do await new Promise(requestAnimationFrame); while (!drawn());
    await new Promise(requestAnimationFrame);
    return performance.now() - window.chosenAt;
  })();
}
"""
LISTS: LiteralString = """
    SELECT name, (array_agg(task.id ORDER BY task.created_at DESC))[1], count(*)
    FROM task JOIN task_list ON task_list.workspace_id = task.workspace_id AND task_list.id = task.list_id
    WHERE task.workspace_id = 'default' GROUP BY name
"""
ASSIGNEES: LiteralString = """
    SELECT assignee, (array_agg(id ORDER BY created_at DESC))[1], count(*)
    FROM task WHERE workspace_id = 'default' GROUP BY assignee
"""
LABELS: LiteralString = """
    SELECT label, (array_agg(id ORDER BY created_at DESC))[1], count(*)
    FROM task, unnest(labels) AS label WHERE workspace_id = 'default' AND label <> 'every' GROUP BY label
"""


@dataclass(frozen=True)
class Value:
    """A value of a filter, with the newest of its tasks and their number."""

    name: str
    newest: str
    count: int


def values_of(site: Site, sql: LiteralString) -> list[Value]:
    """Return values with three digits in a random order. Each is the only match of its name."""
    with psycopg.connect(site.urls.database_url) as connection:
        rows = connection.execute(sql).fetchall()
    values = [Value(name, str(newest), count) for name, newest, count in rows if name[-3:].isdigit()]
    values = sorted(
        (value for value in values if not value.name.endswith(("000", "100"))), key=lambda value: value.name
    )
    return random.Random(6).sample(values, SAMPLES + 1)


async def measure(tab: Page, value: Value, choose: Callable[[], Awaitable[object]]) -> float:
    """Choose a filter. Return the milliseconds until its list is drawn."""
    await tab.evaluate(WATCH, [value.newest, value.count])
    await choose()
    took: float = await tab.evaluate("window.drawnAfter")
    return took


async def choose_lists(tab: Page, values: list[Value]) -> list[float]:
    """Click lists in the sidebar."""
    sidebar = tab.get_by_role("navigation", name="Lists and saved views")
    return [await measure(tab, value, sidebar.get_by_role("link", name=value.name).click) for value in values[:SAMPLES]]


async def choose_values(tab: Page, values: list[Value]) -> list[float]:
    """Choose values in the dialog that the chip of the first one opens, with Enter."""
    times, chips = [], tab.get_by_role("group", name="Active filters")
    for value in values[1:]:
        await chips.locator("[data-chip] button").first.click()
        field = tab.get_by_role("dialog").get_by_role("combobox")
        await field.fill(value.name)
        await expect(tab.get_by_role("option", name=value.name)).to_be_visible()
        times.append(await measure(tab, value, partial(field.press, "Enter")))
    return times


@asynccontextmanager
async def open_tab(browser: Browser, site: Site, path: str) -> AsyncIterator[Page]:
    """Open the page with a fresh profile, and wait until it has loaded all of its parts."""
    context = await browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
    tab = await context.new_page()
    await tab.add_init_script(NOTE_CHOICES)
    await tab.goto(path)
    await expect(tab.locator("[data-task]").first).to_be_visible()
    await tab.evaluate(PARTS_LOADED)
    yield tab
    await context.close()


async def _measure(report: Report) -> None:
    async with site_and_browser(0) as (site, browser):
        await asyncio.to_thread(site.replace_tasks, report.count, insert_tasks)
        await asyncio.to_thread(wait_for_views, site)
        times: list[float] = []
        values = await asyncio.to_thread(values_of, site, LISTS)
        async with open_tab(browser, site, "/") as tab:
            times += await choose_lists(tab, values)
        for name, sql in (("assignee", ASSIGNEES), ("label", LABELS)):
            values = await asyncio.to_thread(values_of, site, sql)
            async with open_tab(browser, site, f"/?{name}={values[0].name}") as tab:
                times += await choose_values(tab, values)
        report.add_percentiles(f"filter chosen until drawn, {len(times)} samples", times, 50)
        report.add(f"filter chosen until drawn, p95 of {len(times)}", percentile(times, 95), "ms", "≤ 200 ms")


def wait_for_views(site: Site) -> None:
    """Wait until Redis answers for all declared views."""
    stand = Stand(Path(), site.urls)
    with stand.redis, stand.database:
        stand.wait_for_shapes(DECLARED.split(","))


def run(report: Report) -> None:
    """Serve the web page over `report.count` tasks, and filter them."""
    asyncio.run(_measure(report))
