"""Tests the page with identity: signing in and out, ended sessions, permissions, and the views for administrators."""

import asyncio
import re

from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.acceptance.web.identity_site import IdentitySite, sign_in
from tests.acceptance.web.task_list import TaskList


async def open_page(profile: BrowserContext) -> Page:
    tab = await profile.new_page()
    await tab.goto("/")
    return tab


def signed_out(tab: Page) -> Locator:
    return tab.get_by_role("status").filter(has_text="You are signed out.")


async def sign_out(tab: Page) -> None:
    await tab.get_by_role("button", name="Account").click()
    await tab.get_by_role("dialog", name="Account").get_by_role("button", name="Sign out").click()


async def open_task(tasks: TaskList, title: str) -> Locator:
    """Open a task from its row, wait until all of it is loaded, and return the field of its title."""
    await tasks.title_link(title).click()
    await expect(tasks.dialog("Task").get_by_label("Description")).to_be_visible()
    return tasks.dialog("Task").get_by_label("Title")


async def test_person_signs_in_sees_the_account_and_signs_out(identity: IdentitySite, profile: BrowserContext) -> None:
    await identity.create_tasks("Write the letter")
    token, _ = await identity.create_token("Ada", ("tasks:read", "tasks:write"))
    tab = await open_page(profile)
    field = tab.get_by_label("API token", exact=True)
    await expect(field).to_have_attribute("type", "password")
    await expect(field).to_have_attribute("autocomplete", "off")
    # Everything works with the keyboard.
    await field.fill("mt_wrong")
    await field.press("Enter")
    refusal = tab.get_by_role("alert").filter(has_text="The service does not accept this token.")
    await expect(refusal).to_be_visible()
    await expect(field).to_be_focused()
    await field.fill(token)
    await tab.get_by_role("button", name="Show the token").click()
    await expect(field).to_have_attribute("type", "text")
    await field.press("Enter")
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter")
    await tasks.expect_connected()
    await tab.keyboard.press("Control+k")
    await tab.get_by_label("Command", exact=True).fill("account")
    await tab.keyboard.press("Enter")
    account = tab.get_by_role("dialog", name="Account")
    await expect(account).to_contain_text("Ada")
    await expect(account).to_contain_text("Read tasks")
    await expect(account).to_contain_text("Change tasks")
    # Only administrators have these views.
    await expect(account.get_by_role("button", name="API tokens")).to_be_hidden()
    await tab.reload()
    await tasks.expect_rows("Write the letter")
    other_tab = await open_page(profile)
    await TaskList(other_tab).expect_rows("Write the letter")
    await sign_out(tab)
    for each in (tab, other_tab):
        await expect(each.get_by_role("heading", name="Sign in")).to_be_visible()
        await expect(each.get_by_text("Write the letter")).to_be_hidden()


async def test_same_person_continues_after_the_session_has_ended(
    identity: IdentitySite, profile: BrowserContext
) -> None:
    [id_] = await identity.create_tasks("Write the letter")
    token, _ = await identity.create_token("Ada")
    tab = await open_page(profile)
    await sign_in(tab, token)
    tasks = TaskList(tab)
    await tasks.expect_connected()
    title = await open_task(tasks, "Write the letter")
    await profile.clear_cookies()
    await title.fill("Write the long letter")
    await title.blur()
    await expect(signed_out(tab)).to_be_visible()
    # Later text is kept too.
    await (await tasks.edit_description()).fill("To the office")
    await signed_out(tab).get_by_role("button", name="Sign in").click()
    await sign_in(tab, token)
    await expect(signed_out(tab)).to_be_hidden()
    await expect(title).to_have_value("Write the long letter")
    assert (await identity.saved_task(id_, version=2))["title"] == "Write the long letter"
    assert (await identity.saved_task(id_, version=3))["description"] == "To the office"
    await tasks.expect_connected()
    await identity.create_tasks("Seen by the new session")
    await expect(tasks.message("Show 1 new task")).to_be_visible()


async def test_another_person_never_sees_or_sends_the_text_of_the_first(
    identity: IdentitySite, profile: BrowserContext
) -> None:
    [id_] = await identity.create_tasks("Write the letter")
    await identity.create_workspace("acme")
    ada, _ = await identity.create_token("Ada")
    bob, _ = await identity.create_token("Bob", workspace="acme")
    tab = await open_page(profile)
    await sign_in(tab, ada)
    tasks = TaskList(tab)
    await tasks.expect_connected()
    title = await open_task(tasks, "Write the letter")
    await profile.clear_cookies()
    await title.fill("Secret of Ada")
    await title.blur()
    await signed_out(tab).get_by_role("button", name="Sign in").click()
    await sign_in(tab, bob)
    await expect(tab.get_by_role("button", name="Account")).to_be_visible()
    await tab.goto("/")
    await expect(tab.get_by_role("heading", name="No tasks")).to_be_visible()
    await expect(tab.get_by_text("Secret of Ada")).to_be_hidden()
    await tab.get_by_role("button", name="Account").click()
    await expect(tab.get_by_role("dialog", name="Account")).to_contain_text("Acme")
    await tab.keyboard.press("Escape")
    await sign_out(tab)
    # Ada's text has waited for her alone.
    assert (await identity.saved_task(id_, version=1))["title"] == "Write the letter"
    await sign_in(tab, ada)
    assert (await identity.saved_task(id_, version=2))["title"] == "Secret of Ada"


