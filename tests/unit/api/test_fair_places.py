"""Tests that workspaces share streams and subscriptions fairly."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from api.realtime.fair_places import FairPlaces


class Holders:
    """Streams of several workspaces. Those that must give up their places are in `ended`, in this order."""

    def __init__(self, limit: int) -> None:
        self.places = FairPlaces(limit)
        self.held: dict[str, list[object]] = {}
        self.ended: list[str] = []

    def open(self, workspace: str, number: int = 1) -> list[bool]:
        return [self._open(workspace) for _ in range(number)]

    def _open(self, workspace: str) -> bool:
        holder = object()

        def end(_reason: str) -> None:
            self.held[workspace].remove(holder)
            self.ended.append(workspace)

        allowed = self.places.allows(workspace)
        taken = self.places.take(workspace, holder, end)
        assert taken == allowed
        if taken:
            self.held.setdefault(workspace, []).append(holder)
        return taken

    def close(self, workspace: str) -> None:
        self.places.release(workspace, self.held[workspace].pop())

    @property
    def counts(self) -> Counter[str]:
        return Counter({workspace: len(held) for workspace, held in self.held.items() if held})


def test_one_workspace_may_hold_all_places_and_gives_others_their_part() -> None:
    streams = Holders(6)
    assert streams.open("busy", 7) == [True] * 6 + [False]
    assert streams.open("quiet", 4) == [True] * 3 + [False]
    assert streams.ended == ["busy"] * 3
    assert streams.open("third", 3) == [True] * 2 + [False]
    assert streams.counts == Counter(busy=2, quiet=2, third=2)
    assert streams.open("busy") == [False]
    streams.close("quiet")
    assert streams.open("busy", 2) == [True, False]


def test_newest_place_is_given() -> None:
    places, ended = FairPlaces(3), []
    for number in range(3):
        assert places.take("busy", number, lambda reason, number=number: ended.append((number, reason)))  # type: ignore[misc]
    assert places.take("quiet", "q", print)
    [(number, reason)] = ended
    assert number == 2
    assert "other workspaces have fewer streams" in reason
    places.release("busy", 2)  # its place is another's already
    assert places.count == 3


def test_workspaces_with_one_place_each_keep_it() -> None:
    streams = Holders(2)
    assert streams.open("a") + streams.open("b") + streams.open("c") == [True, True, False]
    assert streams.ended == []


@given(steps=st.lists(st.tuples(st.booleans(), st.sampled_from("abcd"))), limit=st.integers(1, 8))
def test_limit_holds_and_a_workspace_below_its_part_is_never_refused(steps: list[tuple[bool, str]], limit: int) -> None:
    streams = Holders(limit)
    for opens, workspace in steps:
        before = streams.counts
        if opens:
            [opened] = streams.open(workspace)
            part = limit // len(before | Counter([workspace]))
            assert opened or before[workspace] >= part
        elif before[workspace]:
            streams.close(workspace)
        assert streams.places.count == streams.counts.total() <= limit


@given(order=st.permutations("aaaaabbbbbccccc"))
def test_workspaces_that_connect_again_come_to_rest(order: list[str]) -> None:
    streams = Holders(9)
    for workspace in order:
        streams.open(workspace)
    for _ in range(3):  # a workspace that lost a place tries to get it again
        for workspace in "abc":
            streams.open(workspace, 5)
    before = len(streams.ended)
    for workspace in "abc":
        assert not any(streams.open(workspace, 5))
    assert streams.counts == Counter(a=3, b=3, c=3)
    assert len(streams.ended) == before
