"""The locks in PostgreSQL. The state does not contain them: the program counters tell who holds which lock."""

from tests.model.scope import Scope
from tests.model.state import State

# At these program counters a writer holds the row's lock and the advisory lock of its id.
ROW_CHANGED = ("adding", "row changed", "marked")
# At these a transaction is open: the writer holds the shared lock on the gate, and a bulk create the shared bulk lock.
IN_TRANSACTION = ("entered", *ROW_CHANGED)


def row_is_free(state: State, scope: Scope, task: int) -> bool:
    """Return whether no transaction holds the row's lock."""
    return not any(
        writer.pc in ROW_CHANGED and scope.writers[index].task == task for index, writer in enumerate(state.writers)
    )


def gate_is_free(state: State, scope: Scope) -> bool:
    """Return whether the exclusive lock on the gate is available."""
    if "exclusive lock" in scope.omitted:
        return True
    return not state.gate_locked and not any(writer.pc in IN_TRANSACTION for writer in state.writers)


def bulk_is_free(state: State, scope: Scope) -> bool:
    """Return whether the exclusive bulk lock is available: no bulk create is in flight."""
    return "bulk lock" in scope.omitted or not any(
        writer.pc in IN_TRANSACTION and scope.writers[index].kind == "bulk"
        for index, writer in enumerate(state.writers)
    )


def id_is_free(state: State, scope: Scope, task: int, mark_owner: int) -> bool:
    """Return whether the exclusive lock on the id is available: no writer that marked the id can still commit."""
    if "id lock" in scope.omitted:
        # Without the lock, safety depends on the mark's deadline, which may or may not outlive the transaction.
        outlives = "deadline holds" in scope.omitted
        return not (outlives and state.writers[mark_owner].pc in ROW_CHANGED)
    return not any(
        writer.pc in ROW_CHANGED and write.task == task and write.kind != "bulk"
        for writer, write in zip(state.writers, scope.writers, strict=True)
    )
