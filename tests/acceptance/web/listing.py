"""The task list as a person sees it in a tab: its rows, its dialogs, and what it says."""

from playwright.async_api import Locator, Page, expect


class TaskList:
    """What is on screen, found by role and name, as somebody who cannot see finds it."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.grid = tab.get_by_role("grid", name="Tasks")
        self.rows = self.grid.get_by_role("row")
        self.banner = (
            tab.get_by_role("status")
            .filter(has_text="Degraded")
            .or_(tab.get_by_role("status").filter(has_text="Offline."))
        )
        self.connection = tab.get_by_test_id("connection")
        self.selected = tab.get_by_role("toolbar", name="Selected tasks")

    def row(self, title: str) -> Locator:
        return self.rows.filter(has=self.tab.get_by_role("button", name=title, exact=True))

    def title(self, title: str) -> Locator:
        return self.grid.get_by_role("button", name=title, exact=True)

    def dialog(self, name: str) -> Locator:
        return self.tab.get_by_role("dialog", name=name, exact=True)

    def says(self, text: str) -> Locator:
        """The message that says so."""
        return self.tab.get_by_role("status").or_(self.tab.get_by_role("alert")).filter(has_text=text)

    async def shows(self, *titles: str) -> None:
        """Wait until these are the rows, in this order, and no others."""
        await expect(self.rows).to_contain_text(titles)

    async def connected(self) -> None:
        """Wait until the tab hears of changes."""
        await expect(self.connection).to_contain_text("Connected")

    async def counts(self, **tabs: int) -> None:
        """Wait until the tabs of the statuses have these totals, by their names with _ for a space."""
        for name, count in tabs.items():
            await expect(self.tab.get_by_role("tab", name=name.replace("_", " "))).to_contain_text(f"{count:,}")

    async def edit(self, before: str, after: str) -> None:
        """Change a title in its row."""
        await self.row(before).hover()
        await self.row(before).get_by_role("button", name=f"Edit title: {before}").click()
        field = self.grid.get_by_role("textbox", name="Title")
        await field.fill(after)
        await field.press("Enter")
