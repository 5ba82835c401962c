"""`python -m benchmarks.web [tasks]`: how the page does in a real browser; a table to stdout.

Times are the page's own, by PerformanceObserver; sizes are what was transferred, compressed.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.acceptance.web.chromium import ARGUMENTS, chromium
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site
from tools.page import WEB, build

JUMPS, WINDOWS, CHANGES = 60, 300, 40
OBSERVE = """
window.measured = { lcp: 0, cls: 0, inp: 0 };
const watch = (type, each, options) =>
  new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true, ...options });
watch('largest-contentful-paint', (entry) => { measured.lcp = entry.startTime; });
watch('layout-shift', (entry) => { if (!entry.hadRecentInput) measured.cls += entry.value; });
watch('event', (entry) => { if (entry.interactionId) measured.inp = Math.max(measured.inp, entry.duration); },
  { durationThreshold: 16 });
"""
# Milliseconds from setting the page's number to the first frame in which its first row stands.
JUMP = """
async ([page, row]) => {
  const input = document.querySelector('input[name=page]');
  const began = performance.now();
  input.value = page;
  input.form.requestSubmit();
  while (!document.querySelector(`[aria-rowindex="${row}"][data-task]`)) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}
"""


def say(what: str, number: str, target: str) -> None:
    """One line of the table."""
    sys.stdout.write(f"| {what} | {number} | {target} |\n")
    sys.stdout.flush()


def p95(times: list[float]) -> float:
    """The time that 95 of 100 stay below."""
    return statistics.quantiles(times, n=20)[-1]


async def opened(browser: Browser, site: Site) -> Page:
    """A tab of a new person, with its measures, once its first rows stand."""
    context = await browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
    tab = await context.new_page()
    await tab.add_init_script(OBSERVE)
    await tab.goto("/")
    await expect(TaskList(tab).row("Task 1")).to_be_visible()
    return tab


async def first_load(browser: Browser, site: Site) -> None:
    """Scripts of the first load, and when its largest part stood."""
    tab = await opened(browser, site)
    await tab.wait_for_load_state("networkidle")
    size = await tab.evaluate(
        "performance.getEntriesByType('resource').filter(({ name }) => name.includes('.js'))"
        ".reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"
    )
    measured = await tab.evaluate("measured")
    say("first-load JavaScript, gz", f"{size / 1000:.0f} KB", "≤ 320 KB")
    say("LCP", f"{measured['lcp'] / 1000:.2f} s", "< 2.5 s")
    await tab.context.close()


async def session(browser: Browser, site: Site) -> None:
    """A person at work: moves, opens, edits, completes, searches, selects."""
    tab = await opened(browser, site)
    tasks, press = TaskList(tab), tab.keyboard.press
    for _ in range(20):
        await press("j")
    await tasks.edit("Task 3", "Task 3 anew")
    await tasks.title("Task 5").click()
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
    say("INP, the slowest interaction of a session", f"{measured['inp']:.0f} ms", "< 200 ms")
    say("CLS of that session", f"{measured['cls']:.3f}", "< 0.1")
    await tab.context.close()


async def jumps(browser: Browser, site: Site, count: int) -> None:
    """To pages anywhere, each once; then the memory after so many windows."""
    tab = await opened(browser, site)
    pages, times = random.Random(6).sample(range(1, count // 100), WINDOWS), []
    for number, page in enumerate(pages):
        took = await tab.evaluate(JUMP, [page, (page - 1) * 100 + 1])
        if number < JUMPS:
            times.append(took)
    say(f"jump to a random page of {count:,} until drawn, median", f"{statistics.median(times):.0f} ms", "")
    say(f"the same, p95 of {JUMPS}", f"{p95(times):.0f} ms", "≤ 500 ms")
    session = await tab.context.new_cdp_session(tab)
    await tab.wait_for_timeout(3000)  # the page lets go when it is idle
    await session.send("HeapProfiler.collectGarbage")
    heap = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    say(f"heap after {WINDOWS} windows", f"{heap / 1e6:.0f} MB", "≤ 80 MB")
    await tab.context.close()


async def changes(browser: Browser, site: Site) -> None:
    """From the Enter in one tab to the row in the other."""
    one, two = await opened(browser, site), await opened(browser, site)
    await TaskList(one).connected()
    await TaskList(two).connected()
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
    say(f"change in one tab to seen in the other, p95 of {CHANGES}", f"{p95(times):.0f} ms", "≤ 1,000 ms")
    await one.context.close()
    await two.context.close()


async def main(count: int) -> None:
    """All of it, over so many tasks."""
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder)) as site:
        await asyncio.to_thread(site.fill, count)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False
            )
            expect.set_options(timeout=30_000)
            sys.stdout.write("| what | measured | target |\n|---|---|---|\n")
            await first_load(browser, site)
            await session(browser, site)
            await jumps(browser, site, count)
            await changes(browser, site)
            await browser.close()


if __name__ == "__main__":
    build(WEB)
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
