"""Clients that do everything at once to a small set of tasks, so that they get in each other's way."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from math import inf
from typing import get_args

from schema.resolvers.validation import uuid7
from tests.faults.client import Client
from tests.faults.cluster import Cluster
from tests.faults.history import Answer, History, Order, Outcome
from tests.faults.knowledge import STATUSES

VIEWS = (None, *STATUSES)
# How often each is done, of 100.
ACTIONS = {
    "read": 24,
    "read_many": 10,
    "page": 8,
    "walk": 10,
    "match": 6,
    "update": 17,
    "update_many": 3,
    "finish": 4,
    "delete": 4,
    "delete_many": 1,
    "restore": 6,
    "create_again": 4,
    "create_many": 1,
    "renew": 2,
}
# Few tasks, looked at and written again and again: for races on single entries.
HOT = {
    "read": 45, "read_many": 3, "walk": 8, "update": 23, "update_many": 3, "delete": 4, "restore": 6, "create_again": 8
}  # fmt: skip
ORDERS: tuple[Order, ...] = get_args(Order)


class Workload:
    """The clients, the ids that they fight over, and the history of what they did."""

    def __init__(
        self,
        cluster: Cluster,
        *,
        clients: int = 12,
        tasks: int = 16,
        evicting: float = 0.0,
        thinking: float = 0.0,
        actions: Mapping[str, int] = ACTIONS,
        seed: int = 1,
    ) -> None:
        """evicting: seconds between two evictions of half of the entries; 0 for none. thinking: seconds at most between
        two operations of a client, so that there is time left for what is injected."""
        self.cluster = cluster
        self._actions, self._weights = list(actions), list(actions.values())
        self.history = History()
        self._random = random.Random(seed)
        self._evicting, self._thinking = evicting, thinking
        urls = [node.url for node in cluster.nodes]
        self.clients = [Client(f"c{number}", cluster.http, urls, self.history) for number in range(clients)]
        latest: dict[str, int] = {}
        for client in self.clients:
            client.latest = latest
        self.ids = [str(uuid7()) for _ in range(tasks)]
        # A bulk create is asked for ids that nobody else knows, and of which some are then fought over as well.
        self.all_ids = list(self.ids)
        self.latest = latest

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The tasks are there, and the clients work for as long as the block runs."""
        for id_ in self.ids:
            await self.clients[0].create(0, id_, "TODO")
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number, client in enumerate(self.clients):
                group.create_task(self.work(client, number, stop))
            if self._evicting:
                group.create_task(self._evict(stop))
            try:
                yield
            finally:
                stop.set()

    async def run(self, seconds: float, operations: int = 0) -> None:
        """Work for so long, and so much, with nothing else going on."""
        async with self.running():
            await asyncio.sleep(seconds)
            while len(self.history.operations) < operations:  # noqa: ASYNC110 (they set no event)
                await asyncio.sleep(0.1)

    async def work(self, client: Client, number: int, stop: asyncio.Event) -> None:
        """Do one thing after the other, at random, all at one process: when it hangs, clients of others go on."""
        node = number % len(self.cluster.nodes)
        while not stop.is_set():
            [action] = self._random.choices(self._actions, self._weights)
            before = len(self.history.operations)
            await getattr(self, f"_{action}")(client, node)
            if self._thinking:
                await asyncio.sleep(self._random.uniform(0, self._thinking))
            # Whoever is sent away at once would otherwise do nothing but come back.
            if any(op.failed and op.client == client.name for op in self.history.operations[before:]):
                await asyncio.sleep(0.02)

    async def _evict(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.cluster.redis.evict(0.5, self._random.randrange(2**31))
            await asyncio.sleep(self._evicting)

    async def _read(self, client: Client, node: int) -> None:
        await client.task(node, self._pick())

    async def _read_many(self, client: Client, node: int) -> None:
        await client.nodes(node, self._random.sample(self.ids, min(6, len(self.ids))))

    async def _page(self, client: Client, node: int) -> None:
        size, view, order = self._random.randint(1, 9), self._view(), self._random.choice(ORDERS)
        if self._random.random() < 0.5:
            await client.page(node, view, order, first=size, page=self._random.randint(1, 4))
            return
        found = await client.page(node, view, order, last=size)
        if found and found["pageInfo"]["startCursor"]:
            cursor = found["pageInfo"]["startCursor"]
            await client.page(node, view, order, first=size, after=cursor)
            await client.page(node, view, order, last=size, before=cursor)

    async def _walk(self, client: Client, node: int) -> None:
        size = self._random.choice((7, 100, 100))
        order = self._random.choice(ORDERS)
        await client.walk(node, self._view(), size, order, backward=self._random.random() < 0.3)

    async def _match(self, client: Client, node: int) -> None:
        if self._random.random() < 0.5:
            await client.search(node, self._random.choice(self.clients).name)
        else:
            await client.filter(node, self._view(), expiring=self._random.random() < 0.5)

    async def _update(self, client: Client, node: int) -> None:
        id_ = self._pick()
        expected = self.latest.get(id_) if self._random.random() < 0.3 else None
        status = self._random.choice((None, *STATUSES))
        await client.update(node, id_, expected, status, self._lasts(0.1))

    async def _update_many(self, client: Client, node: int) -> None:
        lasts, whole = self._lasts(0.2), self._random.random() < 0.5
        await client.update_many(node, self._some(), self._random.choice(STATUSES), lasts, all_or_none=whole)

    async def _finish(self, client: Client, node: int) -> None:
        id_ = self._pick()
        await client.finish(node, id_, self.latest.get(id_, 1), self._random.choice(("complete", "reopen")))

    async def _delete_many(self, client: Client, node: int) -> None:
        some = self._some()
        await client.delete_many(node, some, all_or_none=self._random.random() < 0.5)
        for id_, answer in (await client.restore_many(node, list(some))).items():
            if answer.code == "NOT_FOUND":
                await self._replace(client, node, id_)

    async def _delete(self, client: Client, node: int) -> None:
        id_ = self._pick()
        answer = await client.delete(node, id_, self.latest.get(id_, 1))
        # Tasks that stay deleted bring nobody into anybody's way.
        if answer.outcome is Outcome.DONE and self._random.random() < 0.7:
            await self._restored(client, node, id_)

    async def _restore(self, client: Client, node: int) -> None:
        await self._restored(client, node, self._pick())

    async def _create_again(self, client: Client, node: int) -> None:
        await client.create(node, self._pick(), self._random.choice(STATUSES))

    async def _create_many(self, client: Client, node: int) -> None:
        ids = [str(uuid7()) for _ in range(3)]
        self.all_ids += ids
        answer = await client.create_many(node, ids, self._random.choice(STATUSES), self._lasts(0.5))
        if answer.outcome is Outcome.DONE:
            at = self._random.randrange(len(self.ids))
            old, self.ids[at] = self.ids[at], ids[0]
            await self._retire(client, node, old, *ids[1:])

    async def _renew(self, client: Client, node: int) -> None:
        await self._replace(client, node, self._pick())

    async def _restored(self, client: Client, node: int, id_: str) -> Answer:
        answer = await client.restore(node, id_)
        if answer.code == "NOT_FOUND":
            await self._replace(client, node, id_)
        return answer

    async def _replace(self, client: Client, node: int, id_: str) -> None:
        """A new task in place of one that has expired or that makes room."""
        new = str(uuid7())
        self.all_ids.append(new)
        if id_ in self.ids:
            self.ids[self.ids.index(id_)] = new
        await client.create(node, new, self._random.choice(STATUSES), self._lasts(0.3))
        await self._retire(client, node, id_)

    async def _retire(self, client: Client, node: int, *ids: str) -> None:
        """Keeps the views small, however long the run."""
        for id_ in ids:
            await client.delete(node, id_, self.latest.get(id_, 1))

    def _pick(self) -> str:
        # Some are hotter than others.
        return self.ids[min(self._random.randrange(len(self.ids)), self._random.randrange(len(self.ids)))]

    def _some(self) -> dict[str, int]:
        """A few tasks, each with its last version that is known."""
        ids = {self._pick() for _ in range(3)}
        return {id_: self.latest.get(id_, 1) for id_ in sorted(ids)}

    def _view(self) -> str | None:
        return self._random.choice(VIEWS)

    def _lasts(self, share: float) -> float | None:
        """Some end while others look, some later than anybody looks, and some not any more."""
        if self._random.random() >= share:
            return None
        return self._random.choice((self._random.uniform(0.3, 3), self._random.uniform(30, 60), inf))
