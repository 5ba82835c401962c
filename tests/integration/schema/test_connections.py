"""Every argument of the connection against a plain list, with the cache and without."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.config.settings import Settings
from tests.support.graphql_client import CREATE_MANY, Client, ready, started

PAGE = """
query (
  $first: Int, $after: String, $last: Int, $before: String, $page: Int, $status: TaskStatus, $orderBy: TaskOrder!
) {
  tasks(
    first: $first, after: $after, last: $last, before: $before, page: $page, status: $status, orderBy: $orderBy
  ) {
    edges { cursor node { id } } nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor pageNumber pageCount }
    totalCount
  }
  taskCounts { all todo inProgress done }
}
"""
EVERYTHING = """
query ($orderBy: TaskOrder!) {
  tasks(first: 100, orderBy: $orderBy) { edges { cursor node { id status createdAt expiresAt } } }
}
"""
CHANGE = """
mutation ($id: ID!, $status: TaskStatus, $expiresAt: DateTime) {
  updateTask(input: { id: $id, status: $status, expiresAt: $expiresAt }) { userErrors { message } }
}
"""
ORDERS = ("NEWEST", "OLDEST", "EXPIRING_SOON")
STATUSES = ("TODO", "IN_PROGRESS", "DONE")
ASKED = 150


@dataclass(frozen=True)
class Item:
    """A task of the list, as far as the order goes."""

    id: str
    status: str
    created: str
    expires: str | None

    def key(self, order: str) -> tuple[str, str]:
        """What it is sorted by; ISO times of one form sort as they are."""
        return (self.expires or "", self.id) if order == "EXPIRING_SOON" else (self.created, self.id)


class Plain:
    """The list, and every cursor that there ever was, with what it stood for then."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.cursors: dict[str, list[tuple[str, tuple[str, str]]]] = {order: [] for order in ORDERS}

    async def look(self, client: Client) -> None:
        """Takes the list as it is."""
        for order in ORDERS:
            edges = (await client.query(EVERYTHING, orderBy=order))["tasks"]["edges"]
            items = [
                Item(node["id"], node["status"], node["createdAt"], node["expiresAt"])
                for node in (edge["node"] for edge in edges)
            ]
            self.cursors[order] += [(edge["cursor"], item.key(order)) for edge, item in zip(edges, items, strict=True)]
            if order == "NEWEST":
                self.items = items

    def ordered(self, order: str, status: str | None) -> list[Item]:
        """A view in an order."""
        items = [item for item in self.items if status in (None, item.status)]
        if order == "EXPIRING_SOON":
            items = [item for item in items if item.expires]
        return sorted(items, key=lambda item: item.key(order), reverse=order == "NEWEST")

    def page(self, asked: dict[str, Any], places: dict[str, tuple[str, str]]) -> tuple[list[Item], list[Item]]:
        """The edges by Relay's algorithm, and all that they are of."""
        order = asked["orderBy"]
        everything = part = self.ordered(order, asked.get("status"))
        sign = -1 if order == "NEWEST" else 1

        def later(item: Item, place: tuple[str, str]) -> int:
            return sign * ((item.key(order) > place) - (item.key(order) < place))

        if "after" in places:
            part = [item for item in part if later(item, places["after"]) > 0]
        if "before" in places:
            part = [item for item in part if later(item, places["before"]) < 0]
        first, last = asked.get("first"), asked.get("last")
        if first is None and last is None:
            first = 50
        if "page" in asked:
            part = part[(asked["page"] - 1) * (first or 0) :]
        if first is not None:
            part = part[:first]
        if last is not None:
            part = part[max(0, len(part) - last) :]
        return part, everything

    def gap(self, asked: dict[str, Any], places: dict[str, tuple[str, str]]) -> int:
        """How many stand before an empty page: it lies where its first task would, or (`last`) behind its last one."""
        keys = [item.key(asked["orderBy"]) for item in self.ordered(asked["orderBy"], asked.get("status"))]
        sign = -1 if asked["orderBy"] == "NEWEST" else 1

        def before(place: tuple[str, str], *, itself: bool) -> int:
            return sum(sign * ((key > place) - (key < place)) < itself for key in keys)

        front = before(places["after"], itself=True) if "after" in places else 0
        end = before(places["before"], itself=False) if "before" in places else len(keys)
        if "first" not in asked and "last" in asked:
            return max(front, end)  # cursors that stand the wrong way round hold nothing between them
        first: int = asked.get("first", 50)
        offset: int = (asked.get("page", 1) - 1) * first
        return min(front + offset + min(first, max(0, end - front)), len(keys))


