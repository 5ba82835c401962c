"""Tests the search by words, and filters."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import search
from tests.support.graphql_client import Client

PAGE = """
    nodes { title }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor pageNumber pageCount }
"""
SEARCH = f"""
query ($query: String!, $first: Int, $after: String, $status: TaskStatus) {{
  searchTasks(query: $query, first: $first, after: $after, status: $status) {{ {PAGE} }}
}}
"""
FILTER = f"""
query ($filter: TaskFilter!, $first: Int, $after: String, $last: Int, $before: String) {{
  filterTasks(filter: $filter, first: $first, after: $after, last: $last, before: $before) {{ {PAGE} }}
}}
"""
REPORT, DUTY, STOP, MAIL, CHINESE, SIGNS, ACCENTS, IN_DESCRIPTION = TITLES = [
    "Write the report",
    "Reporting for duty: Übung macht den Meister",
    "the and of",
    "mail anna.smith@example.com about foo-bar_baz/2026",
    "任务1 列表 100% don't",
    "O'Reilly & sons | <b>bold</b> !not (or)",
    "Caf\u00e9 and the\u0301 \uff26ull 🎉",
    "Z",
]


async def matching_titles(client: Client, query: str) -> list[str]:
    return [node["title"] for node in (await client.query(SEARCH, query=query))["searchTasks"]["nodes"]]


EXPECTED_MATCHES = {
    "report": [IN_DESCRIPTION, DUTY, REPORT],
    "REPORT the": [IN_DESCRIPTION, REPORT],
    '"the report"': [REPORT],
    '"the rep"': [],
    '"the report': [REPORT],
    "r": [IN_DESCRIPTION, SIGNS, DUTY, REPORT],
    "the of": [STOP],
    "a": [ACCENTS, MAIL, STOP],
    "anna.smith@example.com": [MAIL],
    "anna": [MAIL],
    "exam": [MAIL],
    "foo-b": [MAIL],
    "baz 2026": [MAIL],
    "üb": [DUTY],
    "ÜBUNG": [DUTY],
    "cafe\u0301": [ACCENTS],
    "CAF\u00c9": [ACCENTS],
    "cafe": [ACCENTS],
    '"th\u00e9 full"': [ACCENTS],
    "🎉": [ACCENTS],
    "full": [ACCENTS],
    "\uff26\uff35": [ACCENTS],
    "任": [CHINESE],
    "列表": [CHINESE],
    "表": [CHINESE],
    "务列": [],
    "-duty": [DUTY],
    "report OR duty": [],
    "100%": [CHINESE],
    "don't": [CHINESE],
    "o'reilly": [SIGNS],
    "bold & !not | (or)": [SIGNS],
    "<-> report:*": [IN_DESCRIPTION, DUTY, REPORT],
    "'report'": [IN_DESCRIPTION, DUTY, REPORT],
    "\\report": [IN_DESCRIPTION, DUTY, REPORT],
    "nowhere": [],
    "report nowhere": [],
    "x" * 200: [],
    "r " * 9 + "report": [IN_DESCRIPTION, DUTY, REPORT],
}


async def test_search_finds_words_prefixes_and_phrases(client: Client) -> None:
    for title in TITLES[:-1]:
        await client.create(title=title)
    await client.create(title=IN_DESCRIPTION, description="the hidden Report here")
    assert {query: await matching_titles(client, query) for query in EXPECTED_MATCHES} == EXPECTED_MATCHES


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "1 to 200 characters, not 0"),
        ("x" * 201, "1 to 200 characters, not 201"),
        (" ".join("abcdefghijk"), "at most 10 words and phrases, not 11"),
        ("&|!()", "at least one letter or digit"),
        ('""', "at least one letter or digit"),
        (" ", "at least one letter or digit"),
        ("a\0b", "NUL"),
    ],
)
async def test_invalid_search_query_is_rejected(client: Client, query: str, message: str) -> None:
    error = await client.error(SEARCH, query=query)
    assert message in error["message"]
    extensions = error["extensions"]
    assert (extensions["code"], extensions["argument"]) == ("BAD_USER_INPUT", "query")
    assert ("limit" in extensions) == (", not " in message)
    if "limit" in extensions:
        assert message.endswith(f", not {extensions['requested']}")
        assert f"{extensions['limit']} " in message


async def pages(client: Client, document: str, field: str, **variables: Any) -> list[list[str]]:
    """Return the titles of all pages of two matches, following the cursors."""
    result: list[list[str]] = []
    after = None
    while True:
        page = (await client.query(document, **variables, first=2, after=after))[field]
        info = page["pageInfo"]
        assert info["hasPreviousPage"] == bool(result)
        assert (info["pageNumber"], info["pageCount"]) == (None, None)
        result.append([node["title"] for node in page["nodes"]])
        if not info["hasNextPage"]:
            return result
        after = info["endCursor"]


async def test_search_sees_updates_and_deletes(client: Client) -> None:
    first, second = await client.create(title="alpha"), await client.create(title="alpha beta")
    rename = 'mutation ($id: ID!) { updateTask(input: {id: $id, title: "gamma"}) { task { id } } }'
    await client.query(rename, id=first["id"])
    await client.delete(second["id"])
    assert (await matching_titles(client, "alpha"), await matching_titles(client, "gamma")) == ([], ["gamma"])


@pytest.mark.parametrize("walk", [2, 3, 1000], ids="scan of {}".format)
async def test_search_finds_frequent_and_rare_words(client: Client, walk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "NEWEST_SCAN_ROWS", walk)
    for n in range(8):
        await client.create(title=f"{'rare' if n in (0, 1) else 'often'} {n}")
    assert await matching_titles(client, "rare") == ["rare 1", "rare 0"]
    assert await pages(client, SEARCH, "searchTasks", query="often") == [
        ["often 7", "often 6"],
        ["often 5", "often 4"],
        ["often 3", "often 2"],
    ]


@pytest.mark.parametrize("scan_rows", [1, 2, 1000], ids="scan of {}".format)
async def test_search_within_a_status(client: Client, scan_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "NEWEST_SCAN_ROWS", scan_rows)
    for n, status in enumerate(("TODO", "DONE", "TODO", "IN_PROGRESS", "TODO", "DONE")):
        await client.create(title=f"milk {n}", status=status)
    assert await pages(client, SEARCH, "searchTasks", query="milk", status="TODO") == [["milk 4", "milk 2"], ["milk 0"]]
    assert await pages(client, SEARCH, "searchTasks", query="milk", status="DONE") == [["milk 5", "milk 1"]]
    assert await pages(client, SEARCH, "searchTasks", query="milk 0", status="DONE") == [[]]


async def test_search_within_a_status_follows_changes(client: Client) -> None:
    task = await client.create(title="milk")
    await client.query(
        "mutation ($input: CompleteTaskInput!) { completeTask(input: $input) { task { id } } }",
        input={"id": task["id"]},
    )
    assert await pages(client, SEARCH, "searchTasks", query="milk", status="TODO") == [[]]
    assert await pages(client, SEARCH, "searchTasks", query="milk", status="DONE") == [["milk"]]


def days_from_now(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def filtered(client: Client, **conditions: Any) -> list[str]:
    return [node["title"] for node in (await client.query(FILTER, filter=conditions))["filterTasks"]["nodes"]]


async def test_filter_by_every_condition(client: Client) -> None:
    await client.create(title="a", priority="HIGH", status="DONE", expiresAt=days_from_now(4))
    created_at_b = (await client.create(title="b", priority="LOW", expiresAt=days_from_now(1)))["createdAt"]
    await client.create(title="c", priority="HIGH", expiresAt=days_from_now(2))
    await client.create(title="d")
    assert await filtered(client) == ["d", "c", "b", "a"]
    assert await filtered(client, priority=["HIGH"]) == ["c", "a"]
    assert await filtered(client, priority=["HIGH", "LOW"], status="TODO") == ["c", "b"]
    assert await filtered(client, createdAt={"from": created_at_b}) == ["d", "c", "b"]
    assert await filtered(client, createdAt={"before": created_at_b}, priority=["HIGH", "LOW"]) == ["a"]
    assert await filtered(client, createdAt={"from": created_at_b, "before": created_at_b}) == []
    assert await filtered(client, expiresAt={}) == ["b", "c", "a"]
    assert await filtered(client, expiresAt={"before": days_from_now(3)}) == ["b", "c"]
    assert await filtered(client, expiresAt={"from": days_from_now(3)}, status="DONE") == ["a"]
    always = {"from": "0001-01-01T00:00:00Z", "before": "9999-12-31T00:00:00Z"}
    assert await filtered(client, createdAt=always) == ["d", "c", "b", "a"]


@pytest.mark.parametrize("conditions", [{"priority": ["HIGH"]}, {"expiresAt": {}}], ids=["creation", "expiry"])
async def test_filter_pages_forward_and_backward(client: Client, conditions: Any) -> None:
    titles = [f"{n}" for n in range(5)]
    for n, title in enumerate(titles):
        await client.create(title=title, priority="HIGH", expiresAt=days_from_now(n + 1))
        await client.create(title="other")
    order = titles if "expiresAt" in conditions else titles[::-1]

    async def page(**variables: Any) -> tuple[list[str], bool, bool, Any]:
        answer = (await client.query(FILTER, filter=conditions, **variables))["filterTasks"]
        info = answer["pageInfo"]
        return [node["title"] for node in answer["nodes"]], info["hasPreviousPage"], info["hasNextPage"], info

    assert await pages(client, FILTER, "filterTasks", filter=conditions) == [order[:2], order[2:4], order[4:]]
    *last, edge = await page(last=2)
    assert last == [order[3:], True, False]
    *before, front = await page(last=3, before=edge["startCursor"])
    assert before == [order[:3], False, True]
    between = await page(first=5, after=front["startCursor"], before=edge["startCursor"])
    assert between[:3] == (order[1:3], True, True)
    assert (await page(first=1, after=front["startCursor"], before=edge["startCursor"]))[:3] == ([order[1]], True, True)
    assert (await page(first=2, after=edge["endCursor"]))[:3] == ([], True, False)
    assert (await page(first=3, last=2))[:3] == (order[1:3], True, True)
    assert (await page(first=5, last=9))[:3] == (order, False, False)
    assert (await page(first=3, last=0))[:3] == ([], True, True)
    assert (await page(first=2, last=1, after=front["endCursor"]))[:3] == ([order[4]], True, False)
    assert (await page(last=2, before=front["startCursor"]))[:3] == ([], False, True)
    assert (await page(first=0))[:3] == ([], False, True)
    assert (await page(last=0))[:3] == ([], True, False)
    for place, cursor in enumerate((edge["startCursor"], edge["endCursor"])):
        assert (await page(first=0, after=cursor))[:3] == ([], True, place == 0)
        assert (await page(last=0, before=cursor))[:3] == ([], True, True)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"expiresAt": {}, "priority": ["HIGH"]}, "expiresAt only with status"),
        ({"expiresAt": {}, "createdAt": {}}, "expiresAt only with status"),
        ({"priority": []}, "1 to 5 different values"),
        ({"priority": ["HIGH", "HIGH"]}, "1 to 5 different values"),
    ],
)
async def test_invalid_filter_is_rejected(client: Client, conditions: Any, message: str) -> None:
    error = await client.error(FILTER, filter=conditions)
    assert message in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
