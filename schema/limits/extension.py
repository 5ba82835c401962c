"""The Strawberry extension that rejects operations over a limit before they run."""

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import Schema

from schema.errors import OverLimit
from schema.limits.cost import CostEstimator
from schema.limits.document import fragments_of, operation_of
from schema.limits.operation_limits import OperationLimits
from schema.limits.overlapping_fields import OverlapCounter
from schema.limits.shape import OperationShape, ShapeMeter

# Introspection nests deeper than any query for tasks: the one that GraphiQL sends has 13 levels.
MAX_INTROSPECTION_DEPTH = 15


class LimitsExtension(SchemaExtension):
    """Checks the shape of an operation before validation and its cost after validation."""

    def __init__(self, limits: OperationLimits) -> None:
        super().__init__()
        self._limits = limits
        self._requested_cost: int | None = None

    def on_operation(self) -> Iterator[None]:
        """Set the limit on tokens, which graphql-core checks while it parses."""
        self.execution_context.parse_options["max_tokens"] = self._limits.tokens
        yield

    def on_validate(self) -> Iterator[None]:
        """Check the shape before validation and the cost after it. Raises `OverLimit`."""
        context = self.execution_context
        document = context.graphql_document
        if document is None:
            yield
            return
        fragments = fragments_of(document)
        operation = operation_of(document, context.operation_name)
        if operation is not None:
            self._check_shape(ShapeMeter(fragments).operation(operation))
        OverlapCounter(fragments).document(document)
        yield
        if operation is not None and not context.pre_execution_errors:
            schema = context.schema
            assert isinstance(schema, Schema)
            estimator = CostEstimator(schema._schema, fragments, context.variables or {})
            self._check_cost(estimator.operation(operation))

    def _check_shape(self, shape: OperationShape) -> None:
        limits = self._limits
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

    def _check_cost(self, requested: int) -> None:
        self._requested_cost = requested
        if requested > self._limits.cost:
            message = (
                "The operation costs {requested:,} points; the limit is {limit:,}. Request smaller pages, or fewer "
                "tasks at once."
            )
            raise OverLimit("COST_LIMIT_EXCEEDED", message, self._limits.cost, requested)

    def get_results(self) -> dict[str, Any]:
        """Return the cost of the operation and the limit, for the extensions of the response."""
        if self._requested_cost is None:
            return {}
        return {"cost": {"requested": self._requested_cost, "limit": self._limits.cost}}
