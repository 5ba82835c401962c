"""Tests the themes: light, dark, that of the system, and the person's own colours."""

from playwright.async_api import expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList


async def test_theme_goes_back_to_that_of_the_system(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("about:blank")
    await tab.emulate_media(color_scheme="light")
    await tab.goto("/")
    html, theme = tab.locator("html"), tab.get_by_label("Theme")

    async def expect_scheme(scheme: str) -> None:
        await expect(html).to_have_css("color-scheme", scheme)
        ground = "rgb(19, 20, 22)" if scheme == "dark" else "rgb(255, 255, 255)"
        await expect(tab.get_by_role("main")).to_have_css("background-color", ground)

    await expect(theme).to_have_value("auto")
    await expect_scheme("light")
    await theme.select_option("Dark")
    await expect_scheme("dark")
    await tab.keyboard.press("Control+k")
    await tab.get_by_label("Command", exact=True).fill("theme: system")
    await tab.keyboard.press("Enter")
    await expect_scheme("light")
    # The page follows the system while it is open, and remembers the choice.
    await tab.emulate_media(color_scheme="dark")
    await expect_scheme("dark")
    await tab.reload()
    await expect(theme).to_have_value("auto")
    await expect_scheme("dark")


async def test_active_row_is_visible_in_forced_colours(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("Write the letter")
    tab = await open_tab("about:blank")
    await tab.emulate_media(forced_colors="active")
    await tab.goto("/")
    tasks = TaskList(tab)
    await expect(tasks.rows).to_have_count(1)
    await tab.keyboard.press("j")
    await expect(tasks.active_row).to_have_css("outline-style", "solid")
