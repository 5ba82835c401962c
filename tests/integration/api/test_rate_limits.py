"""Tests the rate limits by HTTP, by event stream and over WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from api.http import front
from api.identity.authenticator import Authenticator
from benchmarks.callers import HeaderIdentity
from tests.support.graphql_client import TOTAL
from tests.support.http_service import listening_service
from tests.support.websocket_client import CHANGED, connected, subscribe

COUNTS = "{ taskCounts { all } }"
# One point per second, and a burst of as many points as the most expensive operation costs.
LIMITS: dict[str, Any] = {"points_per_minute": 60, "points_burst": 1, "max_cost": 100, "max_batch": 10}


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let refusals come at once."""
    monkeypatch.setattr(front, "RETRY_AFTER_SECONDS", 0)


@pytest.fixture
async def url(database_url: str, redis_url: str, no_pause: None) -> AsyncIterator[str]:
    settings = Settings(database_url=database_url, redis_url=redis_url, **LIMITS)
    async with listening_service(settings) as url:
        yield url


async def post(url: str, body: Any, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=30) as http:
        return await http.post(url, json=body, headers=headers)


async def spend(url: str, points: int) -> None:
    """Run an operation of so many points."""
    document = f"{{ tasks(first: {points - 2}) {{ nodes {{ id }} }} }}"
    assert (await post(url, {"query": document})).status_code == 200


async def test_operation_over_the_limit_is_refused(url: str) -> None:
    # The page has 98 points at once, which the cached counts use up.
    await spend(url, 90)
    # At the same time: a slow machine would give the points back between two requests.
    responses = await asyncio.gather(*(post(url, {"query": COUNTS}) for _ in range(30)))
    response = next(each for each in responses if each.status_code != 200)
    assert response.status_code == 429
    [error] = response.json()["errors"]
    extensions = error["extensions"]
    assert (extensions["code"], extensions["limit"], extensions["requested"]) == ("RATE_LIMITED", 100, 1)
    assert 1 <= extensions["retryAfterMs"] <= 1000
    assert response.headers["retry-after"] == "1"
    assert response.headers["ratelimit-policy"] == '"token";q=100;w=100, "workspace";q=100;w=100'
    assert response.headers["ratelimit"] == '"token";r=0;t=100, "workspace";r=0;t=100'
    assert "data" not in response.json()


async def test_every_response_says_what_is_left(url: str) -> None:
    await spend(url, 60)
    response = await post(url, {"query": COUNTS})
    assert response.status_code == 200
    remaining = int(response.headers["ratelimit"].partition("r=")[2].partition(";")[0])
    assert 39 <= remaining <= 45
    assert response.headers["ratelimit"] == f'"token";r={remaining};t={100 - remaining}, ' + (
        f'"workspace";r={remaining};t={100 - remaining}'
    )


@pytest.mark.parametrize(
    ("document", "points"),
    [
        (COUNTS, 1),
        ("{ __typename }", 1),
        ("{ nothing }", 1),
        ("{ tasks(first: 38) { nodes { id } } }", 40),
        ('mutation { createTask(input: {title: "A"}) { task { id } } }', 5),
        # Neither is compiled: the cost is known from the variables, and in spite of an error in them.
        ("query ($n: Int! = 38) { tasks(first: $n) { nodes { id } __typename } __schema { __typename } }", 40),
        ("query ($n: Int!) { tasks(first: $n) { nodes { id } } }", 52),
        # It costs more than is allowed, so it does not run.
        ("{ tasks(first: 100) { nodes { id } edges { cursor } } }", 1),
    ],
)
async def test_points_of_an_operation(url: str, document: str, points: int) -> None:
    await spend(url, 40)
    before = await remaining_points(url)
    await post(url, {"query": document})
    after = await remaining_points(url)
    # The bucket gets a point per second, and the second question costs one.
    assert points + 1 - 3 <= before - after <= points + 1


async def remaining_points(url: str) -> int:
    response = await post(url, {"query": COUNTS})
    return int(response.headers["ratelimit"].partition("r=")[2].partition(";")[0])


async def test_operations_of_a_batch_are_refused_one_by_one(url: str) -> None:
    await spend(url, 40)
    large = "{ tasks(first: 48) { nodes { id } } }"
    response = await post(url, [{"query": large}, {"query": large}, {"query": COUNTS}])
    assert response.status_code == 200
    first, second, third = response.json()
    assert "errors" not in first
    assert [error["extensions"]["code"] for error in second["errors"]] == ["RATE_LIMITED"]
    assert "errors" not in third
    assert "ratelimit" in response.headers


async def test_subscription_over_the_limit_is_refused(url: str) -> None:
    await spend(url, 97)
    stream = await post(url, {"query": CHANGED}, Accept="text/event-stream")
    assert stream.status_code == 429
    assert stream.json()["errors"][0]["extensions"]["requested"] == 5
    async with connected(url) as websocket:
        message = await subscribe(websocket)
        assert (message["id"], message["type"]) == ("1", "error")
        [error] = message["payload"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        # The connection and the id can be used again.
        await websocket.send(json.dumps({"type": "ping"}))
        assert json.loads(await websocket.recv())["type"] == "pong"


async def test_refusals_are_counted(url: str) -> None:
    await spend(url, 100)
    assert (await post(url, {"query": "{ tasks(first: 90) { nodes { id } } }"})).status_code == 429
    async with httpx.AsyncClient() as http:
        metrics = (await http.get(url.replace("graphql", "metrics"))).text
    assert "millitask_rate_limited_total 1.0" in metrics
    assert 'millitask_requests_total{operation="(unnamed)",outcome="RATE_LIMITED"} 1.0' in metrics


async def test_without_limit_there_are_no_headers(database_url: str, redis_url: str) -> None:
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        response = await post(url, {"query": TOTAL})
        assert response.status_code == 200
        assert not [name for name in response.headers if name.startswith("ratelimit")]


@pytest.mark.usefixtures("no_pause")
async def test_callers_and_workspaces_have_buckets_of_their_own(database_url: str, redis_url: str) -> None:
    limits = Settings(
        database_url=database_url,
        redis_url=redis_url,
        points_per_minute=100,
        workspace_points_per_minute=700,
        max_cost=100,
    )
    async with listening_service(limits, Authenticator(HeaderIdentity())) as url:

        async def status(token: str, first: int = 60) -> int:
            body = {"query": f"{{ tasks(first: {first}) {{ nodes {{ id }} }} }}"}
            return (await post(url, body, Authorization=f"Bearer test:{token}")).status_code

        assert [await status("default:a"), await status("default:a"), await status("default:b")] == [200, 429, 200]
        # A token with a limit of its own can use up what the workspace has left.
        assert 8 <= [await status("default:c:6000") for _ in range(12)].count(200) <= 11
        # The rest, at the same time: a slow machine would give the points back between two requests.
        while 429 not in await asyncio.gather(*(status("default:c:6000", 1) for _ in range(20))):
            pass
        assert await status("default:d") == 429
        assert await status("other:a") == 200
