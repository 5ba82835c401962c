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
query ($query: String!, $first: Int, $after: String) {{
  searchTasks(query: $query, first: $first, after: $after) {{ {PAGE} }}
}}
"""
FILTER = f"""
query ($filter: TaskFilter!, $first: Int, $after: String, $last: Int, $before: String) {{
  filterTasks(filter: $filter, first: $first, after: $after, last: $last, before: $before) {{ {PAGE} }}
}}
"""
REPORT, DUTY, STOP, MAIL, CHINESE, SIGNS, ACCENTS, HIDDEN = TITLES = [
    "Write the report",
    "Reporting for duty: Übung macht den Meister",
    "the and of",
    "mail anna.smith@example.com about foo-bar_baz/2026",
    "任务1 列表 100% don't",
    "O'Reilly & sons | <b>bold</b> !not (or)",
    "Caf\u00e9 and the\u0301 \uff26ull 🎉",
    "Z",
]


async def found(client: Client, query: str) -> list[str]:
    return [node["title"] for node in (await client.query(SEARCH, query=query))["searchTasks"]["nodes"]]


WORDS = {
    "report": [HIDDEN, DUTY, REPORT],
    "REPORT the": [HIDDEN, REPORT],
    '"the report"': [REPORT],
    '"the rep"': [],
    '"the report': [REPORT],
    "r": [HIDDEN, SIGNS, DUTY, REPORT],
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
    "cafe": [],
    "th\u00e9": [ACCENTS],
    "full": [ACCENTS],
    "\uff26\uff35": [ACCENTS],
    "任": [CHINESE],
    "列表": [CHINESE],
    "表": [],
    "-duty": [DUTY],
    "report OR duty": [],
    "100%": [CHINESE],
    "don't": [CHINESE],
    "o'reilly": [SIGNS],
    "bold & !not | (or)": [SIGNS],
    "<-> report:*": [HIDDEN, DUTY, REPORT],
    "'report'": [HIDDEN, DUTY, REPORT],
    "\\report": [HIDDEN, DUTY, REPORT],
    "nowhere": [],
    "report nowhere": [],
    "x" * 200: [],
    "r " * 9 + "report": [HIDDEN, DUTY, REPORT],
}


async def test_words(client: Client) -> None:
    for title in TITLES[:-1]:
        await client.create(title=title)
    await client.create(title=HIDDEN, description="the hidden Report here")
    assert {query: await found(client, query) for query in WORDS} == WORDS


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "1 to 200 characters, and has 0"),
        ("x" * 201, "1 to 200 characters, and has 201"),
        (" ".join("abcdefghijk"), "at most 10 words and phrases, and has 11"),
        ("&|!()", "has no word in it"),
        ('""', "has no word in it"),
        (" ", "has no word in it"),
        ("a\0b", "NUL"),
    ],
)
async def test_what_cannot_be_searched_for(client: Client, query: str, says: str) -> None:
    error = await client.error(SEARCH, query=query)
    assert says in error["message"]
    told = error["extensions"]
    assert (told["code"], told["argument"]) == ("BAD_USER_INPUT", "query")
    assert ("limit" in told) == ("and has" in says)
    if "limit" in told:
        assert says.endswith(f"and has {told['requested']}")
        assert f"{told['limit']} " in says


async def pages(client: Client, document: str, field: str, **variables: Any) -> list[list[str]]:
    """Page by page, as one scrolls, with both sides of each looked at."""
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


async def test_what_was_changed_and_deleted_is_found_as_it_is(client: Client) -> None:
    first, second = await client.create(title="alpha"), await client.create(title="alpha beta")
    rename = 'mutation ($id: ID!) { updateTask(input: {id: $id, title: "gamma"}) { task { id } } }'
    await client.query(rename, id=first["id"])
    await client.delete(second["id"])
    assert (await found(client, "alpha"), await found(client, "gamma")) == ([], ["gamma"])


@pytest.mark.parametrize("walk", [2, 3, 1000], ids="looks through {}".format)
async def test_frequent_and_rare_words_are_found_wherever_they_stand(
    client: Client, walk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST_SCAN_ROWS", walk)
    for n in range(8):
        await client.create(title=f"{'rare' if n in (0, 1) else 'often'} {n}")
    assert await found(client, "rare") == ["rare 1", "rare 0"]
    assert await pages(client, SEARCH, "searchTasks", query="often") == [
        ["often 7", "often 6"],
        ["often 5", "often 4"],
        ["often 3", "often 2"],
    ]


def at(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def filtered(client: Client, **asked: Any) -> list[str]:
    return [node["title"] for node in (await client.query(FILTER, filter=asked))["filterTasks"]["nodes"]]


async def test_filters(client: Client) -> None:
    await client.create(title="a", priority="HIGH", status="DONE", expiresAt=at(4))
    middle = (await client.create(title="b", priority="LOW", expiresAt=at(1)))["createdAt"]
    await client.create(title="c", priority="HIGH", expiresAt=at(2))
    await client.create(title="d")
    assert await filtered(client) == ["d", "c", "b", "a"]
    assert await filtered(client, priority=["HIGH"]) == ["c", "a"]
    assert await filtered(client, priority=["HIGH", "LOW"], status="TODO") == ["c", "b"]
    assert await filtered(client, createdAt={"from": middle}) == ["d", "c", "b"]
    assert await filtered(client, createdAt={"before": middle}, priority=["HIGH", "LOW"]) == ["a"]
    assert await filtered(client, createdAt={"from": middle, "before": middle}) == []
    assert await filtered(client, expiresAt={}) == ["b", "c", "a"]
    assert await filtered(client, expiresAt={"before": at(3)}) == ["b", "c"]
    assert await filtered(client, expiresAt={"from": at(3)}, status="DONE") == ["a"]
    ever = {"from": "0001-01-01T00:00:00Z", "before": "9999-12-31T00:00:00Z"}
    assert await filtered(client, createdAt=ever) == ["d", "c", "b", "a"]


@pytest.mark.parametrize("asked", [{"priority": ["HIGH"]}, {"expiresAt": {}}], ids=["creation", "expiry"])
async def test_a_filter_is_scrolled_through_both_ways(client: Client, asked: Any) -> None:
    titles = [f"{n}" for n in range(5)]
    for n, title in enumerate(titles):
        await client.create(title=title, priority="HIGH", expiresAt=at(n + 1))
        await client.create(title="other")
    order = titles if "expiresAt" in asked else titles[::-1]

    async def page(**variables: Any) -> tuple[list[str], bool, bool, Any]:
        answer = (await client.query(FILTER, filter=asked, **variables))["filterTasks"]
        info = answer["pageInfo"]
        return [node["title"] for node in answer["nodes"]], info["hasPreviousPage"], info["hasNextPage"], info

    assert await pages(client, FILTER, "filterTasks", filter=asked) == [order[:2], order[2:4], order[4:]]
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
    ("asked", "more", "says"),
    [
        ({"expiresAt": {}, "priority": ["HIGH"]}, {}, "expiresAt with status alone"),
        ({"expiresAt": {}, "createdAt": {}}, {}, "expiresAt with status alone"),
        ({"priority": []}, {}, "1 to 5 different values"),
        ({"priority": ["HIGH", "HIGH"]}, {}, "1 to 5 different values"),
    ],
)
async def test_what_cannot_be_filtered(client: Client, asked: Any, more: Any, says: str) -> None:
    error = await client.error(FILTER, filter=asked, **more)
    assert says in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
