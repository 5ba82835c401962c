"""The campaign: its cases, the file of their results, and the running of one case with its own stores."""

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
from tests.faults.fault import CaseResult, Fault, run_case

# Limits of what the results file keeps of a case.
MAX_VIOLATIONS = 30
MAX_VIOLATION_CHARACTERS = 4000


@dataclass(frozen=True)
class PlannedCase:
    """A case to run."""

    fault: Fault
    seed: int
    count: int


def plan_cases(faults: list[Fault], *, seed: int | None, count: int | None) -> list[PlannedCase]:
    """Return the cases, round-robin over the faults, so that an interrupted campaign has run some of each."""
    cases_by_fault = [list(_cases_of(fault, seed, count)) for fault in faults]
    return [case for turn in zip_longest(*cases_by_fault) for case in turn if case is not None]


def _cases_of(fault: Fault, seed: int | None, count: int | None) -> Iterator[PlannedCase]:
    per_case = fault.injections_per_case
    if seed is not None:
        yield PlannedCase(fault, seed, min(count or per_case, per_case))
        return
    remaining, next_seed = count or fault.total_injections, 1
    while remaining > 0:
        yield PlannedCase(fault, next_seed, min(remaining, per_case))
        remaining, next_seed = remaining - per_case, next_seed + 1


class Results:
    """The file of results: one line of JSON for each case that was run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def all(self) -> list[dict[str, Any]]:
        """Return the latest result of each case."""
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        return list({(case["fault"], case["seed"]): case for case in map(json.loads, lines)}.values())

    def contains(self, case: PlannedCase) -> bool:
        """Return whether the case was run with at least as many injections."""
        key = (case.fault.name, case.seed)
        return any((old["fault"], old["seed"]) == key and old["injected"] >= case.count for old in self.all())

    def add(self, result: CaseResult) -> None:
        """Append a result to the file."""
        record = result.to_record()
        violations = record["violations"][:MAX_VIOLATIONS]
        record["violations"] = [text[:MAX_VIOLATION_CHARACTERS] for text in violations]
        with self._path.open("a") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def run_planned(planned: PlannedCase) -> CaseResult:
    """Run one case with its own stores."""
    fault, seed, count = planned.fault, planned.seed, planned.count
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        if fault.run is not None:
            result = asyncio.run(fault.run(fault, seed, count, folder))
        else:
            result = _run_with_embedded_stores(planned, folder)
    return replace(result, violations=result.violations + fault.check_measurements(result))


def _run_with_embedded_stores(planned: PlannedCase, folder: Path) -> CaseResult:
    settings = Settings(database_url=None, redis_url=None, data_dir=folder / "stores")
    with EmbeddedStores(settings, durable=False) as urls:
        database_url = urls.database_url.replace(":///millitask?", ":///campaign?")
        with psycopg.connect(urls.database_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE campaign")
        migrate(database_url)
        return asyncio.run(run_case(planned.fault, planned.seed, planned.count, folder, database_url))
