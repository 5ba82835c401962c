"""Tests which statements and keys the service uses for two workspaces, and what one of them can see of the other."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import redis.asyncio

import db.connection
from api.config.settings import Settings
from db.wall import check_workspace, reach_of
from tests.support.graphql_client import DELETE, Client, running
from tests.support.workspaces import client_as, named_callers

PAGE = "{ tasks { totalCount nodes { id title } } taskCounts { all } }"
SEARCH = '{ searchTasks(query: "task") { nodes { id } } }'
FILTER = "{ filterTasks(filter: {status: TODO}) { nodes { id } } }"
TRASH = "{ deletedTasks { nodes { task { id } } } }"
RESTORE = "mutation ($id: ID!) { restoreTask(input: {id: $id}) { task { id } } }"
TASK = "query ($id: ID!) { task(id: $id) { title } node(id: $id) { id } nodes(ids: [$id]) { id } }"
WORKSPACES = ("default", "acme")
# Commands without a key.
_KEYLESS = {"TIME", "PING", "INFO", "HELLO", "CLIENT", "SCRIPT", "CONFIG", "SELECT", "ACL", "MULTI", "EXEC", "MEMORY"}
_KEYLESS |= {"COMMAND", "FLUSHDB", "AUTH", "RESET", "UNSUBSCRIBE", "PUBSUB", "DBSIZE", "MONITOR", "QUIT"}
_ALL_ARGUMENTS = {"MGET", "DEL", "UNLINK", "EXISTS", "SUBSCRIBE"}
_SCRIPTS = {"EVAL", "EVALSHA", "FCALL"}
# The lines of MONITOR: each word in quotes, and whether a script sent the command.
_WORD, _BY_SCRIPT = re.compile(r'"((?:[^"\\]|\\.)*)"'), re.compile(r"^\S+ \[\d+ lua\]")
_TAG = re.compile(r"\{([a-z0-9_-]+)\}:")


@pytest.fixture
async def clients(database_url: str, redis_url: str) -> AsyncIterator[list[Client]]:
    """Yield a client in each workspace, whose indexes are in use."""
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with running(settings, named_callers()) as client:
        found = [client_as(client, name, "ann") for name in WORKSPACES]
        for each in found:
            await each.total()
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            async with asyncio.timeout(30):
                sql = "SELECT count(*) FROM gate WHERE state = 'on'"
                while await (await connection.execute(sql)).fetchone() != (len(WORKSPACES),):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        yield found


async def use(client: Client) -> list[str]:
    """Use every kind of operation. Return the ids of the tasks."""
    ids = await client.create_many([f"Task {number}" for number in range(3)])
    ids.append((await client.create(title="Task alone"))["id"])
    await client.delete(ids[0])
    for document in (PAGE, SEARCH, FILTER, TRASH, PAGE):
        await client.query(document)
    await client.query(RESTORE, id=ids[0])
    for id_ in ids:
        await client.query(TASK, id=id_)
    return ids


async def test_every_statement_of_a_workspace_is_sent_on_a_connection_for_it(
    clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str | None, str]] = []

    def recorded(sql: Any, params: Any, workspace: str | None) -> None:
        check_workspace(sql, params, workspace)
        if "workspace" in params or reach_of(sql) == "one workspace":
            sent.append((workspace, sql))

    monkeypatch.setattr(db.connection, "check_workspace", recorded)
    for client in clients:
        await use(client)
    await asyncio.sleep(1.5)  # background work reads the gates
    assert len({sql for _, sql in sent}) >= 10
    assert {workspace for workspace, _ in sent} == set(WORKSPACES)


async def test_every_key_carries_the_tag_of_one_workspace(clients: list[Client], redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as monitored, monitored.monitor() as monitor:
        for client in clients:
            await use(client)
        await monitored.echo("the end")
        tags = set[str]()
        script: set[str] = set()
        count = 0
        while True:
            line = (await monitor.connection.read_response()).decode("latin-1")
            name, *arguments = _WORD.findall(line)
            if name.upper() == "ECHO":
                break
            keys = _keys(name.upper(), arguments)
            found = {match[1] if (match := _TAG.match(key)) else key for key in keys}
            assert found <= set(WORKSPACES), line
            assert len(found) <= 1, line
            # A script uses keys of the workspace of its caller only.
            if _BY_SCRIPT.search(line):
                assert found <= script, line
            elif name.upper() in _SCRIPTS:
                script = found
            tags |= found
            count += len(keys)
    assert tags == set(WORKSPACES)
    assert count > 200
    async with redis.asyncio.Redis.from_url(redis_url) as connection:
        assert {_TAG.match(key.decode("latin-1"))[1] async for key in connection.scan_iter()} == set(WORKSPACES)  # type: ignore[index]


async def test_workspaces_see_none_of_their_tasks(clients: list[Client]) -> None:
    mine, theirs = [await use(client) for client in clients]
    assert not {*mine} & {*theirs}
    for client, own, foreign in ((clients[0], mine, theirs), (clients[1], theirs, mine)):
        page = await client.query(PAGE)
        assert {node["id"] for node in page["tasks"]["nodes"]} == {*own}
        assert page["tasks"]["totalCount"] == page["taskCounts"]["all"] == len(own)
        for id_ in foreign:
            assert await client.query(TASK, id=id_) == {"task": None, "node": None, "nodes": [None]}
            assert "NOT_FOUND" in json.dumps(await client.query(DELETE, input={"id": id_}))


def _keys(name: str, arguments: list[str]) -> list[str]:
    if name in _KEYLESS:
        return []
    if name in _SCRIPTS:
        return arguments[2 : 2 + int(arguments[1])]
    return arguments if name in _ALL_ARGUMENTS else arguments[:1]
