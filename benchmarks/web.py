"""Suite `web`: load time, interaction latency, jumps and memory of the web page in a real browser.

PerformanceObserver measures the times in the page. Sizes are the compressed sizes that the browser transfers.
"""

import asyncio
import random
import re
import statistics
import time
from typing import Any

from playwright.async_api import Browser, Page, expect

from benchmarks.browser import site_and_browser
from benchmarks.report import Report, percentile
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList
from tests.support.usage_rows import store_usage

JUMPS, WINDOWS, CHANGES, BULK_TASKS = 60, 300, 40, 75_000
INSIGHT_LOADS, INSIGHT_CHARTS = 10, 9
KEY_INTERVAL_MS = 100  # a fast typist
OBSERVE = """
window.measured = { lcp: 0, cls: 0, inp: 0 };
const watch = (type, each, options) =>
  new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true, ...options });
watch('largest-contentful-paint', (entry) => { measured.lcp = entry.startTime; });
watch('layout-shift', (entry) => { if (!entry.hadRecentInput) measured.cls += entry.value; });
watch('event', (entry) => { if (entry.interactionId) measured.inp = Math.max(measured.inp, entry.duration); },
  { durationThreshold: 16 });
"""
# Types a page number as React sees it. Returns the milliseconds from the submit until a frame shows its first row.
JUMP = """
async ([page, row]) => {
  const input = document.querySelector('input[name=page]');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, page);
  input.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise(requestAnimationFrame);
  const began = performance.now();
  input.form.requestSubmit();
  while (!document.querySelector(`[aria-rowindex="${row}"][data-task]`)) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}
"""

# Notes when each chart is drawn: uPlot draws in the frame in which it adds its canvas.
NOTE_CHARTS = """
window.charts = [];
new MutationObserver((records) => {
  const added = records.flatMap((record) => [...record.addedNodes]).filter((node) => node.querySelector?.('canvas'));
  if (added.length > 0) requestAnimationFrame(() => charts.push(...added.map(() => performance.now())));
}).observe(document, { childList: true, subtree: true });
"""
# Sums the compressed sizes of the loaded scripts with code of Insight: uPlot, or the query.
INSIGHT_SCRIPTS = """
async () => {
  const scripts = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js'));
  const texts = await Promise.all(scripts.map(async ({ name }) => (await fetch(name)).text()));
  const size = ({ encodedBodySize }, index) => /u-over|missesByCause/.test(texts[index]) ? encodedBodySize : 0;
  return scripts.map(size).reduce((sum, bytes) => sum + bytes, 0);
}
"""


async def open_tab(browser: Browser, site: Site) -> Page:
    """Open the web page with a fresh profile and wait for its first row."""
    context = await browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
    tab = await context.new_page()
    await tab.add_init_script(OBSERVE)
    await tab.goto("/")
    await expect(TaskList(tab).row("Task 1")).to_be_visible()
    return tab


async def measure_first_load(report: Report, browser: Browser, site: Site) -> None:
    """Measure the size of the scripts that the list needs, and the largest contentful paint (LCP).

    The page names these scripts. It loads those of its dialogs later, when the browser is idle.
    """
    tab = await open_tab(browser, site)
    await tab.wait_for_load_state("networkidle")
    html = await (await tab.request.get(site.url, headers={"Accept": "text/html"})).text()
    size = await tab.evaluate(
        """html => performance.getEntriesByType('resource')
            .filter(({ name }) => name.endsWith('.js') && html.includes(new URL(name).pathname))
            .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)""",
        html,
    )
    measured = await tab.evaluate("measured")
    report.add("JavaScript of the first load, compressed", size / 1000, "kB", "≤ 300 kB")
    report.add("largest contentful paint (LCP)", measured["lcp"] / 1000, "s", "≤ 1.5 s")
    await tab.context.close()


async def measure_insight(report: Report, browser: Browser, site: Site) -> None:
    """Measure the first paint of Insight and when its charts are drawn, with the usage of 30 days.

    And the size of its scripts that the list loads, including those that it loads when the browser is idle.
    """
    await store_usage(site.urls.database_url)
    painted, drawn = [], []
    for _ in range(INSIGHT_LOADS):
        context = await browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
        tab = await context.new_page()
        await tab.add_init_script(NOTE_CHARTS)
        await tab.goto("/insight/?range=30d")
        await expect(tab.get_by_role("img", name="Chart:").locator("canvas")).to_have_count(INSIGHT_CHARTS)
        first = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        painted.append(await tab.evaluate(first))
        drawn.append(await tab.evaluate("new Promise(requestAnimationFrame).then(() => Math.max(...charts))"))
        own_bytes = await tab.evaluate(INSIGHT_SCRIPTS)
        await context.close()
    name = f"Insight with 30 days of data, median of {INSIGHT_LOADS}"
    report.add(f"{name}: first paint", statistics.median(painted) / 1000, "s", "≤ 0.5 s")
    report.add(f"{name}: charts drawn", statistics.median(drawn) / 1000, "s", "≤ 1.5 s")
    assert own_bytes > 0
    tab = await open_tab(browser, site)
    await tab.wait_for_load_state("networkidle")
    report.add("JavaScript of Insight that the list loads", await tab.evaluate(INSIGHT_SCRIPTS) / 1000, "kB", "0 kB")
    await tab.context.close()


