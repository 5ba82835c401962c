"""The structure of `cache/`: its packages and modules form short layers with few dependencies."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

CACHE = Path(__file__).parents[3] / "cache"
# These limits match the current structure. Remove a dependency rather than raise a limit.
MAX_CHAIN = 8
MAX_DEPENDENCIES = 53


def unit(path: Path) -> str:
    """Return the unit of a file: its package in `cache/`, or the module itself if the module is in no package."""
    return path.relative_to(CACHE).parts[0].removesuffix(".py")


def imported_units(path: Path) -> set[str]:
    """Return the other units that a file imports, at load time or later."""
    modules: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    names = (module.split(".") for module in modules)
    return {name[1] for name in names if name[0] == "cache"} - {unit(path)}


def dependencies() -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for path in CACHE.rglob("*.py"):
        if path != CACHE / "__init__.py":
            graph.setdefault(unit(path), set()).update(imported_units(path))
    return graph


def test_units_have_no_import_cycle_and_no_long_chain() -> None:
    graph, chain = dependencies(), dict[str, int]()
    for name in TopologicalSorter(graph).static_order():  # raises CycleError
        chain[name] = 1 + max((chain[imported] for imported in graph[name]), default=0)
    assert max(chain.values()) <= MAX_CHAIN, chain


def test_units_have_few_dependencies() -> None:
    graph = dependencies()
    assert set().union(*graph.values()) <= set(graph)
    assert sum(map(len, graph.values())) <= MAX_DEPENDENCIES, graph
