"""The outcomes of recorded bulk creates: how a reader learns them, and the settling of those that were committed."""

from tests.model import scripts
from tests.model.page_check import with_reader
from tests.model.scope import Scope
from tests.model.state import COUNTS, Keys, Reader, State, Transitions


def are_needed(scope: Scope, keys: Keys, reader: Reader) -> bool:
    """Return whether a script answers with the recorded bulk creates instead of a page or counts."""
    return bool(keys.unsettled) and not reader.resolved and "outcomes" not in scope.omitted


def read_outcomes(state: State, scope: Scope, index: int) -> Transitions:
    """P4: ask PostgreSQL for the outcomes of the bulk creates that the script has named."""
    named = state.readers[index].pending
    committed = sum(1 << writer for writer in range(named.bit_length()) if scripts.outcome(state, writer))
    cacheable = int("no caching of unsettled pages" in scope.omitted)
    known = with_reader(state, index, pc="settle", pending=named & committed, resolved=1, cacheable=cacheable)
    yield ("P4 outcomes", index), known


def settle(state: State, scope: Scope, index: int) -> Transitions:
    """W8, in place of the writers: settle the committed bulk creates, then run the script again."""
    reader = state.readers[index]
    after = state
    for writer in range(reader.pending.bit_length()):
        if reader.pending >> writer & 1 and "settling by readers" not in scope.omitted:
            after = scripts.settle(after, scope, reader.epoch, writer)
    pc = "counts" if reader.kind == COUNTS else "page"
    yield ("W8 settle by a reader", index), with_reader(after, index, pc=pc, pending=0)


def settle_own(state: State, scope: Scope, index: int) -> State:
    """W8, sent by the writer itself."""
    return scripts.settle(state, scope, state.writers[index].epoch, index)


ACTIONS = {"outcomes": read_outcomes, "settle": settle}
