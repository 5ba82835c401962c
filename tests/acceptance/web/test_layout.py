"""Tests the layout: text of any script and length, narrow screens, large text, touch, and the themes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.acceptance.web.axe import axe_findings_in_both_themes
from tests.acceptance.web.conftest import TIMEOUT_MS, OpenTab
from tests.acceptance.web.layout import overflowing, without_direction
from tests.acceptance.web.site import Site
from tests.acceptance.web.tab_monitor import TabMonitor
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.views import OFFLINE, VIEWS, View, open_view, row_menu

HEBREW = "לכתוב את המכתב"
LONG_WORD = "x" * 255
LONG_URL = "https://example.com/" + "a/long-path/" * 60
# The distances of WCAG 1.4.12.
SET_TEXT_SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
    p { margin-bottom: 2em !important }
  `);
  document.adoptedStyleSheets.push(sheet);
}"""
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
MIN_TARGET_PX = 24
DELETE = "mutation ($id: ID!) { deleteTask(input: { id: $id }) { userErrors { code } } }"

Found = dict[str, list[str]]


@asynccontextmanager
async def profile(browser: Browser, site: Site, **options: Any) -> AsyncIterator[BrowserContext]:
    """Open a browser profile with these options. Fails if one of its tabs logs an error."""
    context = await browser.new_context(base_url=site.url, reduced_motion="reduce", **options)
    context.set_default_timeout(TIMEOUT_MS)
    monitor = TabMonitor(site.url)
    monitor.allow(OFFLINE)
    context.on("page", monitor.watch)
    yield context
    await context.close()
    assert monitor.problems() == []


async def look_at_views(
    context: BrowserContext,
    views: Iterable[View],
    check: Callable[[Page], Awaitable[list[str]]],
    prepare: Callable[[Page], Awaitable[object]] | None = None,
) -> Found:
    """Return what the check finds in each view. All views are opened in one tab, which is prepared for each."""
    found: Found = {}
    tab = await context.new_page()
    for view in views:
        if prepare:
            await prepare(tab)
        await open_view(tab, view)
        if problems := await check(tab):
            found[view.__name__] = problems
    return found


async def create_long_tasks(site: Site) -> None:
    """Create more tasks than a small screen shows. The views delete some of them."""
    texts = [f"{LONG_WORD} {HEBREW}", f"{HEBREW} {LONG_WORD}", "手紙を書いて明日までに送る" * 6, "Write the letter"]
    await site.create_tasks(
        *texts * 3, description=f"{LONG_URL} {HEBREW}", priority="URGENT", expiresAt="2199-01-01T00:00:00Z"
    )


async def test_narrow_screen_fits_each_view_and_each_text_has_its_direction(browser: Browser, site: Site) -> None:
    """320 px are a page of 1280 px at a zoom of 400 %."""
    await create_long_tasks(site)

    async def check(tab: Page) -> list[str]:
        found = [*await overflowing(tab), *await without_direction(tab, HEBREW)]
        await tab.evaluate(SET_TEXT_SPACING)
        return found + [f"with text spacing: {problem}" for problem in await overflowing(tab)]

    async with profile(browser, site, viewport={"width": 320, "height": 640}) as context:
        assert await look_at_views(context, VIEWS, check) == {}


async def test_font_size_of_200_percent_fits_each_view(browser: Browser, site: Site) -> None:
    await create_long_tasks(site)

    async def prepare(tab: Page) -> None:
        session = await tab.context.new_cdp_session(tab)
        await session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})

    async def check(tab: Page) -> list[str]:
        assert await tab.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        return await overflowing(tab)

    async with profile(browser, site, viewport={"width": 1280, "height": 800}) as context:
        assert await look_at_views(context, VIEWS, check, prepare) == {}


async def test_phone_fits_each_view_with_large_targets_and_no_serious_axe_finding(browser: Browser, site: Site) -> None:
    await create_long_tasks(site)

    async def check(tab: Page) -> list[str]:
        return [*await overflowing(tab), *await small_targets(tab), *await axe_findings_in_both_themes(tab)]

    async with profile(browser, site, **PHONE) as context:
        assert await look_at_views(context, (row_menu, *VIEWS), check) == {}


async def test_title_of_the_document_isolates_right_to_left_text(site: Site, open_tab: OpenTab) -> None:
    [id_] = await site.create_tasks(HEBREW)
    tab = await open_tab(f"/?task={id_}")
    await expect(tab).to_have_title(f"\u2068{HEBREW}\u2069 – Millitask")


async def small_targets(tab: Page) -> list[str]:
    """Return the controls that are smaller than 24 px, and the text fields into which a phone would zoom."""
    found: Any = await tab.evaluate(
        """(minimum) => [...document.querySelectorAll('button, input, select, textarea, [role=tab], [role=menuitem]')]
          .filter((e) => e.checkVisibility({ visibilityProperty: true }) && e.tabIndex >= -1)
          .filter((e) => {
            const box = (e.closest('label') ?? e).getBoundingClientRect();
            const small = box.width > 1 && (box.width < minimum || box.height < minimum);
            const text = e.matches('input:not([type=checkbox]), select, textarea');
            return small || (text && parseFloat(getComputedStyle(e).fontSize) < 16);
          })
          .map((e) => `small: ${e.outerHTML.slice(0, 120)}`)""",
        MIN_TARGET_PX,
    )
    return list(found)


