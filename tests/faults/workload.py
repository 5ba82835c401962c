"""The workload: concurrent clients that read and write a small set of tasks, so that their operations conflict."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from schema.ids import new_id
from tests.faults.actions import ACTIONS, READS
from tests.faults.choices import Choices
from tests.faults.client import Client
from tests.faults.cluster import Cluster
from tests.faults.history import Completion, History, Outcome
from tests.faults.views import BASE_VIEWS

QUIET_INTERVAL_SECONDS = 0.5
# How often a client repeats the request for a page.
REPEATED_READS = 5
# Larger than the largest view, so that an omitted task shows.
SAME_PAGE_SIZE = 60


class Workload:
    """The clients, the ids that they share, and the history of their operations."""

    def __init__(
        self,
        cluster: Cluster,
        *,
        clients: int = 12,
        tasks: int = 16,
        eviction_interval_seconds: float = 0.0,
        shape_loss_interval_seconds: float = 0.0,
        max_think_seconds: float = 0.0,
        actions: Mapping[str, int] = ACTIONS,
        expiring_share: float = 0.1,
        writers: int | None = None,
        quiet_seconds: float = 0.2,
        seed: int = 1,
    ) -> None:
        """Create the clients.

        eviction_interval_seconds: the time between two evictions of half of the entries; 0 for none.
        shape_loss_interval_seconds: the same for losses of all declared views.
        max_think_seconds: the maximum pause between two operations of a client.
        expiring_share: the share of updates that change the expiry.
        writers: the number of clients that also write; None for all.
        quiet_seconds: the part of every half second in which no write begins, so that cached pages stay valid.
        """
        self.cluster = cluster
        self._actions, self._writers = dict(actions), clients if writers is None else writers
        self._expiring_share, self._quiet_seconds = expiring_share, quiet_seconds
        self.history = History()
        self._random, self._eviction_interval_seconds = random.Random(seed), eviction_interval_seconds
        self._choices = Choices(self._random)
        self._max_think_seconds, self._shape_loss_interval_seconds = max_think_seconds, shape_loss_interval_seconds
        urls = [node.url for node in cluster.nodes]
        self.clients = [Client(f"c{number}", cluster.http, urls, self.history) for number in range(clients)]
        latest_versions: dict[str, int] = {}
        for client in self.clients:
            client.latest_versions = latest_versions
        self.ids = [str(new_id()) for _ in range(tasks)]
        # The ids of all tasks of the run. `ids` has those that the clients currently share.
        self.all_ids = list(self.ids)
        self.latest_versions = latest_versions

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Create the lists and the tasks, then run the clients for the duration of the block."""
        await self.clients[0].create_lists(0)
        for id_ in self.ids:
            await self.clients[0].create(0, id_, self._choices.values())
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number, client in enumerate(self.clients):
                group.create_task(self.work(client, number, stop))
            if self._eviction_interval_seconds:
                group.create_task(self._evict(stop))
            if self._shape_loss_interval_seconds:
                group.create_task(self._lose_shapes(stop))
            try:
                yield
            finally:
                stop.set()

    async def run(self, seconds: float, operations: int = 0) -> None:
        """Run the clients for at least this time and this number of operations."""
        async with self.running():
            await asyncio.sleep(seconds)
            while len(self.history.operations) < operations:  # noqa: ASYNC110 (no event to wait for)
                await asyncio.sleep(0.1)

    async def work(self, client: Client, number: int, stop: asyncio.Event) -> None:
        """Run random actions until stopped, all at one process, so that a hung process does not block every client."""
        node = number % len(self.cluster.nodes)
        reads = {name: share for name, share in self._actions.items() if name in READS}
        while not stop.is_set():
            only_reads = number >= self._writers or time.monotonic() % QUIET_INTERVAL_SECONDS < self._quiet_seconds
            actions = reads if only_reads else self._actions
            [action] = self._random.choices(list(actions), list(actions.values()))
            before = len(self.history.operations)
            await getattr(self, f"_{action}")(client, node)
            if self._max_think_seconds:
                await asyncio.sleep(self._random.uniform(0, self._max_think_seconds))
            # Back off after a failure, which may return at once.
            if any(op.failed and op.client == client.name for op in self.history.operations[before:]):
                await asyncio.sleep(0.02)

    async def _evict(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.cluster.redis.evict(0.5, self._random.randrange(2**31))
            await asyncio.sleep(self._eviction_interval_seconds)

    async def _lose_shapes(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.cluster.redis.lose_shapes()
            await asyncio.sleep(self._shape_loss_interval_seconds)

    async def _read(self, client: Client, node: int) -> None:
        await client.task(node, self._pick_id())

    async def _read_many(self, client: Client, node: int) -> None:
        await client.nodes(node, self._random.sample(self.ids, min(6, len(self.ids))))

    async def _page(self, client: Client, node: int) -> None:
        size, (view, order) = self._random.randint(1, 9), self._choices.ordered_view()
        if self._random.random() < 0.5:
            await client.page(node, view, order, first=size, page=self._random.randint(1, 4))
            return
        page = await client.page(node, view, order, last=size)
        if page and page["pageInfo"]["startCursor"]:
            cursor = page["pageInfo"]["startCursor"]
            await client.page(node, view, order, first=size, after=cursor)
            await client.page(node, view, order, last=size, before=cursor)

    async def _same_page(self, client: Client, node: int) -> None:
        """Read one of few pages a few times. Clients request the same pages, so most come from the page cache."""
        view, order = self._choices.same_page()
        for _ in range(REPEATED_READS):
            if view in BASE_VIEWS:
                await client.page_and_counts(node, view, SAME_PAGE_SIZE)
            else:
                await client.page_and_facets(node, view, SAME_PAGE_SIZE, order)

    async def _start(self, client: Client, node: int) -> None:
        """Read the first tasks of a view in a declared order, then the view: it must not take back what they show."""
        view, order = self._choices.declared_order()
        await client.page(node, view, order, first=self._random.choice((1, 1, 3)))
        await client.page(node, view, first=SAME_PAGE_SIZE)

    async def _walk(self, client: Client, node: int) -> None:
        size = self._random.choice((7, 100, 100))
        view, order = self._choices.ordered_view()
        await client.walk(node, view, size, order, backward=self._random.random() < 0.3)

    async def _find(self, client: Client, node: int) -> None:
        if self._random.random() < 0.5:
            await client.search(node, self._random.choice(self.clients).name)
        else:
            await client.filter(node, self._random.choice(BASE_VIEWS), expiring=self._random.random() < 0.5)

    async def _update(self, client: Client, node: int) -> None:
        id_ = self._pick_id()
        expected_version = self.latest_versions.get(id_) if self._random.random() < 0.3 else None
        values = self._choices.values(may_stay=True)
        await client.update(node, id_, expected_version, values, self._choices.expiry_seconds(self._expiring_share))

    async def _move(self, client: Client, node: int) -> None:
        await client.update(node, self._pick_id(), None, self._choices.place(), None)

    async def _update_many(self, client: Client, node: int) -> None:
        expires_in_seconds, all_or_none = self._choices.expiry_seconds(0.2), self._random.random() < 0.5
        await client.update_many(
            node, self._pick_versions(), self._choices.values(), expires_in_seconds, all_or_none=all_or_none
        )

    async def _finish(self, client: Client, node: int) -> None:
        id_ = self._pick_id()
        await client.finish(node, id_, self.latest_versions.get(id_, 1), self._random.choice(("complete", "reopen")))

    async def _delete_many(self, client: Client, node: int) -> None:
        versions = self._pick_versions()
        await client.delete_many(node, versions, all_or_none=self._random.random() < 0.5)
        for id_, completion in (await client.restore_many(node, list(versions))).items():
            if completion.code == "NOT_FOUND":
                await self._replace_task(client, node, id_)

    async def _delete(self, client: Client, node: int) -> None:
        id_ = self._pick_id()
        completion = await client.delete(node, id_, self.latest_versions.get(id_, 1))
        # Operations on deleted tasks do not conflict, so restore most of them.
        if completion.outcome is Outcome.OK and self._random.random() < 0.7:
            await self._restore_or_replace(client, node, id_)

    async def _restore(self, client: Client, node: int) -> None:
        await self._restore_or_replace(client, node, self._pick_id())

    async def _create_again(self, client: Client, node: int) -> None:
        await client.create(node, self._pick_id(), self._choices.values())

    async def _create_many(self, client: Client, node: int) -> None:
        ids = [str(new_id()) for _ in range(3)]
        self.all_ids += ids
        completion = await client.create_many(node, ids, self._choices.values(), self._choices.expiry_seconds(0.5))
        if completion.outcome is Outcome.OK:
            await self._same_page(client, node)
            index = self._random.randrange(len(self.ids))
            old, self.ids[index] = self.ids[index], ids[0]
            await self._retire(client, node, old, *ids[1:])

    async def _replace(self, client: Client, node: int) -> None:
        await self._replace_task(client, node, self._pick_id())

    async def _restore_or_replace(self, client: Client, node: int, id_: str) -> Completion:
        completion = await client.restore(node, id_)
        if completion.code == "NOT_FOUND":
            await self._replace_task(client, node, id_)
        return completion

    async def _replace_task(self, client: Client, node: int, id_: str) -> None:
        """Create a new task in the place of this one, and delete this one if it still exists."""
        new = str(new_id())
        self.all_ids.append(new)
        if id_ in self.ids:
            self.ids[self.ids.index(id_)] = new
        await client.create(node, new, self._choices.values(), self._choices.expiry_seconds(0.3))
        await self._retire(client, node, id_)

    async def _retire(self, client: Client, node: int, *ids: str) -> None:
        """Delete tasks that are no longer shared, so that the views stay small."""
        for id_ in ids:
            await client.delete(node, id_, self.latest_versions.get(id_, 1))

    def _pick_id(self) -> str:
        # The minimum of two draws makes some tasks more popular than others.
        return self.ids[min(self._random.randrange(len(self.ids)), self._random.randrange(len(self.ids)))]

    def _pick_versions(self) -> dict[str, int]:
        """Return a few ids, each with its latest known version."""
        ids = {self._pick_id() for _ in range(3)}
        return {id_: self.latest_versions.get(id_, 1) for id_ in sorted(ids)}
