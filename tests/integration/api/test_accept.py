"""Which form an answer takes, and with which status."""

import pytest

from api.graphql.accept import HTML, JSON, RESPONSE, SPOKEN, media_type
from tests.support.graphql_client import TOTAL, Client


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, {JSON}", JSON),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{RESPONSE}; charset=utf-8, {JSON}; charset=utf-8; q=0.5", RESPONSE),
        (f"{JSON};q=0, */*", RESPONSE),
        ("APPLICATION/JSON", JSON),
        ("image/png", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=many", None),
        (",;=,", None),
    ],
)
def test_the_form_that_is_wanted_most(accept: str, form: str | None) -> None:
    assert media_type(accept) == form


def test_a_browser_wants_a_page() -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert media_type(browser, (*SPOKEN, HTML)) == HTML
    assert media_type("*/*", (*SPOKEN, HTML)) == JSON


@pytest.mark.parametrize(
    ("document", "as_response", "as_json"),
    [
        (TOTAL, 200, 200),
        ("{", 400, 200),
        ("{ nothing }", 400, 200),
        ("query ($first: Int!) { tasks(first: $first) { totalCount } }", 400, 200),
        ("{ tasks(first: 1000) { totalCount } }", 200, 200),
    ],
)
async def test_the_status(client: Client, document: str, as_response: int, as_json: int) -> None:
    for form, status in ((RESPONSE, as_response), (JSON, as_json)):
        answer = await client.http.post("/graphql", json={"query": document}, headers={"Accept": form})
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, f"{form}; charset=utf-8")
        assert "Accept" in answer.headers["Vary"]
        # What was not run has no data, not even null.
        assert ("data" in answer.json()) == (as_response == 200)


async def test_there_is_no_other_form(client: Client) -> None:
    answer = await client.http.post("/graphql", json={"query": TOTAL}, headers={"Accept": "text/csv"})
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"] == {"code": "NOT_ACCEPTABLE"}
