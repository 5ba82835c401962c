"""How a typing session is run, and what it did."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shares:
    """How often a step contains a fault, the end of all faults, and a closed tab. How long the page may take."""

    fault: float = 0.6
    heal: float = 0.6
    reopen: float = 0.3
    # An action of the person that a fault prevents is given up: rows may be missing while the page is offline.
    action_ms: float = 4_000
    # What the page does by itself after an outage, on a busy machine: reconnect, find closed tabs, send again.
    settle_seconds: float = 40
    # After this time without a saved text, only the person can save the rest: the tasks are gone, for example.
    quiet_seconds: float = 12
    # A page that could not take over the drafts of a closed tab when it opened tries again every minute.
    adopt_seconds: float = 70


@dataclass
class Outcome:
    """What a session did, and what it lost."""

    seed: str
    steps: list[str] = field(default_factory=list)
    keystrokes: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    # Why the session could not end. It says nothing about its text then.
    error: str = ""
