"""The playground at /graphql: a query, every example, a subscription that hears of a change, and no other host."""

from playwright.async_api import Page, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site


async def run(tab: Page) -> None:
    await tab.get_by_role("button", name="Execute query").click()


async def test_every_example_runs(site: Site, open_tab: OpenTab) -> None:
    await site.create("A task to find")
    tab = await open_tab("/graphql")
    examples = tab.get_by_role("tab")
    answer = tab.get_by_role("region", name="Result Window")
    await expect(examples.first).to_be_visible()
    assert await examples.count() == 6
    for number, field in enumerate(("totalCount", "edges", "searchTasks", "createTask")):
        await examples.nth(number).click()
        await run(tab)  # at once: GraphiQL may not know yet which operation stands in this tab
        await expect(answer).to_contain_text(f'"{field}"')


async def test_a_subscription_hears_of_a_change(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/graphql")
    await tab.get_by_role("tab", name="Changes").click()
    await run(tab)
    answer = tab.get_by_role("region", name="Result Window")
    await expect(answer).to_contain_text("RESYNC")
    await site.create("Somebody else's")
    await expect(answer).to_contain_text("Somebody else's")
