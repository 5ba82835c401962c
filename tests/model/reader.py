"""A read: by id, or a page of ids that are looked up one by one; and a page that was kept whole."""

from tests.model import scripts
from tests.model.answer import answered, from_rows, kept
from tests.model.locks import id_free
from tests.model.state import EMPTY, NEVER, NOWHERE, SOON, Kept, Reader, Scope, Scores, State, Steps, put, visible


def steps(s: State, scope: Scope) -> Steps:
    """Everything that any reader may do next."""
    for j, d in enumerate(s.readers):
        if d.pc != "idle":
            yield from STEPS[d.pc](s, scope, j)
        elif d.left:
            yield from begin(s, scope, j)


def turn(s: State, j: int, **changes: object) -> State:
    """The world with one reader changed."""
    d: Reader = s.readers[j]._replace(**changes)  # type: ignore[arg-type]
    return s._replace(readers=put(s.readers, j, d))


def token(j: int, d: Reader) -> int:
    """What tells this operation's leases from all others."""
    return 10 * j + d.left


def begin(s: State, scope: Scope, j: int) -> Steps:
    """R1: the lease on the gate is looked at when the operation begins; without it, PostgreSQL."""
    process = s.processes[j % scope.processes]
    for kind in scope.readers[j]:
        known = s.floors if kind else s.floors[:1]
        d = s.readers[j]._replace(kind=kind, floors=known, shown=(0,) * len(known), since=s.now)
        what = f"page of view {kind}" if kind else "by id"
        if not process.lease:
            yield ("R6 sql", j, what), from_rows(s, scope, j, d)
            continue
        ways = ["page" if kind else "ask"]
        page = process.kept
        if page and page.view == kind:
            ways.append("rev")
        for pc in ways:
            first = d._replace(pc=pc, epoch=process.lease, examined=int(not kind))
            begun = s._replace(readers=put(s.readers, j, first))
            if scope.pauses:
                yield ("R1 begin", j, what), begun
            else:  # nothing that matters can come between the lease and the first script
                yield from STEPS[pc](begun, scope, j)


def rev(s: State, scope: Scope, j: int) -> Steps:
    """P2: a kept page is served if the lease says its epoch and one GET of `rev` its number."""
    d = s.readers[j]
    page = s.processes[j % scope.processes].kept
    k = scripts.keys(s, d.epoch)
    if isinstance(page, Kept) and serves(s, scope, page, d) and page.rev == k.rev:
        old = d._replace(shown=page.shown, counted=page.counted, examined=page.examined)
        yield ("P2 kept page", j, page.shown), answered(s, j, old, "kept page")
    else:
        yield ("P2 rev differs", j), turn(s, j, pc="page")


def serves(s: State, scope: Scope, page: Kept, d: Reader) -> bool:
    """Whether the process's own knowledge allows this page."""
    return (
        page.view == d.kind
        and (page.epoch == d.epoch or "kept by epoch" in scope.broken)
        and (page.until > s.now or "kept until the next expiry" in scope.broken)
    )


def index_of(kind: int) -> int:
    """Which of the two indexes a page reads."""
    return 0 if kind == SOON else kind - 1


def in_range(now: Scores, kind: int, clock: int) -> bool:
    """Whether the page script finds the id: by its score, it cannot know better."""
    score = now[index_of(kind)]
    return clock < score <= (1 if kind == SOON else NEVER)


def page(s: State, scope: Scope, j: int) -> Steps:
    """P1: one script: beacons, ids from a cursor on, total, `rev`; again if ids were dropped."""
    d = s.readers[j]
    k = scripts.keys(s, d.epoch)
    beacon = k.beacons[index_of(d.kind)] or "index beacon" in scope.broken
    if scripts.lost(s, scope, d.epoch) or not beacon:
        yield ("P1 beacon gone", j), turn(s, j, pc="sql")
        return
    n = len(d.floors)
    if d.kind == SOON and k.moving:
        yield ("P1 moving", j), turn(s, j, pc="sql")
        return
    there = [task for task in range(n) if in_range(k.members[task], d.kind, s.now)]
    more = [task for task in there if task >= d.task]
    some = more[: scope.page - sum(map(bool, d.shown))]
    end = some[-1] + 1 if len(more) > len(some) else n
    d = d._replace(
        ids=sum(1 << task for task in some),
        examined=d.examined | sum(1 << task for task in range(d.task, end)),
        # the first call's: all that comes later raises `rev`
        counted=d.counted if d.task else sum(1 << task for task in there),
        rev=d.rev if d.task and "rev of the first call" not in scope.broken else k.rev,
        until=min([d.until, *(k.members[task][index_of(d.kind)] for task in there)]),
        task=end,
    )
    yield ("P1 page", j, some, k.rev), following(s, scope, j, d)


