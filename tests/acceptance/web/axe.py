"""Runs axe, the accessibility checker, in a tab."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from playwright.async_api import Page, expect

from tools.page import WEB

AXE = WEB / "node_modules/axe-core/axe.min.js"
# Poll from Python: waiting inside the page needs eval, and the page's content security policy forbids eval.
HAS_RUNNING_ANIMATIONS = "document.getAnimations().some(({ playState }) => playState === 'running')"
# The rules of axe that look at colors. All others find the same in each theme.
COLOR_RULES = ("color-contrast", "link-in-text-block")
_RUN = "(rules) => axe.run(document, { resultTypes: ['violations'], ...(rules.length && { runOnly: rules }) })"


async def axe_findings_in_both_themes(tab: Page) -> list[str]:
    """Return the findings of axe in the light theme, then those about colors in the dark theme."""
    found = await axe_findings(tab)
    await use_theme(tab, "dark")
    return found + [f"dark: {finding}" for finding in await axe_findings(tab, COLOR_RULES)]


async def axe_findings(tab: Page, rules: Sequence[str] = ()) -> list[str]:
    """Return the serious and critical findings of axe, once all animations have ended.

    rules: the only rules to check; all if empty.
    """
    while await tab.evaluate(HAS_RUNNING_ANIMATIONS):  # noqa: ASYNC110 - the browser offers no event to wait for
        await asyncio.sleep(0.05)
    if await tab.evaluate("typeof axe") == "undefined":
        await tab.evaluate(AXE.read_text())
    result: dict[str, Any] = await tab.evaluate(_RUN, list(rules))
    return [
        f"{found['id']} ({found['impact']}): {', '.join(str(node['target'][0]) for node in found['nodes'])}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]


async def use_theme(tab: Page, theme: Literal["light", "dark"]) -> None:
    """Let the system prefer the theme, and wait until the page uses it."""
    await tab.emulate_media(color_scheme=theme)
    await expect(tab.locator("html")).to_have_attribute("data-mantine-color-scheme", theme)
