"""Tests the playground at /graphql: examples run, subscriptions receive events, and no other host is contacted."""

from playwright.async_api import Page, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site


async def execute(tab: Page) -> None:
    # An answer that comes before its editor is loaded is not shown.
    await expect(tab.get_by_role("region", name="Result Window").get_by_role("textbox")).to_be_attached()
    await tab.get_by_role("button", name="Execute query").click()


async def test_examples_run(site: Site, open_tab: OpenTab) -> None:
    await site.create_tasks("A task to find")
    tab = await open_tab("/graphql")
    examples = tab.get_by_role("tab")
    answer = tab.get_by_role("region", name="Result Window")
    await expect(examples.first).to_be_visible()
    assert await examples.count() == 6
    for number, field in enumerate(("totalCount", "edges", "searchTasks", "createTask")):
        await examples.nth(number).click()
        # Do not wait for the editor: GraphiQL may still send the operation name of the previous tab.
        await execute(tab)
        await expect(answer).to_contain_text(f'"{field}"')


async def test_subscription_receives_a_change(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/graphql")
    # A tab that is chosen before the editor is loaded does not change its text.
    await expect(tab.locator(".graphiql-query-editor")).to_contain_text("totalCount")
    await tab.get_by_role("tab", name="Changes").click()
    # Before the editor has changed, GraphiQL would execute the operation of the tab before.
    await expect(tab.locator(".graphiql-query-editor")).to_contain_text("taskChanged")
    await execute(tab)
    answer = tab.get_by_role("region", name="Result Window")
    await expect(answer).to_contain_text("RESYNC")
    await site.create_tasks("Created elsewhere")
    await expect(answer).to_contain_text("Created elsewhere")
