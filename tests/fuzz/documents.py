"""Generated operations: what schemathesis makes of the schema, and the same with ids and cursors that exist."""

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
# Operations that Hypothesis makes in one run; each run has a seed of its own.
RUN = 200
MOMENTS = [
    "2100-01-01T00:00:00Z",
    "2000-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999Z",
    "2100-02-30T00:00:00Z",
    "",
]
AS_ASKED = settings(
    max_examples=RUN,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_ID = re.compile(r'\b(id|ids): ("(?:[^"\\]|\\.)*"|-?\d+)')
_CURSOR = re.compile(r'\b(after|before): "(?:[^"\\]|\\.)*"')
_NUMBER = re.compile(r"\b(first|last|page|expectedVersion): -?\d+")
_SEEN_ID = re.compile(r'"id":"([0-9a-f-]{36})"')
_SEEN_CURSOR = re.compile(r'"(?:cursor|startCursor|endCursor)":"([^"]+)"')


def generated(first_seed: int) -> Iterator[str]:
    """Operations without end; the same ones for the same seed."""
    schemathesis.graphql.scalar("DateTime", st.sampled_from(MOMENTS).map(nodes.String))
    found: Any = schemathesis.graphql.from_path(SDL).get_all_operations()
    operations = [each.ok() for each in found]
    strategy = st.one_of([operation.as_strategy() for operation in operations if "Subscription" not in operation.label])
    for run in range(10**9):
        made: list[str] = []

        @seed(first_seed + run)
        @AS_ASKED
        @given(strategy)
        def collect(case: Any) -> None:
            made.append(case.body)  # noqa: B023 - it is run before the next

        collect()
        yield from made


class Spice:
    """Puts into operations what the service has said before: ids, cursors, and numbers at the limits."""

    def __init__(self, spiced_by: int) -> None:
        self._random = random.Random(spiced_by)
        self._ids: deque[str] = deque(maxlen=500)
        self._cursors: deque[str] = deque(maxlen=500)

    def learn(self, answer: str) -> None:
        """Remembers the ids and cursors of an answer."""
        self._ids.extend(_SEEN_ID.findall(answer)[:20])
        self._cursors.extend(_SEEN_CURSOR.findall(answer)[:20])

    def put(self, document: str) -> str:
        """Another operation of the same form."""
        document = _ID.sub(lambda found: f'{found[1]}: "{self._id()}"', document)
        document = _CURSOR.sub(lambda found: f'{found[1]}: "{self._cursor()}"', document)
        return _NUMBER.sub(lambda found: f"{found[1]}: {self._number()}", document)

    def _id(self) -> str:
        return self._random.choice(self._ids) if self._ids else ""

    def _cursor(self) -> str:
        cursor = self._random.choice(self._cursors) if self._cursors else ""
        if cursor and self._random.random() < 0.2:  # cut, or with another letter in it
            at = self._random.randrange(len(cursor))
            cursor = cursor[:at] + self._random.choice(["", "A", "_", "~"]) + cursor[at + 1 :]
        return cursor

    def _number(self) -> int:
        return self._random.choice([-1, 0, 1, 2, 10, 100, 101, 2**31 - 1, 2**31, -(2**31), 10**30])
