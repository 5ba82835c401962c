"""The playground at /graphql: a query, every example, a subscription that hears of a change, and no other host."""

import asyncio
import re

from playwright.async_api import Page, expect

from tests.web.conftest import OpenTab
from tests.web.site import Site
from tests.web.watch import Watch

BEGUN = re.compile('"(data|errors)"')


async def run(tab: Page) -> None:
    await tab.get_by_role("button", name="Execute query").click()


async def test_every_example_runs(site: Site, open_tab: OpenTab, watch: Watch) -> None:
    # GraphiQL takes a moment to know which operation stands in a tab, and until then asks for that of the last one.
    watch.allow("status of 400")
    await site.create("A task to find")
    tab = await open_tab("/graphql")
    examples = tab.get_by_role("tab")
    answer = tab.get_by_role("region", name="Result Window")
    await expect(examples.first).to_be_visible()
    assert await examples.count() == 6
    for number in range(4):
        await examples.nth(number).click()
        async with asyncio.timeout(30):
            await run(tab)
            await expect(answer).to_contain_text(BEGUN)
            while '"errors"' in (await answer.inner_text()):
                await run(tab)
                await asyncio.sleep(0.5)
        await expect(answer).to_contain_text('"data"')


async def test_a_subscription_hears_of_a_change(site: Site, open_tab: OpenTab) -> None:
    tab = await open_tab("/graphql")
    await tab.get_by_role("tab", name="Changes").click()
    await run(tab)
    answer = tab.get_by_role("region", name="Result Window")
    await expect(answer).to_contain_text("RESYNC")
    await site.create("Somebody else's")
    await expect(answer).to_contain_text("Somebody else's")
