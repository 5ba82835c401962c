"""One typing session: a person types into rows, the drawer and the form while faults are injected."""

import asyncio
import time
from contextlib import suppress
from random import Random

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.typing.faults import Faults
from tests.acceptance.web.typing.oracle import (
    Typed,
    has_unsent_task,
    lost_keystrokes,
    offered_texts,
    saved_texts,
    stored_drafts,
)
from tests.acceptance.web.typing.plan import Outcome, Shares

TASKS = 3


class Session:
    """Types texts with unique words, so that the end says of each word where it is."""

    def __init__(self, site: Site, context: BrowserContext, seed: str, kinds: frozenset[str], shares: Shares) -> None:
        self._shares = shares
        self._site = site
        self._context = context
        self._random = Random(seed)
        self._faults = Faults(site, context, self._random)
        self._kinds = sorted(kinds)
        self._ids: list[str] = []
        self._typed: list[Typed] = []
        self._outcome = Outcome(seed)
        self._tab: Page

    async def run(self, steps: int) -> Outcome:
        """Run the session, heal all faults, and look for every text."""
        self._ids = await self._site.create_tasks(*(f"Task {number}" for number in range(TASKS)))
        await self._open_tab()
        await self._load_parts()
        for number in range(steps):
            try:
                await self._step(number)
            except PlaywrightTimeout:
                self._note("given up")
        await self._faults.heal(self._tab)
        if self._random.random() < self._shares.reopen:
            await self._reopen()
        await self._settle()
        self._outcome.keystrokes = sum(len(item.text) for item in self._typed)
        return self._outcome

    async def _step(self, number: int) -> None:
        """Open an editor, type a word with a fault somewhere in it, and leave the editor."""
        task_id = self._random.choice(self._ids)
        name, editor = await self._open_editor(task_id)
        word = f" w{number}{self._random.randrange(16**6):06x}"
        typed = Typed(name, "")
        fault_at, heal_at, reopen_at = (
            self._random.randrange(len(word) + 1) if self._random.random() < share else None
            for share in (self._shares.fault, self._shares.heal, self._shares.reopen)
        )
        self._typed.append(typed)
        for position in range(len(word) + 1):
            if position == fault_at:
                await self._inject(task_id)
            if position == heal_at:
                self._note("heal")
                await self._faults.heal(self._tab)
            if position == reopen_at:
                await self._faults.heal(self._tab)
                await self._reopen()
                return
            if position < len(word):
                if not await self._is_focused(editor):
                    self._note("editor is gone")
                    return
                await self._tab.keyboard.press("Space" if word[position] == " " else word[position])
                typed.text = word[1 : position + 1]
        await self._leave(name)

    async def _open_editor(self, task_id: str) -> tuple[str, Locator]:
        """Open one of the four editors with the caret at the end. Returns its name and its field."""
        await self._close_dialogs()
        tasks, tab = TaskList(self._tab), self._tab
        name = self._random.choice(["row", "title", "description", "form"])
        if name == "row":
            row = tasks.grid.locator(f"[data-task='{task_id}']")
            await row.hover(timeout=self._shares.action_ms)
            await row.get_by_role("button", name="Edit title").click(timeout=self._shares.action_ms)
            editor = tasks.grid.get_by_role("textbox", name="Title")
        elif name == "form":
            await tab.keyboard.press("c")
            editor = tasks.dialog("New task").get_by_label(self._random.choice(["Title", "Description"]))
        else:
            row = tasks.grid.locator(f"[data-task='{task_id}']")
            await row.locator("a[data-done]").click(timeout=self._shares.action_ms)
            editor = tasks.dialog("Task").get_by_role("textbox", name=name.capitalize())
            if name == "description":
                await tasks.edit_description(self._shares.action_ms)
        await editor.focus(timeout=self._shares.action_ms)
        await tab.keyboard.press("Control+End")
        await tab.keyboard.press("End")
        self._note(f"{name} of {self._ids.index(task_id)}")
        return name, editor

    async def _is_focused(self, editor: Locator) -> bool:
        """Whether keys still go into the editor. A dialog about a conflict takes the focus."""
        return bool(await editor.count()) and bool(await editor.evaluate("field => field === document.activeElement"))

    async def _leave(self, name: str) -> None:
        key = self._random.choice(["Enter", "Escape", "Tab", "Control+Enter", "stay", "close"])
        self._note(key)
        if key == "close":
            await self._tab.get_by_role("button", name="Close").first.click(timeout=self._shares.action_ms)
        elif key != "stay":
            await self._tab.keyboard.press(key)

    async def _inject(self, task_id: str) -> None:
        kind = self._random.choice(self._kinds)
        self._note(kind)
        await self._faults.inject(kind, self._tab, task_id)

    async def _close_dialogs(self) -> None:
        """Close what an earlier step left open. A conflict is decided for the text of this person."""
        for _ in range(4):
            keep = self._tab.get_by_role("button", name="Keep mine")
            if await keep.is_visible():
                await keep.click(timeout=self._shares.action_ms)
            elif (
                await self._tab.get_by_role("dialog").count()
                or await self._tab.locator("input:focus, textarea:focus").count()
            ):
                await self._tab.keyboard.press("Escape")
            else:
                return
            await asyncio.sleep(0.2)

    async def _open_tab(self) -> None:
        self._tab = await self._context.new_page()
        await self._tab.goto("/")
        await TaskList(self._tab).expect_connected()

    async def _load_parts(self) -> None:
        """Load the parts of the page that are loaded on their first use, before faults begin."""
        tab, tasks = self._tab, TaskList(self._tab)
        await tab.keyboard.press("c")
        await tasks.dialog("New task").wait_for()
        await tab.keyboard.press("Escape")
        await tasks.grid.locator("a[data-done]").first.click()
        await tasks.dialog("Task").wait_for()
        await tab.keyboard.press("Escape")
        await tasks.dialog("Task").wait_for(state="hidden")

    async def _reopen(self) -> None:
        """Close the tab without any warning, as a crash does, and open another one."""
        self._note("reopen")
        await self._tab.close()
        await self._open_tab()

    async def _settle(self) -> None:
        """Wait until every text is saved, or nothing changes. What is not saved then must be offered by the page."""
        seen, same_since = dict[str, int](), time.monotonic()
        try:
            async with asyncio.timeout(self._shares.settle_seconds):
                while True:
                    unsent = await has_unsent_task(self._tab)
                    missing = self._missing(await saved_texts(self._site), without_form=True)
                    if missing != seen:
                        seen, same_since = missing, time.monotonic()
                    quiet = time.monotonic() - same_since > self._shares.quiet_seconds
                    if not unsent and (not missing or quiet):
                        break
                    with suppress(PlaywrightTimeout):  # a conflict may be over before its button is clicked
                        await self._close_dialogs()
                    await asyncio.sleep(0.3)
        except TimeoutError:
            self._note("not everything is saved")
        found = await self._found_texts()
        if await self._is_stored(self._missing(found)):
            self._note("a text is stored, but not offered yet")
            await asyncio.sleep(self._shares.adopt_seconds)
            found = await self._found_texts()
        self._outcome.lost = self._missing(found)
        if await self._is_stored(self._outcome.lost):
            self._note("a lost text is stored")

    async def _found_texts(self) -> str:
        """Return the saved texts, and those that the page offers if a text is missing."""
        found = await saved_texts(self._site)
        if self._missing(found):
            found += await offered_texts(self._tab, self._ids)
            found += await saved_texts(self._site)  # a text may have been saved since it was read
        return found

    async def _is_stored(self, missing: dict[str, int]) -> bool:
        """Return whether the browser has stored more of a missing text."""
        if not missing:
            return False
        kept = self._missing("\n".join(text for _, text in await stored_drafts(self._tab)))
        return any(kept.get(text, 0) < lost for text, lost in missing.items())

    def _missing(self, found: str, *, without_form: bool = False) -> dict[str, int]:
        typed = [item for item in self._typed if not (without_form and item.field == "form")]
        return lost_keystrokes(typed, found)

    def _note(self, step: str) -> None:
        self._outcome.steps.append(step)


async def run_session(
    site: Site,
    browser: Browser,
    seed: str,
    kinds: frozenset[str],
    *,
    steps: int = 6,
    shares: Shares | None = None,
    init_script: str = "",
) -> Outcome:
    """Run a session in a browser profile of its own. `init_script` can break the page on purpose."""
    await site.delete_all_tasks()
    context = await browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    if init_script:
        await context.add_init_script(init_script)
    try:
        return await Session(site, context, seed, kinds, shares or Shares()).run(steps)
    finally:
        await context.close()
