"""Runs generated operations through both executors, and counts what happened."""

import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema

from compiler import CompilerOptions
from tests.fuzz.differential.compare import Case, Comparison, compare
from tests.fuzz.differential.generator import DocumentGenerator
from tests.fuzz.differential.literals import ValuePools
from tests.fuzz.differential.plain_schema import plain_schema
from tests.fuzz.differential.strawberry_schema import OPTIONS, POOLS, SCHEMA, Query

MAX_FINDINGS = 20


@dataclass(frozen=True)
class Subject:
    """A schema to run operations on. `root` and `context` return new values for each execution."""

    schema: GraphQLSchema
    options: CompilerOptions
    pools: ValuePools
    root: Callable[[random.Random], Callable[[], Any]]
    context: Callable[[], Any] = lambda: None


@dataclass
class Report:
    """What a run has found. `decoded` counts operations whose variables the fast decoder accepted."""

    compiled: int = 0
    with_errors: int = 0
    with_data: int = 0
    decoded: int = 0
    not_compiled: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def add(self, case: Case, found: Comparison) -> None:
        """Count a comparison, and record it if the answers differ."""
        if found.compiled is None:
            self.not_compiled[found.reason] += 1
            return
        self.compiled += 1
        self.with_errors += bool(found.standard.errors)
        self.with_data += found.standard.data != "null"
        self.decoded += not found.rejected
        if not found.equal and len(self.findings) < MAX_FINDINGS:
            self.findings.append(
                f"{case.document}\nname: {case.operation_name}\nvariables: {json.dumps(case.variables)}\n"
                f"standard: {found.standard}\ncompiled: {found.compiled}"
            )


async def run(subject: Subject, count: int, seed: int, report: Report) -> None:
    """Compare `count` operations. The seed determines all of them."""
    # Strawberry logs every error.
    logging.getLogger("strawberry.execution").disabled = True
    rng = random.Random(seed)
    generator = DocumentGenerator(subject.schema, rng, subject.pools)
    for _ in range(count):
        case, document = generator.valid_case()
        found = await compare(
            subject.schema,
            document,
            case,
            options=subject.options,
            root=subject.root(rng),
            context=subject.context,
        )
        report.add(case, found)


def plain() -> Subject:
    """Return a schema of graphql-core whose resolvers return anything."""

    def root(rng: random.Random) -> Callable[[], Any]:
        value = (rng.randrange(1000), rng.choice([0, 0, 0.01, 0.03]))
        return lambda: value

    return Subject(plain_schema(), CompilerOptions(), {}, root)


def strawberry() -> Subject:
    """Return a schema of Strawberry with encoded types and batch resolvers."""
    return Subject(SCHEMA, OPTIONS, POOLS, lambda rng: Query)


SUBJECTS: Mapping[str, Callable[[], Subject]] = {"plain": plain, "strawberry": strawberry}
