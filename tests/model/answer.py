"""The answer of a read, and the check of I1 and I5 on it: for returned tasks, missing tasks and totals."""

from tests.model.scope import Scope
from tests.model.state import COUNTS, NO_ROW, VIEWS, CachedPage, Reader, State, is_visible, put


def first_version_outside(state: State, task: int, floor: int, kind: int) -> int:
    """Return the first version from `floor` on that a read of this kind does not return; 0 if it returns all."""
    for version in range(floor, len(state.rows[task]) + 1):
        if not is_visible(state.rows[task][version - 1], kind, state.now):
            return version
    return 0


def complete(state: State, scope: Scope, index: int, reader: Reader, source: str) -> State:
    """Complete the read with the answer in `reader`, and raise the floors to what it has returned."""
    if task := counted_without_row(state, scope, reader):
        return state._replace(violation=f"I6: reader {index} gets a total with task {task - 1}, which was not created")
    if reader.kind == COUNTS:
        return complete_counts(state, index, reader, source)
    floors = list(state.floors)
    for task, floor in enumerate(reader.floors):
        if reader.examined >> task & 1:
            shown = reader.shown[task]
            if shown:
                if shown < floor:
                    return state._replace(
                        violation=f"I1: reader {index} gets task {task} in version {shown}, "
                        f"but {floor} was known before the read began ({source})"
                    )
                if state.rows[task][shown - 1].expires_at <= reader.began_at:
                    return state._replace(
                        violation=f"I5: reader {index} gets task {task}, "
                        f"which had expired before the read began ({source})"
                    )
                floors[task] = max(floors[task], shown)
            else:
                version = first_version_outside(state, task, floor, reader.kind)
                if not version:
                    return state._replace(
                        violation=f"I1: reader {index} misses task {task}, "
                        f"known in version {floor} before the read began ({source})"
                    )
                floors[task] = max(floors[task], version)
        elif (
            reader.kind
            and not reader.counted >> task & 1
            and not first_version_outside(state, task, floor, reader.kind)
        ):
            return state._replace(violation=f"I1: reader {index} gets a total without task {task} ({source})")
    readers = put(state.readers, index, Reader(reader.reads_left - 1))
    return state._replace(floors=tuple(floors), readers=readers)


def counted_without_row(state: State, scope: Scope, reader: Reader) -> int:
    """Return the number, from 1, of a task of bulk creates that a total counts although none was committed, or 0."""
    tasks = len(reader.floors)
    width = len(VIEWS) if reader.kind == COUNTS else 1
    for task in range(tasks if reader.kind else 0):
        counted = reader.counted >> (task * width) & ((1 << width) - 1)
        if counted and state.rows[task][-1].view == NO_ROW and scope.only_bulk_creates(task):
            return task + 1
    return 0


def complete_counts(state: State, index: int, reader: Reader, source: str) -> State:
    """Complete a read of counts. Counts raise no floor: nobody can tell from them which tasks were counted."""
    for task, floor in enumerate(reader.floors):
        for position, view in enumerate(VIEWS):
            counted = reader.counted >> (task * len(VIEWS) + position) & 1
            if not counted and not first_version_outside(state, task, floor, view):
                return state._replace(
                    violation=f"I1: reader {index} gets a count of view {view} without task {task} ({source})"
                )
    return state._replace(readers=put(state.readers, index, Reader(reader.reads_left - 1)))


def cache_page(state: State, scope: Scope, index: int, reader: Reader) -> State:
    """Cache the page in the reader's process, if that is allowed."""
    if not (scope.page_cache and reader.kind and reader.cacheable) or state.violation:
        return state
    process = index % scope.processes
    page = CachedPage(
        reader.epoch, reader.rev, reader.kind, reader.shown, reader.counted, reader.examined, reader.next_expiry
    )
    return state._replace(processes=put(state.processes, process, state.processes[process]._replace(page=page)))


def count_rows(state: State) -> int:
    """Return the counts of every view by the rows: a bit for each task and view."""
    return sum(
        is_visible(versions[-1], view, state.now) << (task * len(VIEWS) + position)
        for task, versions in enumerate(state.rows)
        for position, view in enumerate(VIEWS)
    )


def complete_from_rows(state: State, scope: Scope, index: int, reader: Reader) -> State:
    """R6: complete the read with the answer of PostgreSQL, which always has the current rows."""
    tasks = len(reader.floors)
    if reader.kind == COUNTS:
        return complete(state, scope, index, reader._replace(counted=count_rows(state)), "from PostgreSQL")
    visible = [is_visible(state.rows[task][-1], reader.kind, state.now) for task in range(tasks)]
    shown = [0] * tasks
    counted = examined = 0
    for task in range(tasks):
        counted |= visible[task] << task
        if not reader.kind or sum(map(bool, shown)) < scope.page_size:
            examined |= 1 << task
            shown[task] = len(state.rows[task]) if visible[task] else 0
    reader = reader._replace(shown=tuple(shown), counted=counted, examined=examined)
    return complete(state, scope, index, reader, "from PostgreSQL")
