"""Compares `tasks` with a model of the list, for random arguments, with and without the cache."""

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
ALL_TASKS = """
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
REQUESTS = 150


@dataclass(frozen=True)
class Item:
    """The fields of a task that determine its position in each order."""

    id: str
    status: str
    created: str
    expires: str | None

    def key(self, order: str) -> tuple[str, str]:
        """Return the sort key of an order. ISO times in the same format sort correctly as text."""
        return (self.expires or "", self.id) if order == "EXPIRING_SOON" else (self.created, self.id)


class ListModel:
    """A model of the list of tasks. It keeps every cursor that the service returned, with its sort key."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.cursors: dict[str, list[tuple[str, tuple[str, str]]]] = {order: [] for order in ORDERS}

    async def read(self, client: Client) -> None:
        """Read the current list and its cursors from the service."""
        for order in ORDERS:
            edges = (await client.query(ALL_TASKS, orderBy=order))["tasks"]["edges"]
            items = [
                Item(node["id"], node["status"], node["createdAt"], node["expiresAt"])
                for node in (edge["node"] for edge in edges)
            ]
            self.cursors[order] += [(edge["cursor"], item.key(order)) for edge, item in zip(edges, items, strict=True)]
            if order == "NEWEST":
                self.items = items

    def ordered(self, order: str, status: str | None) -> list[Item]:
        """Return the tasks of a status in an order."""
        items = [item for item in self.items if status in (None, item.status)]
        if order == "EXPIRING_SOON":
            items = [item for item in items if item.expires]
        return sorted(items, key=lambda item: item.key(order), reverse=order == "NEWEST")

    def page(self, arguments: dict[str, Any], positions: dict[str, tuple[str, str]]) -> tuple[list[Item], list[Item]]:
        """Return the page by Relay's algorithm, and all tasks of the list from which the page is taken."""
        order = arguments["orderBy"]
        everything = part = self.ordered(order, arguments.get("status"))
        sign = -1 if order == "NEWEST" else 1

        def later(item: Item, position: tuple[str, str]) -> int:
            return sign * ((item.key(order) > position) - (item.key(order) < position))

        if "after" in positions:
            part = [item for item in part if later(item, positions["after"]) > 0]
        if "before" in positions:
            part = [item for item in part if later(item, positions["before"]) < 0]
        first, last = arguments.get("first"), arguments.get("last")
        if first is None and last is None:
            first = 50
        if "page" in arguments:
            part = part[(arguments["page"] - 1) * (first or 0) :]
        if first is not None:
            part = part[:first]
        if last is not None:
            part = part[max(0, len(part) - last) :]
        return part, everything

    def gap(self, arguments: dict[str, Any], positions: dict[str, tuple[str, str]]) -> int:
        """Return how many tasks precede an empty page.

        The page lies after the tasks that `first` selects. With `last` alone it lies after the last task of the range.
        """
        keys = [item.key(arguments["orderBy"]) for item in self.ordered(arguments["orderBy"], arguments.get("status"))]
        sign = -1 if arguments["orderBy"] == "NEWEST" else 1

        def before(position: tuple[str, str], *, itself: bool) -> int:
            return sum(sign * ((key > position) - (key < position)) < itself for key in keys)

        front = before(positions["after"], itself=True) if "after" in positions else 0
        end = before(positions["before"], itself=False) if "before" in positions else len(keys)
        if "first" not in arguments and "last" in arguments:
            return max(front, end)  # no task lies between the cursors if `after` comes behind `before`
        first: int = arguments.get("first", 50)
        offset: int = (arguments.get("page", 1) - 1) * first
        return min(front + offset + min(first, max(0, end - front)), len(keys))


@pytest.fixture(params=["cached", "degraded"])
async def service(request: pytest.FixtureRequest, database_url: str, redis_url: str) -> AsyncIterator[Client]:
    degraded = request.param == "degraded"
    url = "redis://127.0.0.1:1" if degraded else redis_url
    async with started(Settings(database_url=database_url, redis_url=url)) as client:
        await ready(client, degraded=degraded)
        yield client


async def fill(client: Client, rng: random.Random) -> ListModel:
    """Create tasks with equal times. Update and delete some of them after the service returned their cursors."""
    model, later = ListModel(), datetime.now(UTC) + timedelta(days=1)
    ends = [None, *((later + timedelta(seconds=number)).isoformat() for number in range(3))]
    for _ in range(4):
        tasks = [{"title": "A task", "status": rng.choice(STATUSES), "expiresAt": rng.choice(ends)} for _ in range(6)]
        await client.query(CREATE_MANY, tasks=tasks)
    await model.read(client)
    for item in rng.sample(model.items, 9):
        if rng.random() < 0.5:
            await client.delete(item.id)
        else:
            await client.query(CHANGE, id=item.id, status=rng.choice(STATUSES), expiresAt=rng.choice(ends))
    await model.read(client)
    return model


def random_arguments(model: ListModel, rng: random.Random) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """Return random arguments of `tasks`, and the position that each cursor encodes."""
    arguments: dict[str, Any] = {"orderBy": rng.choice(ORDERS)}
    positions: dict[str, tuple[str, str]] = {}
    if rng.random() < 0.5:
        arguments["status"] = rng.choice(STATUSES)
    if rng.random() < 0.3:
        arguments |= {"first": rng.randrange(8), "page": rng.randrange(1, 8)}
        return arguments, positions
    for name in ("first", "last"):
        if rng.random() < 0.5:
            arguments[name] = rng.choice([0, 1, 2, 3, 5, 7, 30, 100])
    for name in ("after", "before"):
        if rng.random() < 0.4:
            arguments[name], positions[name] = rng.choice(model.cursors[arguments["orderBy"]])
    return arguments, positions


@pytest.mark.parametrize("seed", range(2))
async def test_pages_match_the_model(service: Client, seed: int) -> None:
    rng = random.Random(seed)
    model = await fill(service, rng)
    for _ in range(REQUESTS):
        arguments, positions = random_arguments(model, rng)
        answer = await service.query(PAGE, **arguments)
        page, info = answer["tasks"], answer["tasks"]["pageInfo"]
        expected, everything = model.page(arguments, positions)
        ids = [item.id for item in expected]
        assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]] == ids, (
            arguments
        )
        assert page["totalCount"] == len(everything), arguments
        size = next((arguments[name] for name in ("first", "last") if name in arguments), 50)
        assert info["pageCount"] == (-(-len(everything) // size) if size else 0), arguments
        if expected:
            at = everything.index(expected[0])
            assert info["pageNumber"] == at // size + 1, arguments
            assert info["hasPreviousPage"] == (at > 0), arguments
            assert info["hasNextPage"] == (at + len(expected) < len(everything)), arguments
            known = dict(model.cursors[arguments["orderBy"]])
            assert known[info["startCursor"]] == expected[0].key(arguments["orderBy"])
            assert known[info["endCursor"]] == expected[-1].key(arguments["orderBy"])
        else:
            assert (info["pageNumber"], info["startCursor"], info["endCursor"]) == (None, None, None), arguments
            gap = model.gap(arguments, positions)
            assert (info["hasPreviousPage"], info["hasNextPage"]) == (gap > 0, gap < len(everything)), arguments
        counts = [len(model.ordered("NEWEST", status)) for status in (None, *STATUSES)]
        assert list(answer["taskCounts"].values()) == counts
