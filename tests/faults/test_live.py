"""Whatever fails, each subscriber ends with the server's list."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from schema.resolvers.validation import uuid7
from tests.faults.cluster import Cluster, running
from tests.faults.follower import Follower, everything

CREATE = """
mutation ($tasks: [CreateTaskInput!]!) { createTasks(input: { tasks: $tasks }) { results { task { id } } } }
"""
CHANGE = """
mutation ($id: ID!, $title: String!) { updateTask(input: { id: $id, title: $title }) { task { id } } }
"""
DELETE = "mutation ($id: ID!) { deleteTask(input: { id: $id }) { deletedTaskId } }"
RESTORE = "mutation ($id: ID!) { restoreTask(input: { id: $id }) { task { id } } }"
Fault = Callable[[Cluster], Awaitable[None]]
# A mark whose writer was killed is scrubbed after the longest transaction and its margin.
SETTLED_SECONDS = 40


async def write(cluster: Cluster, seed: int) -> None:
    """Changes of every kind, at random, at both processes, for ever; what fails is not tried again."""
    chance, ids = random.Random(seed), [""]
    while True:
        node = chance.choice(cluster.nodes)
        count = chance.choice([1, 3, 30]) if len(ids) < 200 else 1
        tasks = [{"title": f"Task {chance.random()}"} for _ in range(count)]
        document, variables = chance.choice(
            [
                (CREATE, {"tasks": tasks}),
                (CHANGE, {"id": chance.choice(ids), "title": f"{chance.random()}"}),
                (CHANGE, {"id": chance.choice(ids), "title": f"{chance.random()}"}),
                (DELETE, {"id": chance.choice(ids)}),
                (RESTORE, {"id": chance.choice(ids)}),
            ]
        )
        body: dict[str, Any] = {"query": document, "variables": variables}
        with suppress(httpx.HTTPError, ValueError, KeyError, TypeError):
            answer = (await cluster.http.post(f"{node.url}/graphql", json=body, timeout=5)).json()
            if document == CREATE:
                ids += [result["task"]["id"] for result in answer["data"]["createTasks"]["results"]]
        await asyncio.sleep(0.01)


async def nothing(_cluster: Cluster) -> None:
    await asyncio.sleep(2)


async def killed(cluster: Cluster) -> None:
    cluster.nodes[0].kill_worker()
    await asyncio.sleep(1)


async def cut_off(cluster: Cluster) -> None:
    await cluster.nodes[1].proxy.cut()
    await asyncio.sleep(10)
    await cluster.nodes[1].proxy.heal()


async def emptied(cluster: Cluster) -> None:
    await cluster.redis.empty()
    await asyncio.sleep(1)


async def held(cluster: Cluster) -> None:
    """Nothing passes, and no connection ends: only silence tells."""
    cluster.nodes[0].proxy.hold()
    await asyncio.sleep(4)
    await cluster.nodes[0].proxy.heal()


@pytest.mark.parametrize("fault", [nothing, killed, cut_off, emptied, held], ids=lambda fault: fault.__name__)
async def test_every_subscriber_ends_with_the_list(tmp_path: Path, database_url: str, fault: Fault) -> None:
    async with running(tmp_path, database_url) as cluster:
        while not all("feed hears" in node.output.read_text() for node in cluster.nodes):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        followers = [Follower(cluster.http, node.url) for node in cluster.nodes for _ in range(2)]
        tasks = [asyncio.create_task(follower.follow()) for follower in followers]
        while not all(follower.kinds for follower in followers):  # noqa: ASYNC110 - they set no event
            await asyncio.sleep(0.05)
        writers = [asyncio.create_task(write(cluster, seed)) for seed in range(3)]
        try:
            await asyncio.sleep(1)
            await fault(cluster)
            await asyncio.sleep(1)
        finally:
            for writer in writers:
                writer.cancel()
            await asyncio.gather(*writers, return_exceptions=True)
        await cluster.recovered()
        try:
            await every_kind(cluster, followers)
            await same(cluster, followers)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if fault is nothing:
            needless(cluster, followers)


def needless(cluster: Cluster, followers: list[Follower]) -> None:
    """Nobody was told to begin anew without a reason. A starved machine may be one; then the process says so."""
    for node in cluster.nodes:
        said = node.output.read_text()
        if said.count("feed hears") == 1 and "Not heard" not in said:
            its = [follower for follower in followers if follower.url == node.url]
            assert its
            assert all(follower.kinds.count("RESYNC") <= follower.connections for follower in its)


async def every_kind(cluster: Cluster, followers: list[Follower]) -> None:
    """Writes until a change of each kind was heard of; where a RESYNC is told instead, once more."""
    for _ in range(SETTLED_SECONDS):
        id_ = str(uuid7())
        for document, variables in [
            (CREATE, {"tasks": [{"title": "One", "id": id_}]}),
            (CHANGE, {"id": id_, "title": "Another"}),
            (DELETE, {"id": id_}),
            (RESTORE, {"id": id_}),
            (CREATE, {"tasks": [{"title": "Many"}] * 30}),
        ]:
            await cluster.http.post(f"{cluster.nodes[0].url}/graphql", json={"query": document, "variables": variables})
        await asyncio.sleep(1)
        if {"CREATED", "UPDATED", "DELETED", "RESTORED", "MANY"} <= {kind for each in followers for kind in each.kinds}:
            return
    raise AssertionError([each.kinds[-20:] for each in followers])


async def same(cluster: Cluster, followers: list[Follower]) -> None:
    """Waits until all have what the server has."""
    differ: list[int] = []
    for _ in range(SETTLED_SECONDS * 2):
        expected = await everything(cluster.http, cluster.nodes[0].url)
        differ = [number for number, follower in enumerate(followers) if follower.list != expected]
        if not differ:
            assert len(expected) > 20
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"After {SETTLED_SECONDS} s the lists of {differ} still differ from the server's.")
