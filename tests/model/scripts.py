"""The Lua scripts: each checks and changes the keys of an epoch in one atomic step."""

from tests.model.scope import Scope
from tests.model.state import EMPTY, Entry, Keys, RowVersion, Scores, State, put, scores


def epoch_keys(state: State, epoch: int) -> Keys:
    """Return the keys of an epoch."""
    return state.redis[epoch - 1]


def with_keys(state: State, epoch: int, keys: Keys) -> State:
    """Return the state with the keys of an epoch replaced."""
    return state._replace(redis=put(state.redis, epoch - 1, keys))


def index_is_lost(state: State, scope: Scope, epoch: int) -> bool:
    """Return whether Redis no longer holds the index that the epoch's rebuild stored."""
    if state.run_id != state.gate.run_ids[epoch - 1] and "run id" not in scope.omitted:
        return True
    return not epoch_keys(state, epoch).rev


def raise_rev(keys: Keys, scope: Scope, step: str) -> Keys:
    """Increment `rev` if it exists; a script never creates it."""
    if f"rev at {step}" in scope.omitted or (not keys.rev and "rev is never created" not in scope.omitted):
        return keys
    return keys._replace(rev=keys.rev + 1 if scope.page_cache else 1)


def scores_to_keep(members: Scores, row: RowVersion) -> Scores:
    """Return the scores without the indexes that the row is not in, and with the row's own expiry. Adds no member."""
    todo, done = scores(row)
    return (todo if members[0] else 0, done if members[1] else 0)


def scores_with_later_expiry(members: Scores, row: RowVersion, scope: Scope) -> Scores:
    """Return the scores with the row's indexes added, and the later expiry where the task was a member already."""
    todo, done = scores(row)
    if "expiry at mark" in scope.omitted:
        return (members[0] or todo, members[1] or done)
    if "later expiry" in scope.omitted:
        return scores_with_own_expiry(members, row)
    return (max(members[0], todo), max(members[1], done))


def scores_with_own_expiry(members: Scores, row: RowVersion) -> Scores:
    """Return the scores with the row's indexes added, and the row's own expiry."""
    todo, done = scores(row)
    return (todo or members[0], done or members[1])


def add_to_indexes(keys: Keys, scope: Scope, task: int, row: RowVersion) -> Keys:
    """Add the id to the indexes of this row version."""
    members = scores_with_later_expiry(keys.members[task], row, scope)
    return keys._replace(members=put(keys.members, task, members))


def mark(state: State, scope: Scope, index: int) -> State | None:
    """W3: set the mark and add the id to its indexes, in one script. Return None if refused."""
    writer, task = state.writers[index], scope.writers[index].task
    keys = epoch_keys(state, writer.epoch)
    entry = keys.entries[task]
    if "seq" not in scope.omitted and entry.kind == "M" and state.writers[entry.value].seq > writer.seq:
        return None
    if index_is_lost(state, scope, writer.epoch):
        return None
    keys = take_from_unsettled(state, scope, keys, index)._replace(marks=keys.marks | 1 << task)
    expiry_changes = any(score not in (0, writer.after.expires_at) for score in keys.members[task])
    if scope.has_expiry_pages and "moving" not in scope.omitted and expiry_changes:
        keys = keys._replace(moving=keys.moving | 1 << task)
    if "add with mark" not in scope.omitted:
        keys = add_to_indexes(keys, scope, task, writer.after)
    if writer.sets_mark:
        keys = keys._replace(entries=put(keys.entries, task, Entry("M", index)))
    return with_keys(state, writer.epoch, raise_rev(keys, scope, "mark"))


def take_from_unsettled(state: State, scope: Scope, keys: Keys, index: int) -> Keys:
    """Move the id from earlier bulk creates into the indexes: this writer has the row lock, so they have ended."""
    writer, write = state.writers[index], scope.writers[index]
    for other in unsettled_writers(keys):
        earlier = state.writers[other].seq < writer.seq or "bulk seq" in scope.omitted
        if scope.writers[other].task == write.task and earlier and "taking from a record" not in scope.omitted:
            keys = add_to_indexes(keys, scope, write.task, created_row(scope, other))
            keys = keys._replace(unsettled=keys.unsettled & ~(1 << other))
    return keys


