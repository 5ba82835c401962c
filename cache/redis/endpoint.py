"""Where a Redis server is, and the run id that connections to it check."""

import re
from typing import NamedTuple

import redis.asyncio as redis
from redis.asyncio.connection import AbstractConnection

from cache.errors import CacheUnavailable
from db.errors import name_server

# The replies to these commands contain the run id and the role.
IDENTIFY = (("INFO", "server"), ("INFO", "replication"))


class Endpoint(NamedTuple):
    """The address of a server.

    url: starts with redis://, rediss:// or unix://. address: holds the options of the URL, and is never connected.
    replaceable: whether a replica may take the place of the server. sharded: for a node of a cluster.
    """

    url: str
    address: AbstractConnection
    replaceable: bool = False
    sharded: bool = False

    @property
    def name(self) -> str:
        """The host and port, or the path of the socket."""
        address = self.address
        if isinstance(address, redis.Connection):
            return f"{address.host}:{address.port}"
        assert isinstance(address, redis.UnixDomainSocketConnection)
        return str(address.path)

    def parse_run_id(self, server: bytes, replication: bytes) -> str:
        """Return the run id in the replies to `IDENTIFY`. Raises `CacheUnavailable` if the server is a replica.

        The run id of a server that may be replaced ends with its replication id, which changes when a replica becomes
        the primary. A primary that has been a replica for a while holds what another server had, under its own run id.
        """
        if _field(replication, b"role") == "slave":
            error = CacheUnavailable("This Redis is a replica and refuses writes. Nothing was changed. Try again.")
            raise name_server(error, self.name)
        run_id = _field(server, b"run_id")
        return f"{run_id}-{_field(replication, b'master_replid')}" if self.replaceable else run_id


def _field(info: bytes, name: bytes) -> str:
    """Return a field in a reply to INFO, or "" if it has none."""
    found = re.search(rb"^%b:(\w+)" % name, info, re.MULTILINE)
    return found[1].decode() if found else ""
