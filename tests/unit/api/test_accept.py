"""Tests which media type a response has for each Accept header."""

import pytest

from api.graphql.accept import GRAPHQL_JSON, HTML, JSON, SUPPORTED, error_media_type, preferred_media_type


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON}", JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, {JSON}; charset=utf-8; q=0.5", GRAPHQL_JSON),
        (f"{JSON};q=0, */*", GRAPHQL_JSON),
        ("APPLICATION/JSON", JSON),
        ("image/png", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=many", None),
        (",;=,", None),
    ],
)
def test_type_with_the_highest_quality_is_preferred(accept: str, expected: str | None) -> None:
    assert preferred_media_type(accept) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        (f"{GRAPHQL_JSON},{JSON};q=0.9", GRAPHQL_JSON),
        ("text/event-stream", GRAPHQL_JSON),
        ("text/html", JSON),
    ],
)
def test_error_is_json_that_the_client_accepts(accept: str, expected: str) -> None:
    assert error_media_type(accept) == expected


def test_browser_prefers_html() -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert preferred_media_type(browser, (*SUPPORTED, HTML)) == HTML
    assert preferred_media_type("*/*", (*SUPPORTED, HTML)) == JSON
