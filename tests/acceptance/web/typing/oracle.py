"""Says where each typed text is at the end of a session: in PostgreSQL, or offered by the page."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

# Also tasks that were deleted: a deleted task can be restored, with its text.
_TEXTS = "SELECT title || E'\\n' || description FROM task"


_GONE = re.compile("was deleted|in the trash|does not exist")
_FORM = "new"

# Returns the stored drafts as pairs of a key and a text. Opening a missing database would create it without its store.
_DRAFTS = """async () => {
  const result = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  if (!(await indexedDB.databases()).some(({ name }) => name === 'millitask')) return []
  const database = await result(indexedDB.open('millitask'))
  try {
    const store = database.transaction('drafts').objectStore('drafts')
    const [keys, values] = await Promise.all([result(store.getAllKeys()), result(store.getAll())])
    return keys.map((key, i) => [key.slice(key.indexOf('/') + 1), values[i].text])
  } finally {
    database.close()
  }
}"""
# How long a view may take to show the drafts of a tab that is gone.
_SHOW_SECONDS = 10
_OPEN_MS = 5_000
_MAX_DIALOGS = 5
# A session closes fewer tabs than this.
_MAX_FORMS = 8


@dataclass
class Typed:
    """A text that was typed, as far as it was typed."""

    field: str
    text: str


async def saved_texts(site: Site) -> str:
    """Return the text of every task in PostgreSQL."""
    async with await psycopg.AsyncConnection.connect(site.urls.database_url) as connection:
        rows: list[Any] = await (await connection.execute(_TEXTS)).fetchall()
    return "\n".join(text for (text,) in rows)


async def stored_drafts(tab: Page) -> list[tuple[str, str]]:
    """Return the drafts that the browser has stored, as pairs of a key and a text."""
    return [(key, text) for key, text in await tab.evaluate(_DRAFTS)]


async def has_unsent_task(tab: Page) -> bool:
    """Return whether a new task that was submitted still waits for the service."""
    return any(key.endswith(".create") for key, _ in await stored_drafts(tab))


async def offered_texts(tab: Page, task_ids: list[str]) -> str:
    """Return what the page offers after a reload: in dialogs, in the drawer of each task, and in the form."""
    tasks, texts = TaskList(tab), list[str]()
    for task_id in task_ids:
        await tab.goto(f"/?task={task_id}")
        await tasks.dialog("Task").wait_for()
        await tab.get_by_label("Title").or_(tasks.dialog("Task").get_by_text(_GONE)).first.wait_for()
        texts.append(await _shown_text(tab, task_id))
    await tab.goto("/")
    await tasks.expect_connected()
    for _ in range(_MAX_FORMS):
        title = await _open_form(tasks)
        texts.append(await _shown_text(tab, _FORM))
        if not await tasks.dialog("New task").get_by_text("The text of another new task").is_visible():
            break
        # The form offers the text of a closed tab when its own text was submitted.
        await title.press_sequentially("Submitted. ")
        await tab.keyboard.press("Enter")
        await title.wait_for(state="hidden")
    return "\n".join(texts)


async def _open_form(tasks: TaskList) -> Locator:
    """Open the form for a new task, after closing a dialog about a conflict. Return its title field."""
    title = tasks.dialog("New task").get_by_label("Title")
    for _ in range(_MAX_DIALOGS):
        await tasks.tab.keyboard.press("c")
        with suppress(PlaywrightTimeout):
            await title.wait_for(timeout=_OPEN_MS)
            break
        await tasks.tab.keyboard.press("Escape")
    return title


async def _shown_text(tab: Page, owner: str) -> str:
    """Return the text of the page. Waits until it shows the stored drafts of a task or of the form."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SHOW_SECONDS):
            while True:
                texts = [
                    text for key, text in await stored_drafts(tab) if key in {f"{owner}.title", f"{owner}.description"}
                ]
                shown = await _visible_text(tab)
                if all(text in shown for text in texts):
                    return shown
                await asyncio.sleep(0.2)
    return await _visible_text(tab)


async def _visible_text(tab: Page) -> str:
    """Return the text of the page with the values of its fields."""
    values = await tab.locator("input, textarea").evaluate_all("fields => fields.map(field => field.value)")
    return "\n".join([await tab.locator("body").inner_text(), *values])


def lost_keystrokes(typed: list[Typed], found: str) -> dict[str, int]:
    """Return the number of lost keystrokes by text. What is left of a text is its longest prefix that was found."""
    lost = {}
    for item in typed:
        kept = next(length for length in range(len(item.text), -1, -1) if item.text[:length] in found)
        if kept < len(item.text):
            lost[f"{item.text} ({item.field})"] = len(item.text) - kept
    return lost
