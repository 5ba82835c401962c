"""Tests that the loader sends its token, and shows it nowhere."""

import httpx
import pytest

from loadgen.cli import app
from loadgen.client import open_client
from loadgen.load import LoadPlan

TOKEN = "mt_" + "a" * 43


async def headers(token: str | None) -> httpx.Headers:
    """Return the headers that the loader sends with each request."""
    async with open_client("http://127.0.0.1:1/graphql", 1, 5, token) as client:
        return client._http.headers


async def test_token_is_in_the_authorization_header() -> None:
    assert (await headers(TOKEN))["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in await headers(None)


def test_token_is_in_no_representation() -> None:
    assert TOKEN not in repr(LoadPlan("http://127.0.0.1", 1, 1, 1, 1, 1.0, 1.0, TOKEN))


@pytest.mark.parametrize("by_option", [True, False])
def test_token_comes_from_the_option_or_the_environment(monkeypatch: pytest.MonkeyPatch, *, by_option: bool) -> None:
    if not by_option:
        monkeypatch.setenv("MILLITASK_TOKEN", TOKEN)
    options = ["--token", TOKEN] if by_option else []
    _, bound, _ = app.parse_args(["load", "--count", "1", *options])
    assert bound.arguments["token"] == TOKEN
    monkeypatch.delenv("MILLITASK_TOKEN", raising=False)
    _, bound, _ = app.parse_args(["load", "--count", "1"])
    assert bound.arguments.get("token") is None
