"""Tests where a browser arrives after a sign-in at a provider, and what the page learns if it failed."""

import httpx

from tests.support.oidc_provider import authorize


async def test_sign_in_at_a_provider_returns_to_the_page_that_was_asked_for(oidc_browser: httpx.AsyncClient) -> None:
    for asked, expected in (
        ("/?task=1&q=a%20b#x", "/?task=1&q=a%20b#x"),
        ("/?q=\u00fc", "/?q=%C3%BC"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/%5Cevil.example/"),
        ("/" + "x" * 2000, "/"),
    ):
        callback = await authorize(oidc_browser, asked)
        assert (await oidc_browser.get(callback)).headers["location"] == expected


async def test_page_learns_why_a_sign_in_failed(oidc_browser: httpx.AsyncClient) -> None:
    callback = await authorize(oidc_browser, "/?task=1")
    denied = await oidc_browser.get(callback.copy_with(params={"error": "access_denied"}))
    assert denied.status_code == 401
    assert 'content="0; url=/?task=1&amp;signIn=denied"' in denied.text
    # The answer has removed the cookie.
    assert "signIn=failed" in (await oidc_browser.get(callback)).text
    callback = await authorize(oidc_browser)
    assert "signIn=unavailable" in (await oidc_browser.get(callback.copy_set_param("code", "guessed"))).text
    assert (await oidc_browser.get("/session/oidc/7", params={"to": "/?q=a"})).status_code == 401
    # The claims of this person name no workspace.
    callback = await authorize(oidc_browser, subject="bob")
    assert "signIn=noAccess" in (await oidc_browser.get(callback)).text
