"""The limit on attempts to sign in from one address."""

import time
from collections import OrderedDict
from ipaddress import ip_address

from api.graphql.request import RequestError

MAX_ATTEMPTS, WINDOW_SECONDS = 20, 60.0
MAX_ADDRESSES = 10_000


class Attempts:
    """Counts the attempts of each network in a window of a minute. The oldest addresses are forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def count(self, address: str) -> None:
        """Count an attempt. Raises `RequestError` if there were too many."""
        network, now = _network(address), time.monotonic()
        count, until = self._counts.get(network, (0, 0.0))
        if now >= until:
            count, until = 0, now + WINDOW_SECONDS
        if count >= MAX_ATTEMPTS:
            wait = int(until - now) + 1
            problem = f"There were too many attempts to sign in from this address. Try again in {wait} s."
            error = RequestError(429, problem, "TOO_MANY_ATTEMPTS", {"limit": MAX_ATTEMPTS})
            error.headers = {"Retry-After": str(wait)}
            raise error
        self._counts[network] = (count + 1, until)
        self._counts.move_to_end(network)
        if len(self._counts) > MAX_ADDRESSES:
            self._counts.popitem(last=False)


def _network(address: str) -> str:
    """Return the address, or of IPv6 the first 64 bits, which one customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    return str(parsed) if parsed.version == 4 else parsed.exploded[:19]