async def test_revoked_token_signs_the_open_page_out(identity: IdentitySite, profile: BrowserContext) -> None:
    text, token = await identity.create_token("Ada")
    tab = await open_page(profile)
    await sign_in(tab, text)
    await TaskList(tab).expect_connected()
    await identity.revoke(token)
    await expect(signed_out(tab)).to_be_visible()


async def test_reader_gets_no_controls_for_changes(identity: IdentitySite, profile: BrowserContext) -> None:
    await identity.create_tasks("Write the letter", description="To the office")
    token, _ = await identity.create_token("Reader", ("tasks:read",))
    tab = await open_page(profile)
    await sign_in(tab, token)
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter")
    await expect(tab.get_by_role("button", name="New task")).to_be_hidden()
    await expect(tasks.row("Write the letter").get_by_role("button", name="Complete")).to_be_hidden()
    await expect(tasks.row("Write the letter").get_by_role("button", name="Edit title")).to_be_hidden()
    # The message of the key before may still fade out.
    explanation = tab.get_by_role("alert").filter(has_text="You can only read tasks").last
    for key in ("c", "j", "x"):
        await tab.keyboard.press(key)
    await expect(explanation).to_be_visible()
    await expect(tasks.dialog("New task")).to_be_hidden()
    await tab.keyboard.press("Enter")
    drawer = tasks.dialog("Task")
    await expect(drawer).to_contain_text("To the office")
    await expect(drawer.get_by_role("textbox")).to_have_count(0)
    await expect(drawer.get_by_role("button", name="Delete")).to_be_hidden()


async def test_signing_out_warns_about_unsaved_text_and_deletes_it(
    identity: IdentitySite, profile: BrowserContext
) -> None:
    token, _ = await identity.create_token("Ada")
    tab = await open_page(profile)
    await sign_in(tab, token)
    tasks = TaskList(tab)
    await tasks.expect_connected()
    await tab.keyboard.press("c")
    await tasks.dialog("New task").get_by_label("Title").fill("Not created")
    await tab.keyboard.press("Escape")
    await sign_out(tab)
    account = tab.get_by_role("dialog", name="Account")
    await expect(account.get_by_role("alert")).to_contain_text("1 text or change is not saved yet.")
    await account.get_by_role("button", name="Sign out and delete").click()
    await sign_in(tab, token)
    await tasks.expect_connected()
    await tab.keyboard.press("c")
    await expect(tasks.dialog("New task").get_by_label("Title")).to_have_value("")


async def test_administrator_creates_and_revokes_tokens_and_reads_the_audit_log(
    identity: IdentitySite, profile: BrowserContext
) -> None:
    token, _ = await identity.create_token("Ada")
    tab = await open_page(profile)
    await sign_in(tab, token)
    await tab.get_by_role("button", name="Account").click()
    await tab.get_by_role("button", name="API tokens").click()
    dialog = tab.get_by_role("dialog", name="API tokens")
    await dialog.get_by_role("button", name="New token").click()
    await dialog.get_by_label("Name").fill("Nightly import")
    await dialog.get_by_role("button", name="Create token").click()
    await expect(dialog.get_by_role("form")).to_be_hidden()
    created = dialog.get_by_label("New token")
    await expect(created).to_have_value(re.compile(r"^mt_[\w-]{43}$"))
    text = await created.input_value()
    await dialog.get_by_role("button", name="Done").click()
    item = dialog.get_by_role("listitem").filter(has_text="Nightly import")
    await expect(item).to_contain_text("Read tasks")
    await expect(item).to_contain_text("Never used")
    await expect(item).to_contain_text("by API token “Ada”")
    await expect(dialog).not_to_contain_text(text)
    await item.get_by_role("button", name="Revoke Nightly import").click()
    await item.get_by_role("button", name="Revoke", exact=True).click()
    await expect(item).to_contain_text("Revoked")
    await tab.keyboard.press("Escape")
    await tab.get_by_role("button", name="Account").click()
    await tab.get_by_role("button", name="Audit log").click()
    log = tab.get_by_role("dialog", name="Audit log").get_by_role("listitem")
    await expect(log.filter(has_text="Revoked an API token").filter(has_text="Nightly import").first).to_be_visible()
    created_entry = log.filter(has_text="Created an API token").filter(has_text="Nightly import").first
    await expect(created_entry).to_contain_text("By API token “Ada”")


async def test_change_beyond_the_rate_limit_is_sent_again(identity: IdentitySite, profile: BrowserContext) -> None:
    [id_] = await identity.create_tasks("Write the letter")
    token, _ = await identity.create_token("a client at its limit", points_per_minute=120)
    tab = await open_page(profile)
    await sign_in(tab, token)
    tasks = TaskList(tab)
    await tasks.expect_rows("Write the letter")
    await tasks.expect_connected()
    # The service reads the document of the change here, which takes points too.
    field = await tasks.start_title_edit("Write the letter")
    await field.fill("Write the long letter")
    await field.press("Enter")
    await identity.saved_task(id_, version=2)
    field = await tasks.start_title_edit("Write the long letter")
    await field.fill("Post the letter")
    banner = tab.get_by_role("status").filter(has_text="Too many requests. The page continues by itself.")

    async def spend_points(route: Route) -> None:
        """Spend the points at the last moment, because they return with time."""
        if "mutation" in (route.request.post_data or "") and not spent.is_set():
            spent.set()
            await identity.spend_points(token)
        await route.continue_()

    spent = asyncio.Event()
    await tab.route("**/graphql", spend_points)
    await field.press("Enter")
    await banner.wait_for()
    assert (await identity.saved_task(id_, version=3))["title"] == "Post the letter"
    await expect(banner).to_be_hidden()
    await tasks.expect_rows("Post the letter")
