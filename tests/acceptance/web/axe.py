"""Runs axe, the accessibility checker, in a tab."""

import asyncio
from typing import Any

from playwright.async_api import Page, expect

from tools.page import WEB

AXE = WEB / "node_modules/axe-core/axe.min.js"
# Poll from Python: waiting inside the page needs eval, and the page's content security policy forbids eval.
HAS_RUNNING_ANIMATIONS = "document.getAnimations().some(({ playState }) => playState === 'running')"


async def axe_findings(tab: Page) -> list[str]:
    """Return the serious and critical findings of axe, once all animations have ended."""
    while await tab.evaluate(HAS_RUNNING_ANIMATIONS):  # noqa: ASYNC110 - the browser offers no event to wait for
        await asyncio.sleep(0.05)
    if await tab.evaluate("typeof axe") == "undefined":
        await tab.evaluate(AXE.read_text())
    result: dict[str, Any] = await tab.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{found['id']} ({found['impact']}): {', '.join(str(node['target'][0]) for node in found['nodes'])}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]


async def use_dark_theme(tab: Page) -> None:
    """Let the system prefer the dark theme, and wait until the page uses it."""
    await tab.emulate_media(color_scheme="dark")
    await expect(tab.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
