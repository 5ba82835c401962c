"""The checks of an operation against the limits: its shape before validation, and its cost before it runs."""

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

from schema.errors import OverLimit
from schema.limits.document import Fragments
from schema.limits.operation_limits import OperationLimits
from schema.limits.overlapping_fields import OverlapCounter
from schema.limits.shape import ShapeMeter

# Introspection nests deeper than any query for tasks: the one that GraphiQL sends has 13 levels.
MAX_INTROSPECTION_DEPTH = 15


def check_document(
    document: DocumentNode, operation: OperationDefinitionNode | None, fragments: Fragments, limits: OperationLimits
) -> None:
    """Check the shape of an operation, and the fields that its document repeats.

    Must precede validation, whose cost the shape bounds. Raises `GraphQLError` with a code.
    """
    if operation is not None:
        _check_shape(operation, fragments, limits)
    OverlapCounter(fragments).document(document)


def check_cost(requested: int, limit: int) -> None:
    """Raise `OverLimit` if an operation costs more points than the limit."""
    if requested > limit:
        message = (
            "The operation costs {requested:,} points; the limit is {limit:,}. Request smaller pages, or fewer "
            "tasks at once."
        )
        raise OverLimit("COST_LIMIT_EXCEEDED", message, limit, requested)


def _check_shape(operation: OperationDefinitionNode, fragments: Fragments, limits: OperationLimits) -> None:
    shape = ShapeMeter(fragments).operation(operation)
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
