"""Compares `searchTasks` and `filterTasks` with a list of the matches, for random arguments."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.graphql_client import Client

PAGE = "edges { cursor node { title } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
FILTER = f"""
query ($filter: TaskFilter!, $first: Int, $after: String, $last: Int, $before: String) {{
  found: filterTasks(filter: $filter, first: $first, after: $after, last: $last, before: $before) {{ {PAGE} }}
}}
"""
SEARCH = f"""
query ($query: String!, $first: Int, $after: String, $status: TaskStatus) {{
  found: searchTasks(query: $query, first: $first, after: $after, status: $status) {{ {PAGE} }}
}}
"""
ALL_MATCHES = f"query ($filter: TaskFilter!) {{ found: filterTasks(filter: $filter, first: 100) {{ {PAGE} }} }}"
COUNTS = (None, 0, 1, 2, 4, 100)
REQUESTS = 120


def expected(arguments: dict[str, Any], after: int, before: int) -> tuple[int, int]:
    """Return the bounds of the page among the matches. The cursors select the matches from `after` to `before`."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        first = 50
    begin, end = after, max(after, before)
    if first is not None:
        end = min(end, begin + first)
    if last is not None:
        begin = max(begin, end - last)
    return begin, end


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (FILTER, {"filter": {"priority": ["HIGH", "LOW"], "status": "TODO"}}),
        (FILTER, {"filter": {"expiresAt": {}, "status": "TODO"}}),
        (SEARCH, {"query": "match"}),
        (SEARCH, {"query": "number", "status": "TODO"}),
    ],
    ids=["created", "expires", "words", "words and status"],
)
async def test_pages_match_the_list(client: Client, document: str, variables: dict[str, Any]) -> None:
    rng = random.Random(7)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for number in range(12):  # every third task does not match, and pairs of tasks expire at the same time
        other = {"title": f"Other number {number}", "status": "DONE"}
        match = {"title": f"Match number {number}", "priority": rng.choice(["HIGH", "LOW"])}
        ends = (tomorrow + timedelta(seconds=number // 2)).isoformat()
        await client.create(**(match if number % 3 else other), expiresAt=ends)
    by_expiry = "expiresAt" in variables.get("filter", {})
    # Include the tasks that do not match, to test their cursors as well.
    every = (await client.query(ALL_MATCHES, filter={"expiresAt": {}} if by_expiry else {}))["found"]["edges"]
    titles = [edge["node"]["title"] for edge in every]
    matching = [at for at, title in enumerate(titles) if title.startswith("Match")]
    for _ in range(REQUESTS):
        names = ("first", "last") if document == FILTER else ("first",)
        arguments: dict[str, Any] = {name: count for name in names if (count := rng.choice(COUNTS)) is not None}
        after, before = 0, len(matching)
        if rng.random() < 0.5:
            place = rng.randrange(len(every))
            arguments["after"], after = every[place]["cursor"], sum(at <= place for at in matching)
        if document == FILTER and rng.random() < 0.5:
            place = rng.randrange(len(every))
            arguments["before"], before = every[place]["cursor"], sum(at < place for at in matching)
        page = (await client.query(document, **variables, **arguments))["found"]
        begin, end = expected(arguments, after, before)
        info = page["pageInfo"]
        assert [edge["node"]["title"] for edge in page["edges"]] == [titles[at] for at in matching[begin:end]], (
            arguments
        )
        cursors = [edge["cursor"] for edge in page["edges"]] or [None]
        assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1]), arguments
        if after <= before:
            assert (info["hasPreviousPage"], info["hasNextPage"]) == (begin > 0, end < len(matching)), arguments
