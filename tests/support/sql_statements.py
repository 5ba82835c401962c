"""Every statement that `db/` sends, and which of the tables with workspaces a statement does not restrict to one."""

import ast
import importlib
import inspect
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

from pglast.parser import parse_sql_json

from db.statements import _numbered
from db.views import DIMENSIONS, MAX_DIMENSIONS, ORDER_NAMES, Orders, Shape
from db.wall import WORKSPACE_TABLES

DB = Path(__file__).parents[2] / "db"
_SENDING = ("query", "queue", "query_in_thread", "execute")
# These modules pass on the statements of others.
_PASSING_ON = ("connection", "pool", "statements")
Node = dict[str, Any]


def sent_statements() -> dict[str, str]:
    """Return the text of every statement by its module and name, such as `db.purge: PURGE_TASKS`."""
    found: dict[str, str] = {}
    for path in sorted(DB.glob("*.py")):
        if path.stem in _PASSING_ON:
            continue
        module = importlib.import_module(f"db.{path.stem}")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for call in _calls(function):
                    for name, text in _texts(call.args[0], module, function):
                        found[f"{module.__name__}: {name}"] = text
    return found


def _calls(function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SENDING:
            yield node


def _texts(expression: ast.expr, module: ModuleType, function: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names and values that the first argument of a call can have. Raises `ValueError` for any other form."""
    source = ast.unparse(expression)
    if isinstance(expression, ast.Name) and not hasattr(module, expression.id):
        assigned = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == expression.id
        ]
        if not assigned:
            raise ValueError(f"{module.__name__}: {source} is neither a constant nor assigned in its function.")
        for value in assigned:
            yield from _texts(value, module, function)
    elif isinstance(expression, ast.IfExp):
        yield from _texts(expression.body, module, function)
        yield from _texts(expression.orelse, module, function)
    elif isinstance(expression, ast.Subscript):
        for key, text in eval(ast.unparse(expression.value), vars(module)).items():
            yield f"{ast.unparse(expression.value)}[{key}]", text
    elif isinstance(expression, ast.Call):
        build = eval(ast.unparse(expression.func), vars(module))
        hints = get_type_hints(build)
        for values in itertools.product(*(_values(hints[name]) for name in inspect.signature(build).parameters)):
            yield f"{build.__name__}{values}", build(*values)
    elif isinstance(expression, ast.Name | ast.Constant):
        yield source, eval(source, vars(module))
    else:
        raise ValueError(f"{module.__name__}: {source} is not a constant, a table of statements or a function of SQL.")


def _values(hint: Any) -> list[Any]:
    """Return the values of a Literal, or of a Literal and None, every shape, or further orders."""
    if hint == Shape:
        return [shape for number in range(MAX_DIMENSIONS + 1) for shape in itertools.combinations(DIMENSIONS, number)]
    if hint == Orders:
        return [tuple(ORDER_NAMES.values())[:number] for number in range(len(ORDER_NAMES) + 1)]
    values: list[Any] = []
    for value in get_args(hint):
        values += _values(value) if get_args(value) else [None if value is type(None) else value]
    return values


def unrestricted_tables(sql: str) -> list[str]:
    """Return the tables with workspaces that a statement uses without a condition or a value `%(workspace)s`."""
    text, names = _numbered(sql)
    tree = json.loads(parse_sql_json(text.decode().replace("%s", "NULL")))
    numbers = {number for number, name in enumerate(names, 1) if name == "workspace"}
    restricted = 0
    for kind, statement in _nodes(tree):
        if kind == "InsertStmt" and statement["relation"]["relname"] in WORKSPACE_TABLES:
            restricted += _inserts_workspace(statement, numbers)
        # The two sides of a UNION have no names of statements.
        if kind not in ("SelectStmt", "UpdateStmt", "DeleteStmt") and "limitOption" not in statement:
            continue
        tables, conditions = _scope(statement)
        for table in tables:
            name = table.get("alias", {}).get("aliasname", table["relname"])
            restricted += any(_restricts(each, name, numbers, alone=len(tables) == 1) for each in conditions)
    used = [table["relname"] for _, table in _range_vars(tree) if table["relname"] in WORKSPACE_TABLES]
    return used if restricted < len(used) else []


def _nodes(node: Any) -> Iterator[tuple[str, Node]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict):
                yield key, value
            yield from _nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from _nodes(item)


def _range_vars(tree: Any) -> Iterator[tuple[str, Node]]:
    # The table of a write is a RangeVar without that name.
    for key, node in _nodes(tree):
        if "relname" in node:
            yield key, node


def _scope(statement: Node) -> tuple[list[Node], list[Node]]:
    """Return the tables with workspaces of a statement itself, not of its subqueries, and its conditions."""
    sources = [*statement.get("fromClause", []), *statement.get("usingClause", [])]
    tables, conditions = [], _conjuncts(statement.get("whereClause"))
    if "relation" in statement:
        tables.append(statement["relation"])
    while sources:
        source = sources.pop()
        if join := source.get("JoinExpr"):
            sources += [join["larg"], join["rarg"]]
            if join.get("jointype") == "JOIN_INNER":  # an outer join keeps rows that fail its condition
                conditions += _conjuncts(join.get("quals"))
        elif found := source.get("RangeVar") or source.get("RangeTableSample", {}).get("relation", {}).get("RangeVar"):
            tables.append(found)
    return [table for table in tables if table["relname"] in WORKSPACE_TABLES], conditions


def _conjuncts(condition: Node | None) -> list[Node]:
    if condition is None:
        return []
    if condition.get("BoolExpr", {}).get("boolop") == "AND_EXPR":
        return [each for part in condition["BoolExpr"]["args"] for each in _conjuncts(part)]
    return [condition]


def _restricts(condition: Node, table: str, numbers: set[int], *, alone: bool) -> bool:
    """Return whether a condition is `workspace_id = %(workspace)s` for a table."""
    comparison = condition.get("A_Expr", {})
    if comparison.get("kind") != "AEXPR_OP" or comparison["name"] != [{"String": {"sval": "="}}]:
        return False
    fields = [each.get("String", {}).get("sval") for each in comparison["lexpr"].get("ColumnRef", {}).get("fields", [])]
    return (fields == [table, "workspace_id"] or (alone and fields == ["workspace_id"])) and _is_workspace(
        comparison["rexpr"], numbers
    )


def _inserts_workspace(statement: Node, numbers: set[int]) -> bool:
    columns = [column["ResTarget"]["name"] for column in statement.get("cols", [])]
    if "workspace_id" not in columns:
        return False
    place, select = columns.index("workspace_id"), statement["selectStmt"]["SelectStmt"]
    if "valuesLists" in select:
        return all(_is_workspace(row["List"]["items"][place], numbers) for row in select["valuesLists"])
    return _is_workspace(select["targetList"][place]["ResTarget"]["val"], numbers)


def _is_workspace(value: Node, numbers: set[int]) -> bool:
    while "TypeCast" in value:
        value = value["TypeCast"]["arg"]
    return value.get("ParamRef", {}).get("number") in numbers
