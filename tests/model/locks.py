"""Who holds which lock in PostgreSQL, read off from where everyone stands."""

from tests.model.state import Scope, State

CHANGED = ("adding", "rowed", "marked")  # holds the row's lock, and its own id's advisory lock
OPEN = ("gated", *CHANGED)  # in a transaction: holds the gate's lock, a bulk create BULK as well


def row_free(s: State, scope: Scope, task: int) -> bool:
    """Whether no transaction holds this row."""
    return not any(w.pc in CHANGED and scope.writers[i].task == task for i, w in enumerate(s.writers))


def gate_free(s: State, scope: Scope) -> bool:
    """Whether the gate's lock can be had exclusively."""
    if "exclusive lock" in scope.broken:
        return True
    return not s.held and not any(w.pc in OPEN for w in s.writers)


def bulk_free(s: State, scope: Scope) -> bool:
    """Whether BULK can be had exclusively: no bulk create is in flight."""
    return "bulk lock" in scope.broken or not any(
        w.pc in OPEN and scope.writers[i].verb == "bulk" for i, w in enumerate(s.writers)
    )


def id_free(s: State, scope: Scope, task: int, marker: int) -> bool:
    """Whether the id's lock can be had exclusively: no writer that marked it can still commit."""
    if "id lock" in scope.broken:
        # without the lock all hangs on the deadline, which may or may not outlive the transaction
        honest = "deadline holds" in scope.broken
        return not (honest and s.writers[marker].pc in CHANGED)
    return not any(
        w.pc in CHANGED and op.task == task and op.verb != "bulk"
        for w, op in zip(s.writers, scope.writers, strict=True)
    )
