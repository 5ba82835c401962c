"""What a read hands out, and whether it may: I1, for tasks, for missing tasks and for totals."""

from tests.model.state import Kept, Reader, Scope, State, put, visible


def justified(s: State, task: int, floor: int, view: int) -> int:
    """The least version that may be told and that is not in the view; 0 if there is none."""
    for version in range(floor, len(s.rows[task]) + 1):
        if not visible(s.rows[task][version - 1], view, s.now):
            return version
    return 0


def answered(s: State, j: int, d: Reader, how: str) -> State:
    """The reader is told what `d` says; from now on nobody may be told anything older."""
    floors = list(s.floors)
    for task, floor in enumerate(d.floors):
        if d.examined >> task & 1:
            shown = d.shown[task]
            if shown:
                if shown < floor:
                    return s._replace(
                        wrong=f"I1: reader {j} gets task {task} in version {shown}, "
                        f"but {floor} was known before it began ({how})"
                    )
                if s.rows[task][shown - 1].until <= d.since:
                    return s._replace(
                        wrong=f"I5: reader {j} gets task {task}, which had expired before it began ({how})"
                    )
                floors[task] = max(floors[task], shown)
            else:
                version = justified(s, task, floor, d.kind)
                if not version:
                    return s._replace(
                        wrong=f"I1: reader {j} misses task {task}, known in version {floor} before it began ({how})"
                    )
                floors[task] = max(floors[task], version)
        elif d.kind and not d.counted >> task & 1 and not justified(s, task, floor, d.kind):
            return s._replace(wrong=f"I1: reader {j} has a total without task {task} ({how})")
    readers = put(s.readers, j, Reader(d.left - 1))
    return s._replace(floors=tuple(floors), readers=readers)


def kept(s: State, scope: Scope, j: int, d: Reader) -> State:
    """The process keeps the page, if it may."""
    if not (scope.keep and d.kind and d.keep) or s.wrong:
        return s
    p = j % scope.processes
    page = Kept(d.epoch, d.rev, d.kind, d.shown, d.counted, d.examined, d.until)
    return s._replace(processes=put(s.processes, p, s.processes[p]._replace(kept=page)))


def from_rows(s: State, scope: Scope, j: int, d: Reader) -> State:
    """R6: the answer that PostgreSQL gives, which is right by itself."""
    n = len(d.floors)
    fits = [visible(s.rows[task][-1], d.kind, s.now) for task in range(n)]
    shown = [0] * n
    counted = examined = 0
    for task in range(n):
        counted |= fits[task] << task
        if not d.kind or sum(map(bool, shown)) < scope.page:
            examined |= 1 << task
            shown[task] = len(s.rows[task]) if fits[task] else 0
    d = d._replace(shown=tuple(shown), counted=counted, examined=examined)
    return answered(s, j, d, "from PostgreSQL")