@pytest.fixture(params=["cached", "degraded"])
async def service(request: pytest.FixtureRequest, database_url: str, redis_url: str) -> AsyncIterator[Client]:
    degraded = request.param == "degraded"
    url = "redis://127.0.0.1:1" if degraded else redis_url
    async with started(Settings(database_url=database_url, redis_url=url)) as client:
        await ready(client, degraded=degraded)
        yield client


async def fill(client: Client, chance: random.Random) -> Plain:
    """Tasks with ties in both times; some changed and some deleted after their cursors were given out."""
    plain, later = Plain(), datetime.now(UTC) + timedelta(days=1)
    ends = [None, *((later + timedelta(seconds=number)).isoformat() for number in range(3))]
    for _ in range(4):
        tasks = [
            {"title": "A task", "status": chance.choice(STATUSES), "expiresAt": chance.choice(ends)} for _ in range(6)
        ]
        await client.query(CREATE_MANY, tasks=tasks)
    await plain.look(client)
    for item in chance.sample(plain.items, 9):
        if chance.random() < 0.5:
            await client.delete(item.id)
        else:
            await client.query(CHANGE, id=item.id, status=chance.choice(STATUSES), expiresAt=chance.choice(ends))
    await plain.look(client)
    return plain


def ask(plain: Plain, chance: random.Random) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """Arguments at random, and what their cursors stand for."""
    asked: dict[str, Any] = {"orderBy": chance.choice(ORDERS)}
    places: dict[str, tuple[str, str]] = {}
    if chance.random() < 0.5:
        asked["status"] = chance.choice(STATUSES)
    if chance.random() < 0.3:
        asked |= {"first": chance.randrange(8), "page": chance.randrange(1, 8)}
        return asked, places
    for name in ("first", "last"):
        if chance.random() < 0.5:
            asked[name] = chance.choice([0, 1, 2, 3, 5, 7, 30, 100])
    for name in ("after", "before"):
        if chance.random() < 0.4:
            asked[name], places[name] = chance.choice(plain.cursors[asked["orderBy"]])
    return asked, places


@pytest.mark.parametrize("seed", range(2))
async def test_every_argument_against_a_plain_list(service: Client, seed: int) -> None:
    chance = random.Random(seed)
    plain = await fill(service, chance)
    for _ in range(ASKED):
        asked, places = ask(plain, chance)
        answer = await service.query(PAGE, **asked)
        page, info = answer["tasks"], answer["tasks"]["pageInfo"]
        expected, everything = plain.page(asked, places)
        ids = [item.id for item in expected]
        assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]] == ids, asked
        assert page["totalCount"] == len(everything), asked
        size = next((asked[name] for name in ("first", "last") if name in asked), 50)
        assert info["pageCount"] == (-(-len(everything) // size) if size else 0), asked
        if expected:
            at = everything.index(expected[0])
            assert info["pageNumber"] == at // size + 1, asked
            assert info["hasPreviousPage"] == (at > 0), asked
            assert info["hasNextPage"] == (at + len(expected) < len(everything)), asked
            known = dict(plain.cursors[asked["orderBy"]])
            assert known[info["startCursor"]] == expected[0].key(asked["orderBy"])
            assert known[info["endCursor"]] == expected[-1].key(asked["orderBy"])
        else:
            assert (info["pageNumber"], info["startCursor"], info["endCursor"]) == (None, None, None), asked
            gap = plain.gap(asked, places)
            assert (info["hasPreviousPage"], info["hasNextPage"]) == (gap > 0, gap < len(everything)), asked
        counts = [len(plain.ordered("NEWEST", status)) for status in (None, *STATUSES)]
        assert list(answer["taskCounts"].values()) == counts