def following(s: State, scope: Scope, j: int, d: Reader) -> State:
    """The next id, the next part of the page, or the answer."""
    if d.ids:
        task = (d.ids & -d.ids).bit_length() - 1
        d = d._replace(pc="ask", ids=d.ids & (d.ids - 1), task=task)
    elif not d.kind or sum(map(bool, d.shown)) >= scope.page or d.examined >> (len(d.floors) - 1):
        return kept(answered(s, j, d, "by cache"), scope, j, d)
    else:
        d = d._replace(pc="page", task=d.examined.bit_length())
    return s._replace(readers=put(s.readers, j, d._replace(over=EMPTY, mine=0, version=0)))


def told(s: State, scope: Scope, j: int, version: int) -> State:
    """The reader has this id in this version; it fits, or the page drops it."""
    d = s.readers[j]
    image = s.rows[d.task][version - 1]
    if visible(image, d.kind, s.now):
        d = d._replace(shown=put(d.shown, d.task, version))
        if "dropped marks count" in scope.broken and d.keep == 2:
            d = d._replace(keep=0)
    elif image.view == NOWHERE and "absent is not kept" not in scope.broken:
        d = d._replace(keep=0)  # it may be a bulk create at work, which leaves no mark
    if d.keep == 2:
        d = d._replace(keep=1)
    return following(s, scope, j, d)


def marked(s: State, scope: Scope, j: int) -> State:
    """A live mark on this id: read the row, do not fill, do not keep the page."""
    keep = s.readers[j].keep
    if "live marks are not kept" not in scope.broken:
        keep = 2 if "dropped marks count" in scope.broken and keep else 0
    return turn(s, j, pc="row", keep=keep)


def ask(s: State, scope: Scope, j: int) -> Steps:
    """R2: the MGET: beacon and entry."""
    d = s.readers[j]
    if "beacon in MGET" not in scope.broken and scripts.lost(s, scope, d.epoch):
        yield ("R2 beacon gone", j), turn(s, j, pc="sql")
        return
    entry = scripts.keys(s, d.epoch).entries[d.task]
    if entry.kind == "V":
        yield ("R2 hit", j, d.task, entry.of), told(s, scope, j, entry.of)
    elif entry.kind == "L":
        yield ("R2 another's lease", j, d.task), turn(s, j, pc="row")
    elif entry.kind == "M":
        yield ("R2 live mark", j, d.task, entry.of), marked(s, scope, j)
        yield ("R2 mark past its deadline", j, d.task, entry.of), turn(s, j, pc="lock", over=entry)
    else:
        yield ("R2 miss", j, d.task), turn(s, j, pc="lease")


def lock(s: State, scope: Scope, j: int) -> Steps:
    """T1: before a mark is taken over its writer has ended: the id's lock, exclusively."""
    d = s.readers[j]
    if id_free(s, scope, d.task, d.over.of):
        yield ("T1 id lock", j, d.task), turn(s, j, pc="lease")
    else:
        yield ("T1 id is locked", j, d.task), marked(s, scope, j)


def lease(s: State, scope: Scope, j: int) -> Steps:
    """R3: a lease on the id, over nothing or over the mark that was seen."""
    d = s.readers[j]
    leased = scripts.lease(s, scope, d.epoch, d.task, d.over, token(j, d))
    if leased is not None:
        yield ("R3 lease", j, d.task), turn(leased, j, pc="row", mine=1, over=EMPTY)
    elif scripts.keys(s, d.epoch).entries[d.task].kind == "M":
        yield ("R3 refused, a mark", j, d.task), turn(marked(s, scope, j), j, over=EMPTY)
    else:
        yield ("R3 refused", j, d.task), turn(s, j, pc="row", over=EMPTY)


def row(s: State, scope: Scope, j: int) -> Steps:
    """R4: the row, from the primary."""
    d = s.readers[j]
    version = len(s.rows[d.task])
    if d.mine:
        yield ("R4 row", j, d.task, version), turn(s, j, pc="fill", version=version)
    else:
        yield ("R4 row", j, d.task, version), told(s, scope, j, version)


def fill(s: State, scope: Scope, j: int) -> Steps:
    """R5: filled only under the token; the reader has its answer either way."""
    d = s.readers[j]
    filled = scripts.fill(s, d.epoch, d.task, d.version, token(j, d))
    yield ("R5 fill", j, d.task, d.version), told(filled, scope, j, d.version)


def sql(s: State, scope: Scope, j: int) -> Steps:
    """R6: Redis is not to be used."""
    yield ("R6 sql", j), from_rows(s, scope, j, s.readers[j])


STEPS = {
    "rev": rev,
    "page": page,
    "ask": ask,
    "lock": lock,
    "lease": lease,
    "row": row,
    "fill": fill,
    "sql": sql,
}