def created_row(scope: Scope, index: int) -> RowVersion:
    """Return the row that a bulk create makes."""
    return RowVersion(scope.writers[index].view, scope.writers[index].expires_at)


def unsettled_writers(keys: Keys) -> list[int]:
    """Return the bulk creates with a record."""
    return [index for index in range(keys.unsettled.bit_length()) if keys.unsettled >> index & 1]


def bulk_add(state: State, scope: Scope, index: int) -> State | None:
    """W7: record the bulk create. Return None if refused."""
    writer, task = state.writers[index], scope.writers[index].task
    if index_is_lost(state, scope, writer.epoch):
        return None
    keys = epoch_keys(state, writer.epoch)
    if "record" in scope.omitted:  # the ids enter the index instead
        keys = add_to_indexes(keys, scope, task, writer.after)
        keys = clear_entry(state, scope, keys, index)
    else:
        keys = keys._replace(unsettled=keys.unsettled | 1 << index)
    return with_keys(state, writer.epoch, raise_rev(keys, scope, "add"))


def clear_entry(state: State, scope: Scope, keys: Keys, index: int) -> Keys:
    """Delete a lease on the id of a bulk create, or the mark of an earlier writer, whose late abort would harm."""
    task = scope.writers[index].task
    entry = keys.entries[task]
    deletes = entry.kind == "L" and "bulk lease" not in scope.omitted
    if entry.kind == "M" and "bulk mark" not in scope.omitted:
        # A mark with a higher seq belongs to a later writer: this add arrives late.
        deletes = state.writers[entry.value].seq < state.writers[index].seq or "bulk seq" in scope.omitted
    return keys._replace(entries=put(keys.entries, task, EMPTY)) if deletes else keys


def settle(state: State, scope: Scope, epoch: int, index: int) -> State:
    """W8: a recorded bulk create was committed, so add its id to the indexes. Do nothing without the record."""
    keys, task = epoch_keys(state, epoch), scope.writers[index].task
    row = created_row(scope, index)
    if not keys.unsettled >> index & 1 and "record at settle" not in scope.omitted:
        return state
    before, keys = keys.entries[task], clear_entry(state, scope, keys, index)
    if before.kind == "M" and keys.entries[task] == EMPTY:
        keys = settle_mark(keys, task)._replace(members=put(keys.members, task, scores(row)))
    else:
        keys = keys._replace(members=put(keys.members, task, scores_with_own_expiry(keys.members[task], row)))
    keys = keys._replace(unsettled=keys.unsettled & ~(1 << index))
    return with_keys(state, epoch, raise_rev(keys, scope, "settle"))


def discard(state: State, epoch: int, index: int) -> State:
    """S6: a recorded bulk create was rolled back, so delete the record."""
    keys = epoch_keys(state, epoch)
    return with_keys(state, epoch, keys._replace(unsettled=keys.unsettled & ~(1 << index)))


def outcome(state: State, index: int) -> bool | None:
    """Return whether a bulk create was committed; None while it is in progress."""
    writer = state.writers[index]
    return True if writer.version else False if writer.pc == "done" else None


def settle_all(state: State, scope: Scope, epoch: int) -> State:
    """Settle or discard every recorded bulk create that has ended, as the scrub does."""
    for index in unsettled_writers(epoch_keys(state, epoch)):
        committed = outcome(state, index)
        if committed:
            state = settle(state, scope, epoch, index)
        elif committed is False:
            state = discard(state, epoch, index)
    return state


def settle_mark(keys: Keys, task: int) -> Keys:
    """Take the id out of `marks` and `moving`: its position in expiry order is certain again."""
    return keys._replace(moving=keys.moving & ~(1 << task), marks=keys.marks & ~(1 << task))


