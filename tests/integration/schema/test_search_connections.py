"""Every argument of the connections of matches against a plain list: whole pages, empty ones, and both their sides."""

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
query ($query: String!, $first: Int, $after: String) {{
  found: searchTasks(query: $query, first: $first, after: $after) {{ {PAGE} }}
}}
"""
EVERYTHING = f"query ($filter: TaskFilter!) {{ found: filterTasks(filter: $filter, first: 100) {{ {PAGE} }} }}"
COUNTS = (None, 0, 1, 2, 4, 100)
ASKED = 120


def expected(asked: dict[str, Any], after: int, before: int) -> tuple[int, int]:
    """From where to where a page goes; the cursors leave the matches between these two places."""
    first, last = asked.get("first"), asked.get("last")
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
    ],
    ids=["created", "expires", "words"],
)
async def test_every_argument_against_a_plain_list(client: Client, document: str, variables: dict[str, Any]) -> None:
    chance = random.Random(7)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for number in range(12):  # every third one does not match, two and two end together
        other = {"title": f"Other {number}", "status": "DONE"}
        match = {"title": f"Match {number}", "priority": chance.choice(["HIGH", "LOW"])}
        ends = (tomorrow + timedelta(seconds=number // 2)).isoformat()
        await client.create(**(match if number % 3 else other), expiresAt=ends)
    by_expiry = "expiresAt" in variables.get("filter", {})
    # All of them, so that there are cursors of those that do not match as well.
    every = (await client.query(EVERYTHING, filter={"expiresAt": {}} if by_expiry else {}))["found"]["edges"]
    titles = [edge["node"]["title"] for edge in every]
    matching = [at for at, title in enumerate(titles) if title.startswith("Match")]
    for _ in range(ASKED):
        names = ("first", "last") if document == FILTER else ("first",)
        asked: dict[str, Any] = {name: count for name in names if (count := chance.choice(COUNTS)) is not None}
        after, before = 0, len(matching)
        if chance.random() < 0.5:
            place = chance.randrange(len(every))
            asked["after"], after = every[place]["cursor"], sum(at <= place for at in matching)
        if document == FILTER and chance.random() < 0.5:
            place = chance.randrange(len(every))
            asked["before"], before = every[place]["cursor"], sum(at < place for at in matching)
        page = (await client.query(document, **variables, **asked))["found"]
        begin, end = expected(asked, after, before)
        info = page["pageInfo"]
        assert [edge["node"]["title"] for edge in page["edges"]] == [titles[at] for at in matching[begin:end]], asked
        cursors = [edge["cursor"] for edge in page["edges"]] or [None]
        assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1]), asked
        if after <= before:
            assert (info["hasPreviousPage"], info["hasNextPage"]) == (begin > 0, end < len(matching)), asked
