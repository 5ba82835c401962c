"""The sizes that are stored with the counts of usage: of indexes, of Redis and of the page caches."""

import socket
from itertools import islice

from cache.errors import StoreUnavailable
from cache.maintenance.usage_recorder import PAGE_CACHE
from cache.redis.index import index_length
from cache.redis.server_sizes import server_sizes
from cache.workspaces import Workspaces
from db.caller import DEFAULT_WORKSPACE
from db.usage import worker_key

# Each measurement counts the tasks of up to so many workspaces, in the order in which they were opened.
COUNTED_WORKSPACES = 100


class UsageSizes:
    """Measures the sizes for one worker. `number` is that of the worker on its host."""

    def __init__(self, workspaces: Workspaces, number: int) -> None:
        self._workspaces = workspaces
        # Each worker has a page cache of its own. Their sizes are stored apart, and the recorder adds them up.
        self._page_cache = worker_key(PAGE_CACHE, f"{socket.gethostname()}/{number}")
        self._evicted: int | None = None

    async def measure(self) -> dict[str, dict[str, int]]:
        """Return the sizes by workspace and name. Those of the whole service belong to the default workspace.

        Raises `StoreUnavailable`.
        """
        workspaces = self._workspaces
        indexes = {name: sum(sizes.values()) for name, sizes in (await workspaces.measure_indexes()).items()}
        found: dict[str, dict[str, int]] = {name: {"index_bytes": size} for name, size in indexes.items()}
        for store in islice(workspaces.stores(), COUNTED_WORKSPACES):
            if (protocol := store.gate_lease.protocol) is not None:
                found.setdefault(store.workspace, {})["tasks"] = await index_length(store.redis, protocol.keys)
        of_service = found.setdefault(DEFAULT_WORKSPACE, {})
        of_service[self._page_cache] = workspaces.page_memory.bytes
        try:
            servers = await server_sizes(workspaces.redis)
        except StoreUnavailable:
            return found
        if self._evicted is not None and servers.evicted > self._evicted:
            workspaces.usage.entry_memory.record_evictions()
        self._evicted = servers.evicted
        of_service |= {
            "redis_used_bytes": servers.used_bytes,
            "redis_max_bytes": servers.max_bytes,
            "redis_entries": servers.entries,
            "redis_index_bytes": sum(indexes.values()),
        }
        return found
