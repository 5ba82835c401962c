"""What is taken back, tried again, or begun again: step by step, and with nobody else to blame."""

from playwright.async_api import Route, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.listing import TaskList
from tests.acceptance.web.site import Site
from tests.acceptance.web.watch import Watch


async def test_step_by_step(site: Site, open_tab: OpenTab) -> None:
    await site.create("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.edit("Write the letter", "Write two letters")
    await tasks.shows("Write two letters")
    await tab.keyboard.press("Home")
    await tab.keyboard.press("x")
    await tasks.counts(Done=1)
    await tab.keyboard.press("Control+z")
    await tasks.counts(Done=0)
    await tab.keyboard.press("Control+z")
    await tasks.shows("Write the letter")
    await tab.keyboard.press("Control+z")
    await expect(tasks.says("There is nothing to undo.")).to_be_visible()


async def test_a_step_that_was_built_upon(site: Site, open_tab: OpenTab) -> None:
    """One's own later edit is no conflict."""
    await site.create("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.shows("Write the letter")
    await tab.keyboard.press("j")
    await tab.keyboard.press("x")
    done = tasks.says("Completed 1 task.")
    await expect(done).to_be_visible()
    await tasks.edit("Write the letter", "Write two letters")
    await done.get_by_role("button", name="Undo").click()
    await expect(tasks.says("Taken back.")).to_be_visible()
    await tasks.counts(Done=0)
    await tasks.shows("Write two letters")
    await expect(tab.get_by_role("dialog")).to_be_hidden()


async def test_trying_again_saves_what_was_typed(site: Site, open_tab: OpenTab, watch: Watch) -> None:
    watch.allow("net::ERR|Failed to load resource")
    await site.create("Write the letter")
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tasks.connected()

    async def gone(route: Route) -> None:
        await route.abort("connectionfailed")

    await tab.route("**/graphql", gone)
    await tasks.edit("Write the letter", "Write two letters")
    await expect(tasks.row("Write the letter")).to_contain_text("Not saved")
    await tab.unroute("**/graphql")
    await tasks.says("cannot be reached").get_by_role("button", name="Try again").click()
    await tasks.shows("Write two letters")
    await expect(tasks.rows).not_to_contain_text(["Not saved"])


async def test_a_new_task_that_was_put_aside(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/")
    tasks = TaskList(tab)
    await tab.keyboard.press("c")
    dialog = tasks.dialog("New task")
    await dialog.get_by_label("Title").fill("Write the letter")
    await dialog.get_by_label("Priority").select_option("High")
    await tab.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await tab.keyboard.press("c")
    await expect(dialog.get_by_label("Title")).to_have_value("Write the letter")
    await expect(dialog.get_by_label("Priority")).to_have_value("HIGH")
    await dialog.get_by_role("button", name="Create").click()
    await tasks.shows("Write the letter")
    # The same once more is another task.
    await tab.keyboard.press("c")
    await expect(dialog.get_by_label("Title")).to_have_value("")
    await dialog.get_by_label("Title").fill("Write the letter")
    await dialog.get_by_label("Priority").select_option("High")
    await dialog.get_by_role("button", name="Create").click()
    await tasks.shows("Write the letter", "Write the letter")
