"""Suite `use`: the memory of a tab in which a person uses the web page for an hour.

Each action is chosen at random, with a fixed seed. The memory is read after a forced garbage collection.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from playwright.async_api import CDPSession, Page, expect

from benchmarks.browser import site_and_browser
from benchmarks.report import Report, note
from benchmarks.web import open_tab
from tests.acceptance.web.task_list import TaskList

SEED = 17
READINGS = 6
# A key that had no effect is pressed again.
ATTEMPTS, RETRY_MS = 20, 5_000
IDLE_MS = 3_000  # gives the page idle time, in which it releases memory
MB = 1e6


class Person:
    """Uses the page of one tab with keyboard and mouse, one action after another."""

    def __init__(self, tab: Page, count: int) -> None:
        self._tab = tab
        self._tasks = TaskList(tab)
        self._press = tab.keyboard.press
        self._random = random.Random(SEED)
        self._pages = max(count // 100, 1)
        self._edits = 0
        self.done: Counter[str] = Counter()
        self._actions: list[Callable[[], Awaitable[None]]] = [
            *(self.jump, self.jump, self.drag, self.change_fields, self.edit_title, self.search, self.create),
            *(self.open_tasks, self.change_many, self.delete, self.change_view, self.look_around),
        ]

    async def act(self) -> None:
        """Do one action, and wait until the list shows its rows again."""
        action = self._random.choice(self._actions)
        await action()
        await expect(self._tasks.rows.first).to_be_visible()
        await self._press("Escape")
        self.done[action.__name__] += 1

    async def jump(self) -> None:
        """Go to a random page, and activate one of its rows."""
        page = self._random.randint(1, self._pages)
        await self._tasks.page_number.fill(str(page))
        await self._tasks.page_number.press("Enter")
        row = self._tasks.grid.locator(f'[aria-rowindex="{(page - 1) * 100 + 1}"][data-task]')
        await expect(row).to_be_visible()
        for _ in range(self._random.randint(1, 8)):
            await self._press("j")

    async def drag(self) -> None:
        """Drag the scroll bar through a part of the list."""
        await self._tasks.grid.evaluate(
            """async (grid, [from, to]) => {
                 for (let step = 0; step <= 20; step += 1) {
                   grid.scrollTop = grid.scrollHeight * (from + (to - from) * step / 20);
                   await new Promise(requestAnimationFrame);
                 }
               }""",
            [self._random.random(), self._random.random()],
        )
        await expect(self._tasks.grid.locator("[data-task]").first).to_be_visible()

    async def open_tasks(self) -> None:
        """Open a task and the ones after it, edit the title of the last one, and close it."""
        await self._activate()
        await self._press("Enter")
        field = self._tasks.dialog("Task").get_by_label("Description")
        await expect(field).to_be_visible()
        for _ in range(self._random.randint(1, 6)):
            address = self._tab.url
            await self._press("j")
            await expect(self._tab).not_to_have_url(address)
            await expect(field).to_be_visible()
        await self._press("Enter")  # moves to the title
        await self._press("End")
        await self._type(" opened")
        await self._press("Escape")
        await expect(self._tasks.dialog("Task")).to_be_hidden()

    async def edit_title(self) -> None:
        await self._activate()
        await self._press("e")
        await expect(self._tasks.grid.get_by_role("textbox", name="Title")).to_be_focused()
        await self._type("Edited")
        await self._press("Enter")

    async def change_fields(self) -> None:
        """Set the priority, complete, and undo one of the two changes."""
        await self._activate()
        await self._press("p")
        await self._tab.get_by_role("menuitem", name="High").click()
        await self._press("x")
        await self._press("Control+z")

    async def change_many(self) -> None:
        """Select up to 40 tasks, set their status, and undo that in half of the cases."""
        await self._activate()
        await self._press("Space")
        for _ in range(self._random.randint(2, 40)):
            await self._press("Shift+ArrowDown")
        await expect(self._tasks.selection_toolbar).to_be_visible()
        await self._press("s")
        await self._tab.get_by_role("menuitem", name="In progress").click()
        await self._press("Escape")
        if self._random.random() < 0.5:
            await self._press("Control+z")

    async def delete(self) -> None:
        """Delete a task and bring it back."""
        await self._activate()
        await self._press("Delete")
        await expect(self._tasks.message("Deleted 1 task.")).to_be_visible()
        await self._press("Control+z")

    async def create(self) -> None:
        await self._press("c")
        dialog = self._tasks.dialog("New task")
        await expect(dialog.get_by_label("Title")).to_be_focused()
        await self._type("Created")
        await self._press("Enter")
        await expect(dialog).to_be_hidden()

    async def search(self) -> None:
        """Search for a number, scroll through the matches, and leave the search."""
        await self._press("/")
        await self._tab.keyboard.type(f"task {self._random.randint(1, 99)}")
        await expect(self._tasks.page_number).to_be_hidden()
        await self._press("Enter")
        for _ in range(5):
            await self._press("PageDown")
        await self._press("/")
        await self._press("Escape")
        await expect(self._tasks.page_number).to_be_visible()

    async def change_view(self) -> None:
        """Look at a status and at another order, and return."""
        await self._tasks.status_tab(self._random.choice(("To do", "In progress", "Done"))).click()
        await expect(self._tasks.rows.first).to_be_visible()
        await self._tab.get_by_label("Sort order").select_option("Oldest first")
        await expect(self._tasks.rows.first).to_be_visible()
        await self._tab.get_by_label("Sort order").select_option("Newest first")
        await self._tasks.status_tab("All").click()

    async def look_around(self) -> None:
        """Open and close the help, the command menu and the trash."""
        await self._activate()
        await self._press("?")
        await expect(self._tasks.dialog("Keyboard shortcuts")).to_be_visible()
        await self._press("Escape")
        await expect(self._tasks.dialog("Keyboard shortcuts")).to_be_hidden()
        await self._press("Control+k")
        await expect(self._tab.get_by_label("Command", exact=True)).to_be_focused()
        await self._press("Escape")
        await expect(self._tab.get_by_label("Command", exact=True)).to_be_hidden()
        await self._tab.get_by_role("button", name="Trash").click()
        await expect(self._tasks.dialog("Trash")).to_be_visible()
        await self._press("Escape")
        await expect(self._tasks.dialog("Trash")).to_be_hidden()

    async def _activate(self) -> None:
        """Give the focus to the list, and activate a row whose task is loaded.

        A change of the view that is not drawn yet deactivates the row, so a person presses the key again.
        """
        active = self._tasks.grid.locator("[data-active=true][data-task]")
        for _ in range(ATTEMPTS):
            await self._tasks.grid.focus()
            await self._press("j")
            with suppress(AssertionError):
                await expect(active).to_be_visible(timeout=RETRY_MS)
                return
        raise AssertionError("No row could be activated.")

    async def _type(self, text: str) -> None:
        """Type a text with a number, so that each text is new."""
        self._edits += 1
        await self._tab.keyboard.type(f"{text} {self._edits}")


async def memory(tab: Page, session: CDPSession) -> tuple[float, int]:
    """Return the bytes of JavaScript objects after a garbage collection, and the number of DOM nodes."""
    await tab.wait_for_timeout(IDLE_MS)
    await session.send("HeapProfiler.collectGarbage")
    heap = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    nodes = (await session.send("Memory.getDOMCounters"))["nodes"]
    return heap, nodes


async def _use(report: Report, tab: Page, minutes: float) -> None:
    """Use the page for some minutes, and report its memory at the start, at equal intervals, and at the end."""
    session = await tab.context.new_cdp_session(tab)
    person = Person(tab, report.count)
    heap, nodes = await memory(tab, session)
    report.add("heap before", heap / MB, "MB")
    report.add("DOM nodes before", nodes, "")
    began = time.monotonic()
    for number in range(1, READINGS + 1):
        until = began + minutes * 60 * number / READINGS
        while time.monotonic() < until:
            await person.act()
        heap, nodes = await memory(tab, session)
        report.add(f"heap after {minutes * number / READINGS:g} min of use", heap / MB, "MB", "≤ 60 MB")
        note(f"{sum(person.done.values()):,} actions, {nodes:,} DOM nodes")
    report.add("DOM nodes after", nodes, "")
    report.add("actions", sum(person.done.values()), "")
    note(", ".join(f"{name} {count}" for name, count in person.done.most_common()))


async def _measure(report: Report, minutes: float) -> None:
    async with site_and_browser(report.count) as (site, browser):
        await _use(report, await open_tab(browser, site), minutes)


def run(report: Report, minutes: float) -> None:
    """Serve the web page over `report.count` tasks, and use it for some minutes."""
    asyncio.run(_measure(report, minutes))