def publish(state: State, scope: Scope, index: int) -> State:
    """W5: replace the writer's own mark by the value, and take the id out of the indexes that it left."""
    writer, task = state.writers[index], scope.writers[index].task
    keys = epoch_keys(state, writer.epoch)
    entry = keys.entries[task]
    if entry == Entry("M", index):
        value = Entry("V", writer.version) if writer.after.view in (1, 2) else EMPTY
        keys = settle_mark(keys, task) if not writer.building else keys
        keys = keys._replace(entries=put(keys.entries, task, value))
        if "one publish script" not in scope.omitted:
            keys = keys._replace(members=put(keys.members, task, scores_to_keep(keys.members[task], writer.after)))
    elif entry.kind != "M" or "publish only over its own mark" in scope.omitted:
        keys = keys._replace(entries=put(keys.entries, task, EMPTY))
    if "moving under its own mark" in scope.omitted:
        keys = settle_mark(keys, task)
    return with_keys(state, writer.epoch, raise_rev(keys, scope, "publish"))


def abort(state: State, scope: Scope, index: int) -> State:
    """W6: clear the writer's own mark and restore the membership. Do nothing under another entry."""
    writer, task = state.writers[index], scope.writers[index].task
    keys = epoch_keys(state, writer.epoch)
    own_mark = keys.entries[task] == Entry("M", index)
    if own_mark:
        keys = settle_mark(keys, task) if not writer.building else keys
        keys = keys._replace(entries=put(keys.entries, task, EMPTY))
    if own_mark or "abort only its own mark" in scope.omitted:
        keys = keys._replace(members=put(keys.members, task, scores_to_keep(keys.members[task], writer.before)))
    return with_keys(state, writer.epoch, raise_rev(keys, scope, "abort"))


def lease(state: State, scope: Scope, epoch: int, task: int, replaces: Entry, token: int) -> State | None:
    """R3: set a lease if the entry is empty, the one to replace, or a value of another format. None if refused."""
    keys = epoch_keys(state, epoch)
    entry = keys.entries[task]
    unchanged = entry in (replaces, EMPTY)
    if replaces.kind == "V":  # any value of the other format may be replaced, as if it had been evicted
        unchanged = unchanged or entry.kind == "V" or ("kind at format takeover" in scope.omitted and entry.kind == "M")
    if "token at takeover" in scope.omitted:
        unchanged = unchanged or (replaces.kind == "M" and entry.kind == "M")
    if not unchanged:
        return None
    return with_keys(state, epoch, keys._replace(entries=put(keys.entries, task, Entry("L", token))))


def lease_page(state: State, scope: Scope, epoch: int, tasks: list[int], token: int) -> tuple[State, int]:
    """P1, R3: set a lease on each of the tasks that has no entry. Return the bit set of these tasks as well."""
    keys, leased = epoch_keys(state, epoch), 0
    for task in tasks:
        kind = keys.entries[task].kind
        if kind == EMPTY.kind or (kind == "M" and "marks at the page script" in scope.omitted):
            keys = keys._replace(entries=put(keys.entries, task, Entry("L", token)))
            leased |= 1 << task
    return with_keys(state, epoch, keys), leased


def fill(state: State, epoch: int, task: int, version: int, token: int) -> State:
    """R5: replace the lease by the value; version 0 ends the lease. Do nothing if the lease is gone."""
    keys = epoch_keys(state, epoch)
    if keys.entries[task] != Entry("L", token):
        return state
    exists = version and state.rows[task][version - 1].view in (1, 2)
    value = Entry("V", version) if exists else EMPTY
    return with_keys(state, epoch, keys._replace(entries=put(keys.entries, task, value)))


def repair(state: State, scope: Scope, epoch: int, task: int, row: RowVersion) -> State:
    """S5: take the id out of the indexes that the row is not in, and correct its expiry."""
    keys = epoch_keys(state, epoch)
    members = scores_to_keep(keys.members[task], row)
    if members == keys.members[task]:
        return state
    keys = keys._replace(members=put(keys.members, task, members))
    return with_keys(state, epoch, raise_rev(keys, scope, "scrub"))
