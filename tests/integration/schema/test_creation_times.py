"""Tests `createdAt` of a create: an administrator may set it to a time in the past."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest

from api.config.settings import Settings
from api.identity.authenticator import Authenticator
from db.caller import DEFAULT_WORKSPACE, Caller, Scope
from tests.support.graphql_client import Client, running
from tests.support.task_inputs import assert_user_error

RESULT = "created task { id title createdAt updatedAt } userErrors { field message code }"
CREATE = f"mutation ($input: CreateTaskInput!) {{ createTask(input: $input) {{ {RESULT} }} }}"
CREATE_MANY = f"""mutation ($tasks: [CreateTaskInput!]!) {{
  createTasks(input: {{ tasks: $tasks }}) {{ results {{ {RESULT} }} userErrors {{ code }} }} }}"""
OLDEST = "{ tasks(first: 10, orderBy: OLDEST) { nodes { title } } }"
FILTERED = '{ filterTasks(filter: { createdAt: { before: "2020-01-01T00:00:00Z" } }) { nodes { title } } }'


class ScopedCallers:
    """A `Method` whose credentials name the scopes of the caller."""

    scopes: ClassVar[dict[str, frozenset[Scope]]] = {
        "admin": frozenset(("tasks:read", "tasks:write", "admin")),
        "writer": frozenset(("tasks:read", "tasks:write")),
    }

    def accepts(self, credential: str) -> bool:
        return credential in self.scopes

    async def caller(self, credential: str) -> Caller:
        return Caller(credential, DEFAULT_WORKSPACE, self.scopes[credential])


@pytest.fixture
async def admin(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with running(settings, Authenticator(ScopedCallers())) as client:
        yield Client(client.http, {"Authorization": "Bearer admin"})


async def create_both_ways(client: Client, **fields: Any) -> list[Any]:
    """Return the result of `createTask` and that of an item of `createTasks`."""
    one = (await client.query(CREATE, input={"title": "One", **fields}))["createTask"]
    many = (await client.query(CREATE_MANY, tasks=[{"title": "Many", **fields}]))["createTasks"]["results"]
    return [one, *many]


async def test_administrator_sets_the_creation_time(admin: Client) -> None:
    await admin.query(CREATE, input={"title": "Now"})
    for result in await create_both_ways(admin, createdAt="2001-02-03T04:05:06.789123+02:00"):
        assert (result["created"], result["userErrors"]) == (True, [])
        assert result["task"]["createdAt"] == "2001-02-03T02:05:06.789123+00:00"
        assert result["task"]["updatedAt"] > "2026"
    tasks = (await admin.query(OLDEST))["tasks"]["nodes"]
    assert sorted(task["title"] for task in tasks[:2]) == ["Many", "One"]
    assert [task["title"] for task in tasks[2:]] == ["Now"]
    assert len((await admin.query(FILTERED))["filterTasks"]["nodes"]) == 2


async def test_others_may_not_set_it(admin: Client) -> None:
    writer = Client(admin.http, {"Authorization": "Bearer writer"})
    for result in await create_both_ways(writer, createdAt="2001-01-01T00:00:00Z"):
        assert_user_error(result["userErrors"], "createdAt", "NOT_ALLOWED", ["administrator", "admin"])
        assert result["task"] is None
    for result in await create_both_ways(writer, createdAt=None):
        assert result["created"]


@pytest.mark.parametrize(
    "created_at", ["1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "2199-12-31T00:00:00Z", "0001-01-01T00:00:00Z"]
)
async def test_time_is_not_in_the_future_or_before_1970(admin: Client, created_at: str) -> None:
    for result in await create_both_ways(admin, createdAt=created_at):
        assert_user_error(result["userErrors"], "createdAt", "OUT_OF_RANGE", ["future"])
        assert result["task"] is None


async def test_first_moment(admin: Client) -> None:
    for result in await create_both_ways(admin, createdAt="1970-01-01T00:00:00Z"):
        assert result["task"]["createdAt"] == "1970-01-01T00:00:00.000000+00:00"
    assert len((await admin.query(OLDEST))["tasks"]["nodes"]) == 2
