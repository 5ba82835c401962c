"""The checks of an operation against the limits: its shape before validation, and its cost before it runs."""

import re
from typing import Any

from graphql import (
    DocumentNode,
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    Visitor,
    visit,
)

from schema.errors import OverLimit
from schema.limits.document import Fragments
from schema.limits.operation_limits import OperationLimits
from schema.limits.overlapping_fields import OverlapCounter
from schema.limits.shape import OperationShape, ShapeMeter

# Introspection nests deeper than any query for tasks: the one that GraphiQL sends has 13 levels.
MAX_INTROSPECTION_DEPTH = 15
# Python refuses to convert an integer of more than 4,300 digits, and validation converts every integer.
MAX_NUMBER_DIGITS = 1000
_LONG_NUMBER = re.compile(rf"[0-9]{{{MAX_NUMBER_DIGITS + 1}}}")


def check_document(
    document: DocumentNode, operation: OperationDefinitionNode | None, fragments: Fragments, limits: OperationLimits
) -> OperationShape:
    """Check the shape of an operation, and the fields that its document repeats. Return the shape.

    Must precede validation, whose cost the shape bounds. Raises `GraphQLError` with a code.
    """
    shape = OperationShape() if operation is None else ShapeMeter(fragments).operation(operation)
    _check_shape(shape, limits)
    OverlapCounter(fragments).document(document)
    return shape


def check_numbers(text: str, document: DocumentNode) -> None:
    """Raise `OverLimit` if the document of a text contains a number with too many digits."""
    if _LONG_NUMBER.search(text):
        visit(document, _NumberVisitor())


def check_cost(requested: int, limit: int) -> None:
    """Raise `OverLimit` if an operation costs more points than the limit."""
    if requested > limit:
        message = (
            "The operation costs {requested:,} points; the limit is {limit:,}. Request smaller pages, or fewer "
            "tasks at once."
        )
        raise OverLimit("COST_LIMIT_EXCEEDED", message, limit, requested)


def _check_shape(shape: OperationShape, limits: OperationLimits) -> None:
    if shape.introspection_depth and not limits.introspection:
        message = "Introspection is disabled on this service. Use the schema file from its documentation."
        raise GraphQLError(message, extensions={"code": "INTROSPECTION_DISABLED"})
    for code, what, limit, requested in (
        ("QUERY_TOO_DEEP", "levels of fields", limits.depth, shape.depth),
        ("QUERY_TOO_DEEP", "levels of introspection", MAX_INTROSPECTION_DEPTH, shape.introspection_depth),
        ("TOO_MANY_ALIASES", "aliases", limits.aliases, shape.aliases),
        ("TOO_MANY_DIRECTIVES", "directives", limits.directives, shape.directives),
    ):
        if requested > limit:
            message = "The operation has {requested:,} " + what + "; the limit is {limit:,}."
            raise OverLimit(code, message, limit, requested)


class _NumberVisitor(Visitor):
    """Raises `OverLimit` at the first number with too many digits."""

    def enter_int_value(self, node: IntValueNode, *_: Any) -> None:
        self._check(node)

    def enter_float_value(self, node: FloatValueNode, *_: Any) -> None:
        self._check(node)

    def _check(self, node: IntValueNode | FloatValueNode) -> None:
        if len(node.value) > MAX_NUMBER_DIGITS:
            message = "The document contains a number of {requested:,} characters; the limit is {limit:,}. Shorten it."
            raise OverLimit("NUMBER_TOO_LONG", message, MAX_NUMBER_DIGITS, len(node.value))