async def measure_session(report: Report, browser: Browser, site: Site) -> None:
    """Measure a session in which a user moves, opens, edits, completes, searches and selects tasks."""
    tab = await open_tab(browser, site)
    tasks, press = TaskList(tab), tab.keyboard.press
    for _ in range(20):
        await press("j")
    await tasks.edit_title("Task 3", "Task 3 edited")
    await tasks.title_link("Task 5").click()
    await expect(tasks.dialog("Task").get_by_label("Description")).to_be_visible()
    await press("Escape")
    for title in ("Task 6", "Task 9"):
        await tasks.row(title).get_by_role("checkbox").click(modifiers=["Shift"])
    await press("Escape")
    await press("End")
    await press("Home")
    await press("x")
    await press("Control+z")
    await press("Control+k")
    await expect(tab.get_by_label("Command", exact=True)).to_be_focused()
    await tab.keyboard.type("done")
    await press("Escape")
    await expect(tab.get_by_label("Command", exact=True)).to_be_hidden()
    await tab.get_by_role("tab", name="Done").click()
    await expect(tasks.rows.first).to_be_visible()
    measured: dict[str, Any] = await tab.evaluate("measured")
    report.add("slowest interaction of a session (INP)", measured["inp"], "ms", "≤ 100 ms")
    report.add("layout shift of the session (CLS)", measured["cls"], "", "≤ 0.05")
    await tab.context.close()


async def measure_jumps(report: Report, browser: Browser, site: Site) -> None:
    """Measure jumps to random pages, and the memory afterwards."""
    count = report.count
    tab = await open_tab(browser, site)
    pages, times = random.Random(6).sample(range(1, count // 100), WINDOWS), []
    for number, page in enumerate(pages):
        took = await tab.evaluate(JUMP, [page, (page - 1) * 100 + 1])
        if number < JUMPS:
            times.append(took)
    name = f"jump to a random page of {count:,} tasks until drawn"
    report.add(f"{name}, p50 of {JUMPS}", statistics.median(times), "ms")
    report.add(f"{name}, p95 of {JUMPS}", percentile(times, 95), "ms", "≤ 200 ms")
    session = await tab.context.new_cdp_session(tab)
    await tab.wait_for_timeout(3000)  # gives the page idle time, in which it releases memory
    await session.send("HeapProfiler.collectGarbage")
    heap = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    report.add(f"heap after {WINDOWS} jumps", heap / 1e6, "MB", "≤ 60 MB")
    await tab.context.close()


async def measure_changes(report: Report, browser: Browser, site: Site) -> None:
    """Measure the time from the Enter key in one tab until another tab shows the changed row."""
    one, two = await open_tab(browser, site), await open_tab(browser, site)
    await TaskList(one).expect_connected()
    await TaskList(two).expect_connected()
    times, title = [], "Task 1"
    seen = "text => [...document.querySelectorAll('[role=row]')].some((row) => row.textContent.includes(text))"
    for number in range(CHANGES):
        after = f"Changed {number}."
        arrives = asyncio.create_task(two.wait_for_function(seen, arg=after, polling="raf"))
        await TaskList(one).row(title).hover()
        await TaskList(one).row(title).get_by_role("button", name=f"Edit title: {title}").click()
        field = TaskList(one).grid.get_by_role("textbox", name="Title")
        await field.fill(after)
        began = time.perf_counter()
        await field.press("Enter")
        await arrives
        times.append((time.perf_counter() - began) * 1000)
        title = after
        await expect(TaskList(one).row(title)).to_be_visible()
    name = f"change in one tab until drawn in another, p95 of {CHANGES}"
    report.add(name, percentile(times, 95), "ms", "≤ 200 ms")
    await one.context.close()
    await two.context.close()


async def measure_bulk_change(report: Report, browser: Browser, site: Site) -> None:
    """Measure a change of the status of many tasks, and the interactions of a user who works during it."""
    count = min(report.count, BULK_TASKS)
    await asyncio.to_thread(site.replace_tasks, count)
    tab = await open_tab(browser, site)
    tasks, press = TaskList(tab), tab.keyboard.press
    await tasks.expect_connected()
    await press("Control+a")
    await expect(tasks.selection_toolbar).to_contain_text(f"{count:,} selected")
    await tab.evaluate("measured.inp = 0")
    await press("s")
    await expect(tab.get_by_role("menuitem", name="In progress")).to_be_visible()
    began = time.perf_counter()
    await press("2")
    done = tasks.message("tasks to In progress.")
    while not await done.is_visible():
        for key in ("j", "j", "k", "PageDown", "Home", " ", "Escape"):
            await press(key)
            await tab.wait_for_timeout(KEY_INTERVAL_MS)
    took = time.perf_counter() - began
    measured = await tab.evaluate("measured")
    changed = re.search(r"[\d,]+", await done.inner_text())
    assert changed is not None
    report.add(f"status change of {changed[0]} of {count:,} tasks", took, "s", "≤ 20 s for 50,000")
    report.add("slowest interaction during it (INP)", measured["inp"], "ms", "≤ 200 ms")
    began = time.perf_counter()
    await press("Control+z")
    await expect(tasks.message("Undone for")).to_be_visible(timeout=300_000)
    report.add("undo of it", time.perf_counter() - began, "s")
    await tab.context.close()


async def _measure(report: Report) -> None:
    async with site_and_browser(report.count) as (site, browser):
        await measure_first_load(report, browser, site)
        await measure_insight(report, browser, site)
        await measure_session(report, browser, site)
        await measure_jumps(report, browser, site)
        await measure_changes(report, browser, site)
        await measure_bulk_change(report, browser, site)


def run(report: Report) -> None:
    """Serve the web page over `report.count` tasks, and measure it."""
    asyncio.run(_measure(report))
