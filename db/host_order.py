"""The order in which the hosts of a database URL are tried."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict
from psycopg.pq.abc import PGconn


class HostOrder:
    """The hosts of a URL, beginning with the one that accepted the last connection.

    A host whose processes hang accepts no session. In the order of the URL, each new connection would wait for its
    `connect_timeout` before it tries the next host.
    """

    def __init__(self, url: str) -> None:
        given = conninfo_to_dict(url)
        lists = {name: str(given[name]).split(",") for name in ("host", "hostaddr", "port") if given.get(name)}
        count = max(map(len, lists.values()), default=1)
        # libpq uses a single port for all hosts.
        self._hosts = [
            {name: values[number % len(values)] for name, values in lists.items()} for number in range(count)
        ]

    @property
    def options(self) -> dict[str, Any]:
        """The options of libpq that list the hosts. Empty for a URL with one host."""
        if len(self._hosts) == 1:
            return {}
        return {name: ",".join(host[name] for host in self._hosts) for name in self._hosts[0]}

    def prefer(self, pgconn: PGconn) -> None:
        """Let the next connections try the host of this one first."""
        self._hosts.sort(key=lambda host: not _leads_to(host, pgconn))

    def avoid(self, pgconn: PGconn) -> None:
        """Let the next connections try the host of this one last."""
        self._hosts.sort(key=lambda host: _leads_to(host, pgconn))


def _leads_to(host: dict[str, str], pgconn: PGconn) -> bool:
    name, address, port = (value.decode() for value in (pgconn.host, pgconn.hostaddr, pgconn.port))
    return host.get("port", port) in ("", port) and (host.get("host") == name or host.get("hostaddr") == address)
