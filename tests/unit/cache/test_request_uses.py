"""Tests that workspaces share the places in which operations are counted."""

from cache.usage.request_uses import MAX_OPERATIONS, OTHER, RequestKey, RequestUses


def count(uses: RequestUses, workspace: str, hash_: str, times: int = 1) -> None:
    key: RequestKey = (workspace, "actor", hash_, "Page")
    for _ in range(times):
        use = uses.by_key.get(key) or uses.add_key(key)
        use.requests += 1
        use.durations[0] += 1


def counted(uses: RequestUses, workspace: str) -> dict[str | None, int]:
    return {hash_: use.requests for (of, _, hash_, _), use in uses.by_key.items() if of == workspace}


def test_workspace_alone_has_all_places() -> None:
    uses = RequestUses()
    for number in range(2 * MAX_OPERATIONS):
        count(uses, "busy", f"{number}")
    assert len(counted(uses, "busy")) == MAX_OPERATIONS + 1
    assert uses.by_key["busy", OTHER, None, OTHER].requests == MAX_OPERATIONS


def test_workspace_with_few_operations_gets_its_places_from_the_busiest() -> None:
    uses = RequestUses()
    for _ in range(2):
        for number in range(MAX_OPERATIONS):
            count(uses, "busy", f"{number}", times=3)
        for number in range(5):
            count(uses, "quiet", f"{number}", times=7)
    assert counted(uses, "quiet") == {f"{number}": 14 for number in range(5)}
    # No request of the others is lost, and no place is unused.
    busy = counted(uses, "busy")
    assert len(busy) == MAX_OPERATIONS - 5 + 1
    assert sum(busy.values()) == 6 * MAX_OPERATIONS
    other = uses.by_key["busy", OTHER, None, OTHER]
    assert other.durations[0] == other.requests == 30


def test_equally_busy_workspaces_have_equally_many_places() -> None:
    uses = RequestUses()
    for number in range(MAX_OPERATIONS):
        for name in ("a", "b", "c", "d"):
            count(uses, name, f"{number}")
    assert {len(counted(uses, name)) for name in ("a", "b", "c", "d")} == {MAX_OPERATIONS // 4 + 1}
