"""How long a gate must have been seen `closing` before any process may switch it off."""

from cache.gate.lease import GATE_LEASE_SECONDS, clock
from db.gate import Gate

# `closing` lasts this much longer than a lease, for clocks that run at different rates.
CLOSING_MARGIN_SECONDS = 0.2

# A gate that was seen `closing`, and since when by `clock`.
SeenClosing = tuple[Gate, float]


def seen_closing(found: Gate, seen: SeenClosing | None) -> SeenClosing | None:
    """Return the gate, if it is `closing`, and since when this process has seen it so; otherwise None."""
    same = seen if seen is not None and seen[0] == found else (found, clock())
    return same if found.state == "closing" else None


def has_closed(seen: SeenClosing) -> bool:
    """Return whether a gate has been seen closing for longer than any lease lasts."""
    return clock() - seen[1] > GATE_LEASE_SECONDS + CLOSING_MARGIN_SECONDS
