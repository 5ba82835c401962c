"""Generates operations from the schema with Schemathesis, and variants with ids and cursors that exist."""

import random
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"
# Each run of Hypothesis generates this many operations, with a seed of its own.
RUN_LENGTH = 200
MOMENTS = [
    "2100-01-01T00:00:00Z",
    "2000-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999Z",
    "2100-02-30T00:00:00Z",
    "",
]
OBJECTS = [nodes.Object([]), nodes.String("no object")]
GENERATE_ONLY = settings(
    max_examples=RUN_LENGTH,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)
_ID = re.compile(r'\b(id|ids): ("(?:[^"\\]|\\.)*"|-?\d+)')
_CURSOR = re.compile(r'\b(after|before): "(?:[^"\\]|\\.)*"')
_NUMBER = re.compile(r"\b(first|last|page|expectedVersion): -?\d+")
_SEEN_ID = re.compile(r'"id":"([0-9a-f-]{36})"')
_SEEN_CURSOR = re.compile(r'"(?:cursor|startCursor|endCursor)":"([^"]+)"')


def generate_operations(first_seed: int) -> Iterator[str]:
    """Yield an endless sequence of operations that depends only on the seed."""
    schemathesis.graphql.scalar("DateTime", st.sampled_from(MOMENTS).map(nodes.String))
    schemathesis.graphql.scalar("JSONObject", st.sampled_from(OBJECTS))
    results: Any = schemathesis.graphql.from_path(SDL).get_all_operations()
    operations = [result.ok() for result in results]
    strategy = st.one_of([operation.as_strategy() for operation in operations if "Subscription" not in operation.label])
    for run in range(10**9):
        documents: list[str] = []

        @seed(first_seed + run)
        @GENERATE_ONLY
        @given(strategy)
        def collect(case: Any) -> None:
            documents.append(case.body)  # noqa: B023 - `collect` is called in this iteration

        collect()
        yield from documents


class KnownValues:
    """Inserts known values into operations: ids and cursors from responses, and numbers at the limits."""

    def __init__(self, seed_value: int) -> None:
        self._random = random.Random(seed_value)
        self._ids: deque[str] = deque(maxlen=500)
        self._cursors: deque[str] = deque(maxlen=500)

    def learn(self, response: str) -> None:
        """Store the ids and cursors of a response."""
        self._ids.extend(_SEEN_ID.findall(response)[:20])
        self._cursors.extend(_SEEN_CURSOR.findall(response)[:20])

    def insert_into(self, document: str) -> str:
        """Return the document with ids, cursors and numbers replaced by randomly chosen known values."""
        document = _ID.sub(lambda found: f'{found[1]}: "{self._id()}"', document)
        document = _CURSOR.sub(lambda found: f'{found[1]}: "{self._cursor()}"', document)
        return _NUMBER.sub(lambda found: f"{found[1]}: {self._number()}", document)

    def _id(self) -> str:
        return self._random.choice(self._ids) if self._ids else ""

    def _cursor(self) -> str:
        cursor = self._random.choice(self._cursors) if self._cursors else ""
        if cursor and self._random.random() < 0.2:  # truncates the value, or changes a character
            at = self._random.randrange(len(cursor))
            cursor = cursor[:at] + self._random.choice(["", "A", "_", "~"]) + cursor[at + 1 :]
        return cursor

    def _number(self) -> int:
        return self._random.choice([-1, 0, 1, 2, 10, 100, 101, 2**31 - 1, 2**31, -(2**31), 10**30])
