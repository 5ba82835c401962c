"""Opens each view of a service with identity: each function starts at the path /, with a token of an administrator."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

IdentityView = Callable[[Page, str], Awaitable[None]]


async def sign_in_form(tab: Page, _token: str) -> None:
    """Show the form to sign in, with an error."""
    await tab.get_by_role("button", name="Sign in with the token").click()
    await expect(tab.get_by_role("alert").filter(has_text="Enter a token.")).to_be_visible()


async def account(tab: Page, token: str) -> None:
    """Open the account, after signing in if that has not happened yet."""
    field, button = tab.get_by_label("API token", exact=True), tab.get_by_role("button", name="Account")
    await expect(field.or_(button)).to_be_visible()
    if await field.is_visible():
        await field.fill(token)
        await field.press("Enter")
    await button.click()
    await expect(tab.get_by_role("dialog", name="Account")).to_contain_text("Administer the workspace")


async def new_api_token(tab: Page, token: str) -> None:
    await account(tab, token)
    await tab.get_by_role("button", name="API tokens").click()
    dialog = tab.get_by_role("dialog", name="API tokens")
    await expect(dialog.get_by_role("listitem").first).to_be_visible()
    await dialog.get_by_role("button", name="New token").click()
    await dialog.get_by_label("Name").fill("Import script")


async def created_api_token(tab: Page, token: str) -> None:
    await new_api_token(tab, token)
    await tab.get_by_role("button", name="Create token").click()
    await expect(tab.get_by_role("form", name="New token")).to_be_hidden()
    await expect(tab.get_by_label("New token")).to_have_value(re.compile("^mt_"))


async def audit_log(tab: Page, token: str) -> None:
    await account(tab, token)
    await tab.get_by_role("button", name="Audit log").click()
    await expect(tab.get_by_role("dialog", name="Audit log").get_by_role("listitem").first).to_be_visible()


async def ended_session(tab: Page, token: str) -> None:
    """Open the dialog to sign in again, over the page."""
    await account(tab, token)
    await tab.keyboard.press("Escape")
    await tab.context.clear_cookies()
    await tab.get_by_role("tab", name="Done").click()
    banner = tab.get_by_role("status").filter(has_text="You are signed out.")
    await banner.get_by_role("button", name="Sign in").click()
    await expect(tab.get_by_role("dialog", name="Sign in")).to_be_visible()


IDENTITY_VIEWS: tuple[IdentityView, ...] = (
    sign_in_form,
    account,
    new_api_token,
    created_api_token,
    audit_log,
    ended_session,
)
