"""The functions to which types, fields and selections compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from compiler.paths import PathLink
from compiler.run import FieldInfo, Run

if TYPE_CHECKING:
    from graphql import GraphQLObjectType, GraphQLSchema

    from compiler.options import CompilerOptions

# Completes a value, given its path. Returns a coroutine if something must be awaited. Raises errors without a path.
Complete = Callable[[Any, Run, PathLink], Any]
# Completes the values of a list at once. Raises any exception if one of them is not of the usual kind. Has no effects.
Column = Callable[[list[Any], Run], list[Any]]
# Resolves and completes a field of an object, given the path of the object. Errors are raised with their path.
Execute = Callable[[Any, Run, "PathLink | None"], Any]


class Completer:
    """The completion of the values of one type.

    column: returns the column for the nullable or the non-null type, or None if there is none.
    exact: values of exactly this Python type are complete.
    """

    __slots__ = ("column", "complete", "exact")

    def __init__(
        self,
        complete: Complete,
        column: Callable[[bool], Column | None] = lambda nullable: None,
        exact: type | None = None,
    ) -> None:
        self.complete = complete
        self.column = column
        self.exact = exact


class FieldPlan:
    """A selected field. `column` returns its completed values for a list of objects."""

    __slots__ = ("column", "execute", "key")

    def __init__(self, key: str, execute: Execute, column: Column | None = None) -> None:
        self.key = key
        self.execute = execute
        self.column = column


class Selection:
    """The selected fields of an object type. `execute` returns the struct of an object, or a coroutine."""

    __slots__ = ("column", "execute", "fields", "struct")

    def __init__(self, struct: type, fields: list[FieldPlan], execute: Execute, column: Column | None) -> None:
        self.struct = struct
        self.fields = fields
        self.execute = execute
        self.column = column


class Scope(Protocol):
    """What the compilation of a type needs: the schema, the options, and the selections below a field."""

    schema: GraphQLSchema
    options: CompilerOptions

    def object_completer(self, type_: GraphQLObjectType, field: FieldInfo) -> Completer:
        """Return the completer for objects of a type as values of a field."""
