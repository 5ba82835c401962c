"""The whole campaign: case after case, each written down when it is over, so that it goes on where it was stopped."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import psycopg

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from db.migrations import migrate
from tests.faults.fault import Case, Fault, play

# Kept of what went wrong in a case.
MOST_TEXTS = 30


@dataclass(frozen=True)
class Planned:
    """A case that is to be played."""

    fault: Fault
    seed: int
    count: int


def plan(faults: list[Fault], *, seed: int | None, count: int | None) -> list[Planned]:
    """The cases, in turn of each fault one, so that a campaign that is cut short has seen all of them."""
    rows = [list(_of(fault, seed, count)) for fault in faults]
    return [case for turn in zip_longest(*rows) for case in turn if case is not None]


def _of(fault: Fault, seed: int | None, count: int | None) -> Iterator[Planned]:
    if seed is not None:
        yield Planned(fault, seed, min(count or fault.each, fault.each))
        return
    left, number = count or fault.long, 1
    while left > 0:
        yield Planned(fault, number, min(left, fault.each))
        left, number = left - fault.each, number + 1


class Results:
    """A line of JSON for each case that was played."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def all(self) -> list[dict[str, Any]]:
        """The cases, each as it was played last."""
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        return list({(case["fault"], case["seed"]): case for case in map(json.loads, lines)}.values())

    def have(self, case: Planned) -> bool:
        """Whether it was played, with as many injections."""
        wanted = (case.fault.name, case.seed)
        return any((old["fault"], old["seed"]) == wanted and old["injected"] >= case.count for old in self.all())

    def add(self, case: Case) -> None:
        """One more."""
        record = case.record()
        record["violations"] = [text[:4000] for text in record["violations"][:MOST_TEXTS]]
        with self._path.open("a") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def run(planned: Planned) -> Case:
    """One case, with stores of its own."""
    fault, seed, count = planned.fault, planned.seed, planned.count
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        if fault.play is not None:
            case = asyncio.run(fault.play(fault, seed, count, folder))
            return replace(case, violations=case.violations + fault.judge(case))
        settings = Settings(database_url=None, redis_url=None, data_dir=folder / "stores")
        with EmbeddedStores(settings, durable=False) as urls:
            database_url = urls.database_url.replace(":///millitask?", ":///campaign?")
            with psycopg.connect(urls.database_url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE campaign")
            migrate(database_url)
            case = asyncio.run(play(fault, seed, count, folder, database_url))
    return replace(case, violations=case.violations + fault.judge(case))
