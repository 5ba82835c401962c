"""Tests that docs/reference/errors.md lists exactly the error codes of the code."""

import ast
import re
from collections.abc import Iterator

from graphql import GraphQLEnumType, build_schema

from schema.build import sdl
from schema.types.payloads import UserErrorCode
from tests.unit.docs.pages import DOCS, ROOT, first_cells, section

PAGE = DOCS / "reference" / "errors.md"
# Constants of the same form that are not error codes: HTTP, stores, servers, asyncio, metrics.
OTHER_CONSTANTS = {
    *("POST", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PATCH", "DENY", "HTTP"),
    *("DATABASE", "REDIS", "DATABASE_URL", "REDIS_URL"),
    *("DATABASE_REPLICA", "DATABASE_REPLICA_URL"),
    *("FATAL", "PG_VERSION", "FIRST_COMPLETED", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX"),
    *("PAGES", "TASKS_IN_REDIS", "HOURS", "REQUESTS"),  # units of advice
    "CLIENT_CLOSED_REQUEST",  # an outcome in logs and metrics, for which there is no response
}


def constants() -> Iterator[str]:
    """Yield the string constants of api/ and schema/ that have the form of a code."""
    for path in (path for folder in ("api", "schema") for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and re.fullmatch(r"(?!MILLITASK_|OTEL_)[A-Z][A-Z_]{3,}", str(node.value)):
                yield str(node.value)


def enum_values() -> set[str]:
    enums = (type_ for type_ in build_schema(sdl()).type_map.values() if isinstance(type_, GraphQLEnumType))
    return {value for enum in enums for value in enum.values}


def test_every_error_code_is_documented_and_no_other() -> None:
    codes = set(constants()) - enum_values() - OTHER_CONSTANTS
    assert first_cells(section(PAGE, "Codes in `errors`")) == codes


def test_every_user_error_code_is_documented_and_no_other() -> None:
    assert first_cells(section(PAGE, "Codes in `userErrors`")) == {str(code.value) for code in UserErrorCode}
