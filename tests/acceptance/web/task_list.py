"""A page object of the task list: finds its rows, dialogs and messages by role and accessible name."""

import re

from playwright.async_api import Locator, Page, expect


class TaskList:
    """The task list in one tab."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.grid = tab.get_by_role("grid", name="Tasks")
        self.rows = self.grid.get_by_role("row")
        self.active_row = self.grid.locator("[data-active=true]")
        self.banner = (
            tab.get_by_role("status")
            .filter(has_text="Slower than usual.")
            .or_(tab.get_by_role("status").filter(has_text="Offline."))
        )
        self.connection = tab.get_by_test_id("connection")
        self.selection_toolbar = tab.get_by_role("toolbar", name="Selected tasks")
        self.search_field = tab.get_by_role("combobox", name="Search tasks")
        self.search_summary = tab.get_by_role("region", name="Search results")
        self.recent_searches = tab.get_by_role("listbox", name="Recent searches")
        self.page_number = tab.get_by_label("Go to page")

    def row(self, title: str) -> Locator:
        return self.rows.filter(has=self.tab.get_by_role("link", name=title, exact=True))

    def title_link(self, title: str) -> Locator:
        return self.grid.get_by_role("link", name=title, exact=True)

    def checkbox(self, title: str) -> Locator:
        return self.row(title).get_by_role("checkbox")

    def dialog(self, name: str) -> Locator:
        """Return the dialog with this name, or the panel beside the list."""
        panel = self.tab.get_by_role("complementary", name=name, exact=True)
        return self.tab.get_by_role("dialog", name=name, exact=True).or_(panel)

    def heading(self, name: str) -> Locator:
        return self.tab.get_by_role("heading", name=name)

    def status_tab(self, name: str) -> Locator:
        return self.tab.get_by_role("tab", name=name)

    def message(self, text: str) -> Locator:
        """Return the toast, banner or error that contains the text: the newest, while it replaces an earlier one."""
        return self.tab.get_by_role("status").or_(self.tab.get_by_role("alert")).filter(has_text=text).last

    async def expect_rows(self, *titles: str) -> None:
        """Wait until the list has exactly these rows, in this order."""
        # `to_contain_text` would also accept more rows.
        await expect(self.rows).to_have_text([re.compile(re.escape(title)) for title in titles])

    async def expect_connected(self) -> None:
        """Wait until the tab receives live updates."""
        await expect(self.connection).to_contain_text("Connected")

    async def expect_counts(self, **counts: int) -> None:
        """Wait until the status tabs show these totals. A name has _ in place of a space, as in `To_do=1`."""
        for name, count in counts.items():
            await expect(self.status_tab(name.replace("_", " "))).to_contain_text(f"{count:,}")

    async def start_title_edit(self, title: str) -> Locator:
        """Open the title editor of a row. Returns its text field."""
        await self.row(title).hover()
        await self.row(title).get_by_role("button", name=f"Edit title: {title}").click()
        return self.grid.get_by_role("textbox", name="Title")

    async def edit_title(self, before: str, after: str) -> None:
        """Change the title of a task in its row."""
        field = await self.start_title_edit(before)
        await field.fill(after)
        await field.press("Enter")

    @property
    def description(self) -> Locator:
        """Return the description of the open task, with its formatting."""
        return self.dialog("Task").get_by_role("group", name="Description")

    async def edit_description(self, timeout_ms: float | None = None) -> Locator:
        """Return the text field of the open task's description. A description without text is always a text field."""
        edit = self.description.get_by_role("button", name="Edit")
        field = self.dialog("Task").get_by_role("textbox", name="Description")
        await edit.or_(field).wait_for(timeout=timeout_ms)
        if await edit.is_visible():
            await edit.click(timeout=timeout_ms)
        return field
