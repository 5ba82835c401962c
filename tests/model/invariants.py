"""What must hold in every state, and what must hold at rest."""

from tests.model import scripts
from tests.model.state import ON, Keys, Scope, State, scores, visible


def violated(s: State, scope: Scope) -> str:
    """The invariant that this state breaks, in words; empty if none."""
    if s.wrong:
        return s.wrong
    if s.gate.mode != ON or scripts.lost(s, scope, s.gate.epoch):
        return ""
    k = scripts.keys(s, s.gate.epoch)
    return missing(s, k) or (at_rest(s, scope, k) if resting(s) else "")


def missing(s: State, k: Keys) -> str:
    """I2: while on and the beacons stand, the index holds every committed id."""
    for task, history in enumerate(s.rows):
        image = history[-1]
        for view, beacon in zip((1, 2), k.beacons, strict=True):
            if beacon and visible(image, view, s.now) and k.members[task][view - 1] <= s.now:
                return f"I2: task {task} is committed in view {view} and not in its index"
    return ""


def resting(s: State) -> bool:
    """Whether nobody is in the middle of anything and no message travels."""
    return (
        all(w.pc in ("new", "done") and not w.late for w in s.writers)
        and all(d.pc == "idle" for d in s.readers)
        and all(b.pc in ("new", "done") for b in s.builders)
        and all(c.pc == "idle" for c in s.scrubbers)
    )


def at_rest(s: State, scope: Scope, k: Keys) -> str:
    """I4: every value is its row. I3: a scrub makes the index equal to the rows."""
    for task, entry in enumerate(k.entries):
        if entry.kind == "V" and entry.of != len(s.rows[task]):
            return f"I4: at rest task {task} is cached in version {entry.of}, not its row's"
    if k.beacons != (1, 1):
        return ""
    truth = tuple(scores(history[-1]) for history in s.rows)
    scrubbed = s
    for task, history in enumerate(s.rows):
        scrubbed = scripts.mend(scrubbed, scope, s.gate.epoch, task, history[-1])
    k = scripts.keys(scrubbed, s.gate.epoch)
    if k.moving & ~k.due:
        return "at rest a place among the expiries is in doubt, and nobody will settle it"
    for task, (have, want) in enumerate(zip(k.members, truth, strict=True)):
        if [h for h in have if h > s.now] != [w for w in want if w > s.now]:
            return f"I3: after a scrub at rest the index has {have} for task {task}, not {want}"
    return pages(scrubbed, scope, k)


def pages(s: State, scope: Scope, k: Keys) -> str:
    """A kept page that would be served says what the rows say."""
    for p, process in enumerate(s.processes):
        page = process.kept
        if not page or page.epoch != s.gate.epoch or page.rev != k.rev:
            continue
        if page.until <= s.now and "kept until the next expiry" not in scope.broken:
            continue
        for task, history in enumerate(s.rows):
            fits = visible(history[-1], page.view, s.now)
            shown = len(history) if fits else 0
            if page.counted >> task & 1 != fits:
                return f"kept page of process {p} counts task {task} wrongly, and would be served"
            if page.examined >> task & 1 and page.shown[task] != shown:
                return f"kept page of process {p} is wrong about task {task}, and would be served"
    return ""
