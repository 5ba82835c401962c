"""Tests the search: its results, tabs and marks, the limits of a query, errors, and recent searches."""

import json
import re

from playwright.async_api import Page, Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

_CREATE = "mutation ($input: CreateTasksInput!) { createTasks(input: $input) { results { task { id } } } }"
_ALL = """query ($after: String) { tasks(first: 100, after: $after) {
    nodes { id title status version } pageInfo { hasNextPage endCursor }
} }"""


async def search(tab: Page, text: str) -> TaskList:
    """Search by keyboard only. The list has the focus afterwards."""
    tasks = TaskList(tab)
    await expect(tasks.rows.first).to_be_visible()
    await tab.keyboard.press("/")
    await expect(tasks.search_field).to_be_focused()
    await tab.keyboard.insert_text(text)
    await tab.keyboard.press("Enter")
    return tasks


async def test_results_are_marked_counted_and_narrowed_by_tabs(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Buy MILK", "Milkshake for Ann", "Call the bank")
    await site.create_tasks("Return the mílk bottles", status="DONE")
    tab = await open_tab("/")
    tasks = await search(tab, "milk")
    await tasks.expect_rows("Return the mílk bottles", "Milkshake for Ann", "Buy MILK")
    await expect(tasks.grid).to_be_focused()
    await expect(tasks.search_summary).to_contain_text("Results for “milk”3 tasks")
    await expect(tasks.grid.locator("mark")).to_have_text(["mílk", "Milk", "MILK"])
    await tasks.expect_counts(All=3, To_do=2, In_progress=0, Done=1)

    await tasks.status_tab("All").focus()
    await tab.keyboard.press("End")
    await tab.keyboard.press("Enter")
    await tasks.expect_rows("Return the mílk bottles")
    await expect(tasks.search_summary).to_contain_text("in Done1 task")
    await expect(tab).to_have_title("“milk”, Done – Millitask")
    await tasks.expect_counts(All=3, To_do=2, In_progress=0, Done=1)
    # Reopening the task takes it out of this tab, although the search itself still matches.
    await tasks.row("Return the mílk bottles").get_by_role("button", name="Done").click()
    await expect(tasks.heading("No matching tasks")).to_be_visible()
    await tasks.expect_counts(All=3, To_do=3, In_progress=0, Done=0)

    await tasks.status_tab("All").click()
    await expect(tasks.rows).to_have_count(3)
    await tasks.grid.focus()
    await tab.keyboard.press("Escape")
    await expect(tasks.rows).to_have_count(4)
    await expect(tasks.search_summary).to_be_hidden()
    await expect(tasks.search_field).to_have_value("")
    await expect(tasks.grid.locator("mark")).to_have_count(0)


async def all_tasks(site: Site) -> dict[str, tuple[str, int]]:
    """Read status and version of every task from the API, by title."""
    tasks: dict[str, tuple[str, int]] = {}
    after = None
    while True:
        page = (await site.execute(_ALL, after=after))["tasks"]
        tasks |= {node["title"]: (node["status"], node["version"]) for node in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return tasks
        after = page["pageInfo"]["endCursor"]


async def test_all_matches_in_a_tab_are_changed_and_nothing_else(site: Site, open_tab: OpenTab) -> None:
    new = [
        {"title": f"{('Parcel', 'Letter')[n % 2]} {n}", "status": ("TODO", "IN_PROGRESS", "DONE")[n % 3]}
        for n in range(750)
    ]
    await site.execute(_CREATE, input={"tasks": new})
    before = await all_tasks(site)
    matches = {title for title, (status, _) in before.items() if "Parcel" in title and status == "TODO"}
    assert len(matches) == 125  # more than a page

    tab = await open_tab("/?status=TODO")
    tasks = await search(tab, "parcel")
    await expect(tasks.search_summary).to_contain_text("in To do")
    await expect(tasks.rows.first).to_contain_text("Parcel")
    await tab.keyboard.press("ControlOrMeta+a")
    await tab.keyboard.press("s")
    await tab.get_by_role("menuitem", name="In progress").click()
    await expect(tasks.message("Set the status of 125 tasks to In progress.")).to_be_visible()
    await expect(tasks.heading("No matching tasks")).to_be_visible()

    after = await all_tasks(site)
    changed = {title: ("IN_PROGRESS", version + 1) for title, (_, version) in before.items() if title in matches}
    assert after == before | changed

    await tab.keyboard.press("ControlOrMeta+z")
    await expect(tasks.message("Undone for 125 tasks.")).to_be_visible()
    undone = {title: ("TODO", version + 2) for title, (_, version) in before.items() if title in matches}
    assert await all_tasks(site) == before | undone


async def test_more_results_than_were_counted_have_a_plus(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks(*(f"Milk {number}" for number in range(130)))
    tab = await open_tab("/?q=milk")
    tasks = TaskList(tab)
    await expect(tasks.search_summary).to_contain_text("100+ tasks")
    await expect(tasks.status_tab("All")).to_contain_text("100+")
    await expect(tasks.status_tab("To do")).to_contain_text("100+")
    await expect(tab.get_by_role("contentinfo")).to_contain_text("of 100+")
    await tasks.rows.first.get_by_role("checkbox").click()
    await expect(tasks.selection_toolbar.get_by_role("button", name="Select all 100+")).to_be_visible()
    await tab.keyboard.press("Control+a")
    await expect(tasks.selection_toolbar).to_contain_text("All 100+ selected")
    await tab.keyboard.press("End")
    await expect(tasks.search_summary).to_contain_text("130 tasks")
    await expect(tasks.selection_toolbar).to_contain_text("130 selected")
    # The windows of a search follow each other, so its list begins at the top.
    await tab.goto("/?q=milk&row=128")
    await expect(tasks.row("Milk 129")).to_be_visible()


async def test_queries_beyond_the_limits_are_cut_or_explained(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("a b c d e f g h i j")
    tab = await open_tab("/")
    tasks = await search(tab, "a b c d e f g h i j k l")
    await tasks.expect_rows("a b c d e f g h i j")
    await expect(tasks.message("Only the first 10 words are searched.")).to_be_visible()
    await tasks.search_field.fill("x" * 300)
    await expect(tasks.message("Only the first 200 characters are searched.")).to_be_visible()
    await tasks.search_field.fill("?!")
    await expect(tasks.heading("Type a word to search for")).to_be_visible()
    await tasks.search_summary.get_by_role("button", name="Clear").press("Enter")
    await tasks.expect_rows("a b c d e f g h i j")
    await expect(tasks.grid).to_be_focused()


async def test_failed_search_says_what_to_do(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Buy milk")
    tab = await open_tab("/")
    message = "Too many searches are running. Try again in a second."

    async def refuse(route: Route) -> None:
        if "searchTasks" not in (route.request.post_data or ""):
            return await route.fallback()
        error = {"message": message, "path": ["searchTasks"], "extensions": {"code": "SEARCHES_BUSY"}}
        return await route.fulfill(json={"data": None, "errors": [error]})

    await tab.route("**/graphql", refuse)
    tasks = await search(tab, "milk")
    await expect(tasks.heading("The search failed")).to_be_visible()
    await expect(tasks.message(message)).to_be_visible()
    await expect(tasks.grid.get_by_text("Loading")).to_have_count(0)
    await tab.get_by_role("button", name="Try again").focus()
    # From here on the page may search again by itself, for example when its connection opens late.
    await tab.unroute("**/graphql", refuse)
    await tab.keyboard.press("Enter")
    await tasks.expect_rows("Buy milk")


async def test_recent_searches_by_keyboard(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Buy milk", "Call the bank")
    tab = await open_tab("/")
    press = tab.keyboard.press
    for text in ("bank", "milk"):
        tasks = await search(tab, text)
        await expect(tasks.rows).to_have_count(1)
        await press("/")
        await press("Escape")
        await expect(tasks.rows).to_have_count(2)
    await press("/")
    options = tasks.recent_searches.get_by_role("option")
    await expect(options).to_have_text(["milk", "bank", "Remove all"])
    await press("ArrowDown")
    await expect(tasks.search_field).to_have_attribute("aria-activedescendant", re.compile("."))
    await press("ArrowDown")
    await press("Enter")
    await tasks.expect_rows("Call the bank")
    await expect(tasks.search_field).to_have_value("bank")
    assert json.loads(await tab.evaluate("localStorage['millitask.recentSearches']")) == ["bank", "milk"]

    await press("Escape")
    await expect(tasks.rows).to_have_count(2)
    await press("/")
    await press("ArrowDown")
    await press("Delete")
    await expect(options).to_have_text(["milk", "Remove all"])
    await press("ArrowUp")
    await press("Enter")
    await expect(options).to_have_count(0)
    await press("Escape")
    await expect(tasks.search_field).not_to_be_focused()
    await tab.reload()
    await tasks.expect_rows("Call the bank", "Buy milk")
    await press("/")
    await expect(tasks.search_field).to_be_focused()
    await expect(options).to_have_count(0)


async def test_search_on_a_phone(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Buy milk", "Call the bank")
    tab = await open_tab("about:blank")
    await tab.set_viewport_size({"width": 390, "height": 844})
    await tab.goto("/")
    tasks = TaskList(tab)
    await tasks.search_field.fill("milk " + "very long words " * 3)
    await expect(tasks.search_summary).to_be_in_viewport(ratio=1)
    await expect(tasks.search_summary.get_by_role("button", name="Clear")).to_be_in_viewport(ratio=1)
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 390
    await tab.get_by_role("button", name="Clear search").click()
    await tasks.expect_rows("Call the bank", "Buy milk")
    options = tasks.recent_searches.get_by_role("option")
    await expect(options).to_have_text([re.compile("^milk very long words"), "Remove all"])
    await expect(options.first).to_be_in_viewport(ratio=1)
