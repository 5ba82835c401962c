"""The files that are mutated, by group, and the tests that may find their mutants."""

import random
import re
from collections.abc import Iterator
from functools import cache

from tests.mutation.lua_operators import lua_edits
from tests.mutation.mutant import ROOT, Mutant, mutants_of
from tests.mutation.python_operators import python_edits
from tests.mutation.sql_operators import sql_edits

GROUPS = {
    "lua": ["cache/redis/scripts/[!p]*.lua", "cache/redis/scripts/p[!r]*.lua", "cache/redis/scripts/prelude.lua"],
    "sql": [
        "db/gate.py", "db/task_table.py", "db/outcomes.py", "db/index_source.py", "db/purge.py", "db/sql/0002-gate.sql",
    ],
    "redis": [
        f"cache/redis/{name}.py"
        for name in ("protocol", "index", "index_scripts", "position", "entry", "create_records", "fills", "keys")
    ],
    "writes": ["cache/writes/*.py", "db/statements.py"],
    "gate": ["cache/gate/*.py"],
    "reads": ["cache/reads/batching.py", "cache/reads/loader.py", "cache/reads/access.py", "cache/page_cache.py"],
    "maintenance": [
        "cache/maintenance/scrub.py", "cache/maintenance/audit.py", "cache/repair_queue.py", "cache/pending_writes.py",
        "cache/maintenance/idle_indexes.py", "db/idle_gates.py",
    ],
    "limits": [
        "schema/limits/*.py", "api/config/limits.py", "api/http/body_limit.py", "api/http/connection_limits.py",
        "api/http/limited_connection.py", "api/http/request_limit.py", "cache/rates/*.py",
    ],
}  # fmt: skip

# Words in the names of the test files that are about a file. Their tests run first.
SUBJECTS = {
    "cache/redis/scripts/": "steps|cursors|moving|scrub|bulk_creates|expiry|totals|feed|draw",
    "cache/redis/": "steps|scrub|bulk_creates|settle|test_index|test_entry|test_keys|fills|redis_access|cursor",
    "cache/writes/": "writes|steps|bulk_creates|test_edit",
    "cache/gate/": "test_gate|lost_index|redis_unavailable|workspaces",
    "cache/reads/": "batching|page_cache|single_flight|read_limit|fill_wait|fills|cancellation|read_steps",
    "cache/page_cache.py": "kept_pages|page_cache",
    "cache/rates/": "integration/rates",
    "cache/maintenance/": "scrub|audit|late_writer|bulk_creates|workspaces",
    "cache/": "repair_queue|pending_writes",
    "db/": "lock_order|sequences|session_connection|tasks|statements|test_gate|purge|index_source|scrub|late_writer",
    "schema/limits/": "unit/schema|schema/test_limits",
    "api/config/": "settings",
    "api/http/body": "body_limit|large_bodies|bad_requests",
    "api/http/": "connection_l|request_limit|test_connection|busy",
}

# The tests that a mutant may fail. Acceptance tests and campaigns take too long for each mutant.
TESTS = ["tests/unit", "tests/integration"]
_PACKAGES = ("api", "cache", "db", "schema", "compiler")


def mutants(group: str) -> Iterator[Mutant]:
    """Yield all mutants of a group, in the order of the files."""
    for pattern in GROUPS[group]:
        for path in sorted(ROOT.glob(pattern)):
            source, name = path.read_bytes(), str(path.relative_to(ROOT))
            edits = {".py": python_edits, ".lua": lua_edits, ".sql": sql_edits}[path.suffix](source)
            yield from mutants_of(group, name, source, edits)


def sample(group: str, size: int | None, seed: int) -> list[Mutant]:
    """Return the mutants of a group in a random order, or the first of them. A larger sample contains a smaller one."""
    found = list(mutants(group))
    random.Random(seed).shuffle(found)
    return found[:size]


def is_about(test: str, path: str) -> bool:
    """Return whether a test is in a file about this path."""
    words = next((words for prefix, words in SUBJECTS.items() if path.startswith(prefix)), "$^")
    return re.search(words, test.partition("::")[0]) is not None


@cache
def sources() -> dict[str, list[str]]:
    """Return the lines of all modules, by path."""
    paths = [path for package in _PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text().splitlines() for path in paths}
