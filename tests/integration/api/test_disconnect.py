"""Tests requests whose client disconnects: a read ends, also in PostgreSQL, and a write runs to its end."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.config.settings import Settings
from schema.ids import new_id
from tests.support.graphql_client import TOTAL
from tests.support.http_service import listening_service
from tests.support.table_lock import (
    READS_BY_ID,
    locked_task_table,
    wait_for_lock_waiters,
    wait_until_statement_is_cancelled,
)

TASK = "query ($id: ID!) { task(id: $id) { id title } }"
CREATE = 'mutation { createTask(input: {title: "Before"}) { task { id } } }'
TWO_UPDATES = """mutation ($id: ID!) {
  first: updateTask(input: {id: $id, title: "First"}) { task { version } }
  second: updateTask(input: {id: $id, title: "Second"}) { task { version } }
}"""


@pytest.fixture
async def url(database_url: str, redis_url: str) -> AsyncIterator[str]:
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        yield url


class Connection:
    """A connection that sends requests without waiting for responses."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", urlsplit(url).port))

    def send(self, document: str, **variables: Any) -> None:
        body = json.dumps({"query": document, "variables": variables}).encode()
        head = ("POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json", "X-Request-Id: mine")
        self._writer.write("\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body)

    async def answer(self) -> Any:
        head = await self._reader.readuntil(b"\r\n\r\n")
        return json.loads(await self._reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0])))

    async def data(self, document: str, **variables: Any) -> Any:
        self.send(document, **variables)
        return (await self.answer())["data"]

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def test_read_ends_in_the_database(url: str, database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "api.access")
    connection = await Connection.open(url)
    with locked_task_table(database_url):
        connection.send(TASK, id=str(new_id()))
        await wait_for_lock_waiters(database_url, 1, READS_BY_ID)
        await connection.close()
        await wait_until_statement_is_cancelled(database_url)
    other = await Connection.open(url)
    assert await other.data(TOTAL) == {"tasks": {"totalCount": 0}}
    await other.close()
    while '"status": 499' not in caplog.text:  # noqa: ASYNC110 - a thread writes the log
        await asyncio.sleep(0.01)


async def test_connected_client_gets_the_answer_of_a_slow_read(url: str, database_url: str) -> None:
    connection = await Connection.open(url)
    with locked_task_table(database_url):
        connection.send(TASK, id=str(new_id()))
        await wait_for_lock_waiters(database_url, 1)
        await asyncio.sleep(0.2)  # long enough that the service watches the connection
    assert (await connection.answer())["data"] == {"task": None}
    # The connection can be used again.
    assert await connection.data(TOTAL) == {"tasks": {"totalCount": 0}}
    await connection.close()


async def test_write_runs_to_its_end(url: str, database_url: str) -> None:
    other = await Connection.open(url)
    id_ = (await other.data(CREATE))["createTask"]["task"]["id"]
    connection = await Connection.open(url)
    with locked_task_table(database_url):
        connection.send(TWO_UPDATES, id=id_)
        await wait_for_lock_waiters(database_url, 1)
        await connection.close()
        await asyncio.sleep(0.2)  # long enough that the service notices that the client has disconnected
        await wait_for_lock_waiters(database_url, 1)
    for _ in range(500):
        task = (await other.data(TASK, id=id_))["task"]
        if task["title"] == "Second":
            break
        await asyncio.sleep(0.01)
    assert task == {"id": id_, "title": "Second"}
    await other.close()
