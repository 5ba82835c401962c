"""Several services on the same stores, as on several hosts, and a balancer that knows which of them are ready."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from tests.support.service_process import Service, serve

_POLL_SECONDS = 0.05
_numbers = itertools.count(1)


@contextmanager
def empty_stores(folder: Path, services: int) -> Iterator[StoreUrls]:
    """Yield a PostgreSQL that was never migrated and a Redis, for so many services."""
    with EmbeddedStores(Settings(data_dir=folder, workers=services), durable=False) as urls:
        yield urls


def service_on(
    stores: StoreUrls, folder: Path, *, drain_seconds: float = 0, pool_size: int = 10
) -> AbstractContextManager[Service]:
    """Return a service with one worker on these stores, which starts when the context is entered."""
    data = folder / f"service-{next(_numbers)}"
    return serve(
        data,
        DATABASE_URL=stores.database_url,
        REDIS_URL=stores.redis_url,
        MILLITASK_DRAIN_SECONDS=str(drain_seconds),
        MILLITASK_DATABASE_POOL_SIZE=str(pool_size),
    )


def start_together(stack: ExitStack, services: list[AbstractContextManager[Service]]) -> list[Service]:
    """Start services at the same moment, and return them when all are ready. The stack stops them."""
    with ThreadPoolExecutor(len(services)) as threads:
        return list(threads.map(stack.enter_context, services))


@dataclass
class Balancer:
    """Knows which services are ready, as a load balancer does: from /readyz, a moment late."""

    services: list[Service] = field(default_factory=list)
    ready: list[Service] = field(default_factory=list)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Ask all services again and again for the duration of the block."""
        watcher = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    def choose(self) -> Service:
        """Return one of the services that are ready."""
        return random.choice(self.ready)

    async def wait_for(self, service: Service) -> None:
        """Wait until a service counts as ready."""
        while service not in self.ready:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)

    async def _watch(self) -> None:
        # Each question on a connection of its own, like the probes of Kubernetes.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(limits=limits, timeout=5) as client:
            while True:
                self.ready = [service for service in list(self.services) if await _is_ready(client, service)]
                await asyncio.sleep(_POLL_SECONDS)


async def _is_ready(client: httpx.AsyncClient, service: Service) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{service.port}/readyz")).status_code == 200
    except httpx.TransportError:
        return False
