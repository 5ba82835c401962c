"""The edits of Python code: comparisons, conditions, numbers, arithmetic, returned values and omitted statements."""

import ast
import re
from collections.abc import Iterator

from tests.mutation.mutant import Edit
from tests.mutation.sql_operators import looks_like_sql, sql_edits

_COMPARISONS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is": "is not", "is not": "is",
    "in": "not in", "not in": "in",
}  # fmt: skip
_ARITHMETIC = {"+": "-", "-": "+", "*": "//", "//": "*", "/": "*", "%": "+", "|": "&", "&": "|", "<<": ">>"}
_ASSIGNMENTS = {"+=": "-=", "-=": "+=", "|=": "&="}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Calls whose omission is no fault of the protocol.
_LOGGING = ("log", "_logger")
# Arguments that state an assumption and change nothing.
_STATEMENTS_OF_FACT = ("strict", "frozen", "slots", "eq")


def python_edits(source: bytes) -> list[Edit]:
    """Return the edits of a module, and of the SQL in its texts."""
    return list(_Edits(source).visit_all())


class _Edits:
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def visit_all(self) -> Iterator[Edit]:
        yield from self._visit(ast.parse(self._source))

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._lines[node.end_lineno - 1] + node.end_col_offset

    def _replace(self, node: ast.expr | ast.stmt, text: str, operator: str) -> Edit:
        return Edit(self._start(node), self._end(node), text, operator)

    def _between(self, left: ast.expr, right: ast.expr, swaps: dict[str, str], operator: str) -> Iterator[Edit]:
        """Swap the operator between two operands, which may stand in parentheses."""
        start, end = self._end(left), self._start(right)
        found = re.search(rb"not in|is not|in|is|and|or|[<>=!+\-*/%|&]+", self._source[start:end])
        if found and (other := swaps.get(found[0].decode())):
            yield Edit(start + found.start(), start + found.end(), other, operator)

    def _visit(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.Assert) or _is_type_checking(node):
            return
        if isinstance(node, ast.expr):
            yield from self._expression(node)
        elif isinstance(node, ast.stmt):
            yield from self._statement(node)
        if isinstance(node, ast.JoinedStr) or _is_docstring(node):
            return
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases", "exc", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.comprehension):
                    for condition in child.ifs:
                        yield from self._condition(condition)
                if isinstance(child, ast.keyword) and child.arg in _STATEMENTS_OF_FACT:
                    continue
                if isinstance(child, ast.AST):
                    yield from self._visit(child)

    def _expression(self, node: ast.expr) -> Iterator[Edit]:
        match node:
            case ast.Compare():
                for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
                    yield from self._between(left, right, _COMPARISONS, "comparison")
            case ast.BoolOp():
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from self._between(left, right, {"and": "or", "or": "and"}, "and/or")
            case ast.BinOp():
                yield from self._between(node.left, node.right, _ARITHMETIC, "arithmetic")
            case ast.UnaryOp(op=ast.Not()):
                yield Edit(self._start(node), self._start(node.operand), "", "without not")
            case ast.IfExp():
                yield from self._condition(node.test)
            case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
                yield self._replace(node.func, _CALLS[name], "other function")
            case ast.Constant(value=bool()):
                yield self._replace(node, str(not node.value), "other truth")
            case ast.Constant(value=int(number)):
                yield self._replace(node, str(number + 1), "other number")
            case ast.Constant(value=float(seconds)):
                yield self._replace(node, repr(seconds * 4 + 1), "other number")
            case ast.Constant(value=str()) | ast.JoinedStr():
                text = self._source[self._start(node) : self._end(node)]
                if looks_like_sql(text):
                    for edit in sql_edits(text):
                        start = self._start(node)
                        yield edit._replace(start=start + edit.start, end=start + edit.end)

    def _statement(self, node: ast.stmt) -> Iterator[Edit]:
        match node:
            case ast.If() | ast.While():
                yield from self._condition(node.test)
            case ast.AugAssign():
                yield self._replace(node, "pass", "omission")
                text = self._source[self._end(node.target) : self._start(node.value)]
                found = re.search(rb"[^\s=]+=", text)
                if found and (other := _ASSIGNMENTS.get(found[0].decode())):
                    start = self._end(node.target)
                    yield Edit(start + found.start(), start + found.end(), other, "arithmetic")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]) | ast.Delete() | ast.Raise():
                yield self._replace(node, "pass", "omission")
            case ast.Continue() | ast.Break():
                yield self._replace(node, "pass", "omission")
            case ast.Expr() if not _is_docstring(node) and not _is_logging(node.value):
                yield self._replace(node, "yield" if isinstance(node.value, ast.Yield) else "pass", "omission")
            case ast.Return(value=ast.expr() as value) if not _is_none(value):
                yield self._replace(node, "return None", "no result")

    def _condition(self, test: ast.expr) -> Iterator[Edit]:
        if not isinstance(test, ast.Constant):
            for truth in ("True", "False"):
                yield self._replace(test, truth, "condition")


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_logging(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in _LOGGING


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
