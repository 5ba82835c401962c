"""Services on several hosts: many start at once, and each is replaced under load without a failed request."""

import asyncio
import itertools
import json
import signal
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.devstores import StoreUrls
from db.migrations import FOLDER
from tests.support.service_process import Service, until
from tests.support.several_services import Balancer, empty_stores, service_on, start_together

TOGETHER = 20
REPLACED = [2, pytest.param(4, marks=pytest.mark.slow)]
CLIENTS = 4
# The balancer must notice within this time that a service stops, also on a busy machine.
DRAIN_SECONDS = 4.0
PAGE = "{ tasks(first: 20) { totalCount nodes { id title } } }"
CREATE = 'mutation { createTask(input: { title: "One more" }) { task { id } userErrors { code } } }'
CHANGED = "subscription { taskChanged { kind task { title } } }"
LAST = 'mutation { createTask(input: { title: "The last" }) { task { id } userErrors { code } } }'


@dataclass
class Seen:
    """What the clients of the services saw."""

    answers: Counter[str] = field(default_factory=Counter)
    moves: int = 0
    failures: list[str] = field(default_factory=list)
    close_codes: list[int] = field(default_factory=list)
    caught_up: set[int] = field(default_factory=set)


def url(service: Service) -> str:
    return f"127.0.0.1:{service.port}/graphql"


async def send_requests(balancer: Balancer, stopping: asyncio.Event, seen: Seen) -> None:
    """Send one request after the other. Stay on a connection until its service closes it, like a proxy's pool."""
    service = balancer.choose()
    async with httpx.AsyncClient(timeout=20, limits=httpx.Limits(max_connections=1)) as client:
        for number in itertools.count():
            if stopping.is_set():
                return
            document = CREATE if number % 10 == 0 else PAGE
            try:
                response = await client.post(f"http://{url(service)}", json={"query": document})
                body = response.json()
            except (httpx.TransportError, ValueError) as error:
                seen.failures.append(repr(error))
                service = balancer.choose()
                continue
            if response.status_code != 200 or "errors" in body:
                seen.failures.append(response.text)
            seen.answers["mutation" if document is CREATE else "page"] += 1
            if response.headers.get("connection") == "close":
                seen.moves += 1
                service = balancer.choose()
            await asyncio.sleep(0.02)


async def subscribe(number: int, balancer: Balancer, seen: Seen) -> None:
    """Subscribe, and connect to another service whenever one closes the connection, until the last task arrives."""
    while number not in seen.caught_up:
        address = f"ws://{url(balancer.choose())}"
        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            try:
                await socket.send('{"type": "connection_init"}')
                await socket.recv()
                await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGED}}))
                async for message in socket:
                    if "The last" in str(message):
                        seen.caught_up.add(number)
                        return
            except ConnectionClosed as closed:
                seen.close_codes.append(closed.rcvd.code if closed.rcvd else 0)
            else:
                seen.close_codes.append(socket.close_code or 0)


def check_migrated_once(stores: StoreUrls) -> None:
    with psycopg.connect(stores.database_url) as connection:
        applied = connection.execute("SELECT migration_id FROM _yoyo_log WHERE operation = 'apply'").fetchall()
    assert sorted(name for (name,) in applied) == sorted(path.stem for path in FOLDER.glob("*.sql"))


@pytest.mark.slow
def test_twenty_services_start_at_once(tmp_path: Path) -> None:
    with empty_stores(tmp_path / "stores", TOGETHER) as stores, ExitStack() as stack:
        starting = [service_on(stores, tmp_path, pool_size=2) for _ in range(TOGETHER)]
        services = start_together(stack, starting)
        check_migrated_once(stores)
        answers = [httpx.post(f"http://{url(service)}", json={"query": CREATE}).json() for service in services]
        assert [answer["data"]["createTask"]["userErrors"] for answer in answers] == [[]] * TOGETHER
        pages = [httpx.post(f"http://{url(service)}", json={"query": PAGE}).json() for service in services]
        assert {page["data"]["tasks"]["totalCount"] for page in pages} == {TOGETHER}


def test_stopping_service_is_not_ready_first_and_answers_until_it_has_drained(tmp_path: Path) -> None:
    with (
        empty_stores(tmp_path / "stores", 1) as stores,
        service_on(stores, tmp_path, drain_seconds=DRAIN_SECONDS) as service,
        httpx.Client() as client,
    ):
        assert client.post(f"http://{url(service)}", json={"query": PAGE}).headers.get("connection") != "close"
        service.process.send_signal(signal.SIGTERM)
        assert until(lambda: service.get("/readyz") == 503)
        assert service.get("/livez") == 200
        # On the connection from before, and on a new one.
        for send in (client.post, httpx.post):
            answer = send(f"http://{url(service)}", json={"query": PAGE})
            assert answer.json()["data"]["tasks"]["totalCount"] == 0
            assert answer.headers["connection"] == "close"
        assert service.process.wait(30) == 0


@pytest.mark.parametrize("count", REPLACED)
def test_rolling_restart_under_load_fails_no_request(tmp_path: Path, count: int) -> None:
    with empty_stores(tmp_path / "stores", count + 1) as stores, ExitStack() as stack:
        first = start_together(stack, [service_on(stores, tmp_path, drain_seconds=DRAIN_SECONDS) for _ in range(count)])
        check_migrated_once(stores)
        seen = Seen()

        async def replace(balancer: Balancer, old: Service) -> None:
            starting = service_on(stores, tmp_path, drain_seconds=DRAIN_SECONDS)
            new = await asyncio.to_thread(stack.enter_context, starting)
            balancer.services.append(new)
            await balancer.wait_for(new)
            assert await asyncio.to_thread(old.stop) == 0
            balancer.services.remove(old)

        async def restart_all() -> None:
            balancer, stopping = Balancer(list(first)), asyncio.Event()
            async with balancer.watching(), asyncio.TaskGroup() as tasks:
                for service in first:
                    await balancer.wait_for(service)
                for number in range(count):
                    tasks.create_task(subscribe(number, balancer, seen))
                for _ in range(CLIENTS):
                    tasks.create_task(send_requests(balancer, stopping, seen))
                for service in first:
                    await replace(balancer, service)
                stopping.set()
                while len(seen.caught_up) < count:
                    await asyncio.to_thread(httpx.post, f"http://{url(balancer.choose())}", json={"query": LAST})
                    await asyncio.sleep(0.1)

        asyncio.run(restart_all())
        print(f"{seen.answers} moves: {seen.moves}, closed: {seen.close_codes}")  # noqa: T201 - the measurement
        assert seen.failures == []
        assert min(seen.answers["page"], seen.answers["mutation"]) > 0
        assert seen.moves >= 1
        # "Service restart", after which clients connect again.
        assert set(seen.close_codes) == {1012}
