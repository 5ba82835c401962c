"""Says where each typed text is at the end of a session: in PostgreSQL, or offered by the page."""

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from playwright.async_api import Page

from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

# Also tasks that were deleted: a deleted task can be restored, with its text.
_TEXTS = "SELECT title || E'\\n' || description FROM task"


_GONE = re.compile("was deleted|in the trash|does not exist")


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


async def offered_texts(tab: Page, task_ids: list[str]) -> str:
    """Return what the page offers after a reload: in dialogs, in the drawer of each task, and in the form."""
    tasks, texts = TaskList(tab), list[str]()
    for task_id in task_ids:
        await tab.goto(f"/?task={task_id}")
        await tasks.dialog("Task").wait_for()
        await tab.get_by_label("Title").or_(tasks.dialog("Task").get_by_text(_GONE)).first.wait_for()
        texts.append(await _visible_text(tab))
    await tab.goto("/")
    await tasks.expect_connected()
    await tab.keyboard.press("c")
    await tasks.dialog("New task").get_by_label("Title").wait_for()
    texts.append(await _visible_text(tab))
    return "\n".join(texts)


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
