"""The campaign: random attempts to reach a foreign workspace, each compared with the same for something unknown."""

import re
import secrets
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.leaks.attempts import ATTEMPTS, Attempt
from tests.leaks.list_attempts import LIST_ATTEMPTS
from tests.leaks.wire import Reply
from tests.leaks.world import CHANGES, SIZES, Side, World

# One in this many attempts opens a subscription after a foreign `rev`; one in as many, the victim changes a task.
SUBSCRIBE_EVERY, CHANGE_EVERY = 40, 10
RENAME = "mutation ($id: ID!, $title: String!) { updateTask(input: {id: $id, title: $title}) { task { version } } }"
# What differs between two equal requests: times, and whether Redis was too slow for one of them.
_TIME = re.compile(rb'\d{4}-\d\d-\d\dT[\d:.]+Z|,"degraded":true')
# The number of the caller's own latest change, which may be made between two subscriptions.
_NUMBER = re.compile(rb'("rev":"\d+)-\d+')


@dataclass
class Report:
    """What the campaign found. The times of a kind are pairs: with something foreign, and with something unknown."""

    attempts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    nanoseconds: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)

    def check(self, own: Side, others: list[Side], text: bytes, what: str, *, but: str = "") -> None:
        """Record a finding if a text that a workspace received names something of another one, except `but`."""
        for other in others:
            if other.marker.encode() in text:
                self.findings.append(f"{what} of {own.name} holds a text of {other.name}: {text[:500]!r}")
            for id_ in (*other.ids, *other.deleted):
                if id_ != but and id_.encode() in text:
                    self.findings.append(f"{what} of {own.name} holds the id {id_} of {other.name}: {text[:500]!r}")


async def campaign(world: World, count: int, report: Report, *, stop_early: bool = False) -> None:
    """Run `count` attempts, then check the subscriptions and the rows. `stop_early`: until the first finding."""
    names = list(SIZES)
    before = {name: [row for row in await world.rows() if row[0] == name] for name in names}
    for number in range(count):
        if stop_early and report.findings:
            break
        own, other = (world.sides[name] for name in world.random.sample(names, 2))
        others = [side for side in world.sides.values() if side is not own]
        if number % SUBSCRIBE_EVERY == 0:
            await _subscribe(world, own, other, others, report)
            continue
        if number % CHANGE_EVERY == 0:  # so that indexes, pages and events of the victim change too
            await world.data(other.name, RENAME, id=other.ids[0], title=f"{other.marker} {number}")
        attempt = world.random.choice([*ATTEMPTS, *LIST_ATTEMPTS])(world, own, other)
        if attempt.kind == "cached page":
            await world.wire.send(other.name, attempt.foreign)
        await _try(world, own, others, attempt, report)
    for name in names:
        side = world.sides[name]
        others = [other for other in world.sides.values() if other is not side]
        report.check(side, others, world.streams[name].received(), "An event")
    _check_rows(world, before, {name: [row for row in await world.rows() if row[0] == name] for name in names}, report)


async def _try(world: World, own: Side, others: list[Side], attempt: Attempt, report: Report) -> None:
    """Send both requests, in a random order, and compare their responses."""
    replies: dict[int, Reply] = {}
    requests, spent = (attempt.foreign, attempt.unknown), [0, 0]
    for which in world.random.sample([0, 1], 2):
        began = time.perf_counter_ns()
        replies[which] = await world.wire.send(own.name, requests[which], get=attempt.get)
        spent[which] = time.perf_counter_ns() - began
    report.attempts[attempt.kind] += 1
    report.nanoseconds[attempt.kind].append((spent[0], spent[1]))
    report.statuses[replies[0].status] += 1
    foreign, unknown = (
        (
            replies[which].status,
            _TIME.sub(b"", replies[which].body.replace(name.encode(), b"NAME") if name else replies[which].body),
        )
        for which, name in enumerate(attempt.names)
    )
    if foreign != unknown:
        report.findings.append(f"{attempt.kind} in {own.name} differs: {attempt.foreign} -> {foreign} != {unknown}")
    for which in (0, 1):
        report.check(own, others, replies[which].body, f"A response ({attempt.kind})", but=attempt.names[0])


async def _subscribe(world: World, own: Side, other: Side, others: list[Side], report: Report) -> None:
    """Subscribe after the `rev` of a foreign event, and after one of an index that never was."""
    epoch, _, number = other.rev.partition("-")
    first = []
    for rev in (f"{epoch}-{number}", f"{secrets.randbelow(int(epoch)) + 1}-{number}"):
        async with world.wire.events(own.name, CHANGES, after=rev) as events:
            first.append(await events.next())
    report.attempts["subscription"] += 1
    foreign, unknown = (_NUMBER.sub(rb"\1", event) for event in first)
    if foreign != unknown:
        report.findings.append(f"subscription in {own.name} after a rev of {other.name} differs: {first}")
    for event in first:
        report.check(own, others, event, "The first event")


def _check_rows(
    world: World,
    before: dict[str, list[tuple[object, ...]]],
    after: dict[str, list[tuple[object, ...]]],
    report: Report,
) -> None:
    """Record a finding for each task that a foreign caller changed. The victim itself renames its first task."""
    for name, rows in before.items():
        now = {row[1]: row for row in after[name]}
        for row in rows:
            if now.get(row[1]) != row and str(row[1]) != world.sides[name].ids[0]:
                report.findings.append(f"A task of {name} was changed: {row} -> {now.get(row[1])}")
