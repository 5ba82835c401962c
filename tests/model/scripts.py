"""The Lua scripts: what Redis does in one go, each with what it checks first."""

from tests.model.state import EMPTY, Entry, Image, Keys, Scope, Scores, State, put, scores


def keys(s: State, epoch: int) -> Keys:
    """What Redis holds for this epoch."""
    return s.redis[epoch - 1]


def keep(s: State, epoch: int, k: Keys) -> State:
    """The world with this epoch's keys changed."""
    return s._replace(redis=put(s.redis, epoch - 1, k))


def lost(s: State, scope: Scope, epoch: int) -> bool:
    """Whether Redis no longer holds what this epoch's rebuild put there."""
    k = s.redis[epoch - 1]
    if s.run != s.gate.runs[epoch - 1] and "run id" not in scope.broken:
        return True
    return not k.rev


def raised(k: Keys, scope: Scope, verb: str) -> Keys:
    """`rev` one higher, if it is there: no script ever makes it."""
    if f"rev at {verb}" in scope.broken or (not k.rev and "rev is never made" not in scope.broken):
        return k
    return k._replace(rev=k.rev + 1 if scope.keep else 1)


def settled(now: Scores, image: Image) -> Scores:
    """Out of every index that the image is not in, and its own expiry where it is. Adds nothing."""
    there = scores(image)
    return (there[0] if now[0] else 0, there[1] if now[1] else 0)


def widened(now: Scores, image: Image, scope: Scope) -> Scores:
    """In every index that the image is in, with the later of two expiries where it was before."""
    there = scores(image)
    if "expiry at mark" in scope.broken:
        return (now[0] or there[0], now[1] or there[1])
    if "later expiry" in scope.broken:
        return overwritten(now, image)
    return (max(now[0], there[0]), max(now[1], there[1]))


def overwritten(now: Scores, image: Image) -> Scores:
    """In every index that the image is in, with the expiry of the image, whatever was there (broken variants only)."""
    there = scores(image)
    return (there[0] or now[0], there[1] or now[1])


def add(k: Keys, scope: Scope, task: int, image: Image) -> Keys:
    """The id in the indexes of this image."""
    return k._replace(members=put(k.members, task, widened(k.members[task], image, scope)))


def mark(s: State, scope: Scope, i: int) -> State | None:
    """W3: the mark and the index together; None when it is refused."""
    w, task = s.writers[i], scope.writers[i].task
    k = keys(s, w.epoch)
    entry = k.entries[task]
    if "seq" not in scope.broken and entry.kind == "M" and s.writers[entry.of].seq > w.seq:
        return None
    if lost(s, scope, w.epoch):
        return None
    if scope.soon and "moving" not in scope.broken and any(now not in (0, w.after.until) for now in k.members[task]):
        k = k._replace(moving=k.moving | 1 << task)
    if scope.soon:
        k = k._replace(due=k.due | 1 << task)
    if "add with mark" not in scope.broken:
        k = add(k, scope, task, w.after)
    if w.marks:
        k = k._replace(entries=put(k.entries, task, Entry("M", i)))
    return keep(s, w.epoch, raised(k, scope, "mark"))


def bulk_add(s: State, scope: Scope, i: int) -> State | None:
    """W7: the id in its index, and no lease nor older mark left on it; None when it is refused."""
    w, task = s.writers[i], scope.writers[i].task
    if lost(s, scope, w.epoch):
        return None
    k = add(keys(s, w.epoch), scope, task, w.after)
    entry = k.entries[task]
    gone = entry.kind == "L" and "bulk lease" not in scope.broken
    if entry.kind == "M" and "bulk mark" not in scope.broken:
        # a mark with a higher seq is of a writer that came after a late add
        gone = s.writers[entry.of].seq < w.seq or "bulk seq" in scope.broken
    if gone:
        k = k._replace(entries=put(k.entries, task, EMPTY))
    return keep(s, w.epoch, raised(k, scope, "add"))


def still(k: Keys, task: int) -> Keys:
    """The id's place among the expiries is certain again: its mark is settled."""
    return k._replace(moving=k.moving & ~(1 << task), due=k.due & ~(1 << task))


def publish(s: State, scope: Scope, i: int) -> State:
    """W5: under my mark the value, and the id out of the indexes that it left."""
    w, task = s.writers[i], scope.writers[i].task
    k = keys(s, w.epoch)
    entry = k.entries[task]
    if entry == Entry("M", i):
        value = Entry("V", w.version) if w.after.view in (1, 2) else EMPTY
        k = still(k, task)
        k = k._replace(entries=put(k.entries, task, value))
        if "one publish script" not in scope.broken:
            k = k._replace(members=put(k.members, task, settled(k.members[task], w.after)))
    elif entry.kind != "M" or "another's mark" in scope.broken:
        k = k._replace(entries=put(k.entries, task, EMPTY))
    if "moving under its own mark" in scope.broken:
        k = still(k, task)
    return keep(s, w.epoch, raised(k, scope, "publish"))


def abort(s: State, scope: Scope, i: int) -> State:
    """W6: only under my mark, clear it and put the membership back as it was."""
    w, task = s.writers[i], scope.writers[i].task
    k = keys(s, w.epoch)
    mine = k.entries[task] == Entry("M", i)
    if mine:
        k = still(k, task)
        k = k._replace(entries=put(k.entries, task, EMPTY))
    if mine or "own abort" in scope.broken:
        k = k._replace(members=put(k.members, task, settled(k.members[task], w.before)))
    return keep(s, w.epoch, raised(k, scope, "abort"))


def lease(s: State, scope: Scope, epoch: int, task: int, over: Entry, token: int) -> State | None:
    """R3: my token, if the entry is still what was seen; None when it is not."""
    k = keys(s, epoch)
    entry = k.entries[task]
    same = entry in (over, EMPTY)
    if "token at takeover" in scope.broken:
        same = same or (over.kind == "M" and entry.kind == "M")
    if not same:
        return None
    return keep(s, epoch, k._replace(entries=put(k.entries, task, Entry("L", token))))


def fill(s: State, epoch: int, task: int, version: int, token: int) -> State:
    """R5: the value, if my token is still there."""
    k = keys(s, epoch)
    if k.entries[task] != Entry("L", token):
        return s
    there = s.rows[task][version - 1].view in (1, 2)
    value = Entry("V", version) if there else EMPTY
    return keep(s, epoch, k._replace(entries=put(k.entries, task, value)))


def mend(s: State, scope: Scope, epoch: int, task: int, image: Image) -> State:
    """The id out of the indexes that the image contradicts."""
    k = keys(s, epoch)
    right = settled(k.members[task], image)
    if right == k.members[task]:
        return s
    k = k._replace(members=put(k.members, task, right))
    return keep(s, epoch, raised(k, scope, "scrub"))
