"""Tests the direction of imports between the packages of the schema layer."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SCHEMA = Path(__file__).parents[3] / "schema"
FILES = sorted(path for path in SCHEMA.rglob("*.py") if path != SCHEMA / "__init__.py")
# From the bottom to the top. A module imports only its own package and packages of lower levels.
LEVELS = (
    ("errors", "ids", "context"),
    ("cursor",),
    ("types",),
    ("administration", "insights"),
    ("limits", "resolvers"),
    ("execution",),
    ("build",),
    ("reference",),
)
LEVEL_OF = {package: level for level, packages in enumerate(LEVELS) for package in packages}


def package_of(path: Path) -> str:
    """Return the package below `schema`, or the name of a module that is directly in `schema`."""
    return path.relative_to(SCHEMA).parts[0].removesuffix(".py")


def imported_packages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (module.split(".")[1] for module in modules if module.startswith("schema."))


def test_every_package_has_a_level() -> None:
    assert {package_of(path) for path in FILES} == set(LEVEL_OF)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SCHEMA).as_posix())
def test_imports_point_to_lower_levels(path: Path) -> None:
    own = package_of(path)
    wrong = [other for other in imported_packages(path) if other != own and LEVEL_OF[other] >= LEVEL_OF[own]]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SCHEMA).as_posix())
def test_functions_contain_no_imports(path: Path) -> None:
    functions = (
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert not [
        function.name
        for function in functions
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
    ]