async def test_phone_shows_the_active_tab_and_a_wide_search(browser: Browser, site: Site) -> None:
    await site.create_tasks("Write the letter", "Call back", status="DONE")
    async with profile(browser, site, **PHONE | {"viewport": {"width": 320, "height": 640}}) as context:
        tab = await context.new_page()
        await tab.goto("/?status=DONE")
        tasks = TaskList(tab)
        await expect(tasks.status_tab("Done")).to_be_in_viewport(ratio=1)
        await expect(tasks.status_tab("All")).not_to_be_in_viewport(ratio=1)
        await tasks.search_field.tap()
        box = await tasks.search_field.bounding_box()
        assert box is not None
        assert box["width"] >= 280
        # The keys follow the text before the search begins.
        await tasks.search_field.fill("letter")
        await tab.keyboard.press("Tab")
        await expect(tab.get_by_role("button", name="Clear search")).to_be_focused()
        await tab.keyboard.press("Tab")
        await tasks.expect_rows("Write the letter")
        await expect(tab.get_by_label("Sort order")).to_be_disabled()
        # Only its icon is displayed.
        await expect(tab.get_by_label("Sort order")).to_have_css("color", "rgba(0, 0, 0, 0)")
        await expect(tab.get_by_role("banner").get_by_role("button", name="New task")).to_be_focused()
        await expect(tab.get_by_role("banner").get_by_role("button", name="New task")).to_be_in_viewport(ratio=1)


async def long_press(row: Locator) -> Callable[[], Awaitable[object]]:
    """Put a finger on the row. Returns the function that lifts it."""
    box = await row.bounding_box()
    assert box is not None
    session = await row.page.context.new_cdp_session(row.page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 4}
    await session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})

    async def lift() -> None:
        await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    return lift


async def test_touch_selects_by_long_press_and_taps(browser: Browser, site: Site) -> None:
    await site.create_tasks(*(f"Task {n}" for n in range(6, 0, -1)))
    async with profile(browser, site, **PHONE) as context:
        tab = await context.new_page()
        await tab.goto("/")
        tasks = TaskList(tab)
        lift = await long_press(tasks.row("Task 1"))
        await expect(tasks.selection_toolbar).to_contain_text("1 selected")
        await lift()
        await tasks.title_link("Task 3").tap()
        await expect(tasks.selection_toolbar).to_contain_text("2 selected")
        # The press itself opened no task.
        await expect(tasks.dialog("Task")).to_be_hidden()
        lift = await long_press(tasks.row("Task 5"))
        await expect(tasks.selection_toolbar).to_contain_text("4 selected")
        await lift()
        await tasks.selection_toolbar.get_by_role("button", name="Clear").tap()
        await tasks.title_link("Task 2").tap()
        await expect(tasks.dialog("Task").get_by_label("Title")).to_have_value("Task 2")


async def test_touch_has_a_menu_for_each_row(browser: Browser, site: Site) -> None:
    ids = await site.create_tasks("Task 3", "Task 2", "Task 1")
    async with profile(browser, site, **PHONE) as context:
        tab = await context.new_page()
        await tab.goto("/")
        tasks = TaskList(tab)

        async def choose(title: str, *items: str) -> None:
            await tasks.row(title).get_by_role("button", name="Actions").tap()
            for item in items:
                await tab.get_by_role("menuitem", name=item).tap()

        await choose("Task 3", "Set priority", "Urgent")
        assert (await site.saved_task(ids[0], version=2))["priority"] == "URGENT"
        await choose("Task 1", "Select")
        await expect(tasks.selection_toolbar).to_contain_text("1 selected")
        await choose("Task 3", "Select to here")
        await expect(tasks.selection_toolbar).to_contain_text("3 selected")
        # The menu acts on its row only, also while others are selected.
        await choose("Task 2", "Delete")
        await tasks.expect_rows("Task 1", "Task 3")


async def test_row_menu_selects_its_task_also_when_rows_move(browser: Browser, site: Site) -> None:
    ids = await site.create_tasks("Task 4", "Task 3", "Task 2", "Task 1")
    async with profile(browser, site, **PHONE) as context:
        tab = await context.new_page()
        await tab.goto("/")
        tasks = TaskList(tab)
        await tasks.expect_connected()
        await tasks.row("Task 2").get_by_role("button", name="Actions").tap()
        await expect(tab.get_by_role("menu")).to_be_visible()
        await site.execute(DELETE, id=ids[3])
        await expect(tasks.row("Task 1")).to_be_hidden()
        await tab.get_by_role("menuitem", name="Select").tap()
        await expect(tasks.row("Task 2").get_by_role("checkbox")).to_be_checked()


async def test_open_task_fills_a_phone_and_closes_by_a_button(browser: Browser, site: Site) -> None:
    await site.create_tasks("Write the letter")
    async with profile(browser, site, **PHONE) as context:
        tab = await context.new_page()
        await tab.goto("/")
        tasks = TaskList(tab)
        await tasks.title_link("Write the letter").tap()
        drawer = tasks.dialog("Task")
        await expect(drawer.get_by_label("Title")).to_be_visible()
        assert await drawer.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
        await drawer.get_by_role("button", name="Close task").tap()
        await expect(drawer).to_be_hidden()
        await expect(tasks.row("Write the letter")).to_be_in_viewport()
        await expect(tasks.search_field).to_be_visible()
